"""OpenIM's JSON Web Tokens: HS256, payload spelled as Go spells it, signed with PyJWT.

Claims are judged by the domain, not by PyJWT: OpenIM's order of judgement is another one, and the clock is
the process's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from jwt.algorithms import HMACAlgorithm
from jwt.utils import base64url_encode

from app import ids
from app.errors import TokenMalformed
from app.models import DecodedToken, Token
from app.wire import go_json

#: Longer than any token that Rollcall writes (an id of 64 characters, each escaped by six bytes); what is
#: longer is judged without being remembered.
MAX_CACHED_CHARS = 1024
#: Presented tokens, and issued ones, whose signature need not be computed again.
MAX_CACHED_TOKENS = 8192

_HMAC = {
    "HS256": HMACAlgorithm(hashlib.sha256),
    "HS384": HMACAlgorithm(hashlib.sha384),
    "HS512": HMACAlgorithm(hashlib.sha512),
}
_HEADER = base64url_encode(b'{"alg":"HS256","typ":"JWT"}')
# Beyond every float, where Go's number parser gives up.
_END_OF_TIME = 10**308
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_OTHER_KEY_TYPES = ("RS", "PS", "ES", "Ed")


class Key(NamedTuple):
    """A secret that signs, and the fingerprint by which rows tell it from others."""

    fingerprint: str
    secret: bytes


def keys_of(secrets: Sequence[str]) -> tuple[Key, ...]:
    """Return the keys of several secrets, in their order."""
    return tuple(map(key_of, secrets))


def key_of(secret: str) -> Key:
    """Return the key of a secret from the settings."""
    raw = secret.encode()
    return Key(hmac.new(raw, b"rollcall signing key", hashlib.sha256).hexdigest()[:16], raw)


class Claims(NamedTuple):
    """What the payload of a token says, in the terms of its dialect."""

    user_id: str
    platform_id: int
    format: str


@dataclass(frozen=True)
class JwtFormat:
    """How one dialect writes its claims."""

    mark: str
    """The claim that no other dialect has."""
    keys: Sequence[Key]
    """The first signs, all verify."""
    encode: Callable[[Token], Mapping[str, object]]
    """Return the payload, in the order of the Go struct."""
    parse: Callable[[Mapping[str, Any]], Claims | None]
    """Return what a payload claims; None if its claims have other types."""


class JwtCodec:
    """Write and read the tokens of every dialect that uses JWT."""

    def __init__(self, formats: Mapping[str, JwtFormat]) -> None:
        """Take the format of each style."""
        self._by_style = formats
        self._formats: Sequence[JwtFormat] = tuple({id(row): row for row in formats.values()}.values())
        self._decode_cached = lru_cache(MAX_CACHED_TOKENS)(self._judge)
        # A token that was just issued is soon presented, and shown in the status of whoever is online.
        self._encoded = lru_cache(MAX_CACHED_TOKENS)(self._encode)

    def encode(self, token: Token) -> str:
        """Return the text of an issued token."""
        # Any id can stand in a token that is presented; what nobody can have is not worth remembering.
        return self._encoded(token) if len(token.user_id) <= ids.MAX_LENGTH else self._encode(token)

    def _encode(self, token: Token) -> str:
        format = self._by_style[token.format]
        signed = _HEADER + b"." + base64url_encode(go_json.dumps(format.encode(token)))
        keys = format.keys
        key = next((key for key in keys if key.fingerprint == token.signing_key), keys[0])
        signature = _HMAC["HS256"].sign(signed, key.secret)
        return (signed + b"." + base64url_encode(signature)).decode()

    def decode(self, text: str) -> DecodedToken:
        """Take a token apart. Raises TokenMalformed."""
        return self._decode_cached(text) if len(text) <= MAX_CACHED_CHARS else self._judge(text)

    def _judge(self, text: str) -> DecodedToken:
        header, claims = _parts(text)
        iat, nbf, exp = (_moment(claims, name) for name in ("iat", "nbf", "exp"))
        format = next((row for row in self._formats if row.mark in claims), None)
        if format is None:
            return DecodedToken("", iat, nbf, exp, "signature is invalid", None)
        claimed = format.parse(claims)
        if claimed is None:
            raise TokenMalformed
        algorithm = header.get("alg")
        if not isinstance(algorithm, str) or algorithm not in _HMAC:
            return _unverifiable(algorithm, claimed, iat, nbf, exp)
        key = next((key for key in format.keys if _signed(text, key, _HMAC[algorithm])), None)
        if key is None:
            return DecodedToken(claimed.format, iat, nbf, exp, "signature is invalid", None)
        return DecodedToken(claimed.format, iat, nbf, exp, None, self._ours(text, claimed, key, iat, exp))

    def _ours(
        self, text: str, claimed: Claims, key: Key, iat: float | None, exp: float | None
    ) -> Token | None:
        """Return the token that we would have written so; a genuine signature over another text has none."""
        if not (isinstance(iat, int) and isinstance(exp, int) and max(abs(iat), abs(exp)) < 2**63):
            return None
        token = Token(claimed.user_id, claimed.platform_id, claimed.format, "", iat, exp, key.fingerprint)
        try:
            return token if hmac.compare_digest(self.encode(token), text) else None
        except UnicodeEncodeError:
            # Half a surrogate, escaped in the payload; nobody here has such an id.
            return None


def _parts(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of a token, whoever wrote it. Raises TokenMalformed.

    PyJWT would refuse more than Go does (spare bits in base64, unknown `crit`), and not always the same.
    """
    segments = text.split(".")
    if len(segments) != 3:
        raise TokenMalformed
    try:
        header, claims = (json.loads(_decoded(segment)) for segment in segments[:2])
    except (ValueError, RecursionError):
        raise TokenMalformed from None
    if not (isinstance(header, dict) and isinstance(claims, dict)):
        raise TokenMalformed
    return header, claims


def _decoded(segment: str) -> bytes:
    """Decode base64url without padding, as Go's RawURLEncoding does. Raises ValueError."""
    if not _BASE64URL.fullmatch(segment) or len(segment) % 4 == 1:
        raise ValueError("no base64url")
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def _signed(text: str, key: Key, algorithm: HMACAlgorithm) -> bool:
    signed, _, signature = text.rpartition(".")
    try:
        return algorithm.verify(signed.encode(), key.secret, _decoded(signature))
    except ValueError:
        return False


def _unverifiable(
    algorithm: object, claimed: Claims, iat: float | None, nbf: float | None, exp: float | None
) -> DecodedToken:
    """Word what golang-jwt v4 says of algorithms that are no HMAC."""
    if not isinstance(algorithm, str):
        error = "signing method (alg) is unspecified."
    elif algorithm == "none":
        return DecodedToken(claimed.format, iat, nbf, exp, "'none' signature type is not allowed", None)
    elif algorithm.startswith(_OTHER_KEY_TYPES):
        return DecodedToken(claimed.format, iat, nbf, exp, "key is of invalid type", None)
    else:
        error = "signing method (alg) is unavailable."
    # Such an algorithm is found out before the claims are looked at, so they do not matter any more.
    return DecodedToken(claimed.format, None, None, None, error, None)


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    """Return a time claim in Unix seconds; None if there is none. Raises TokenMalformed."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < _END_OF_TIME:
        raise TokenMalformed
    return value
