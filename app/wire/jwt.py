"""OpenIM's JSON Web Tokens: HS256, payload spelled as Go spells it, signed with PyJWT.

Claims are judged by the domain, not by PyJWT: OpenIM's order of judgement is another one, and the clock is
the process's.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from jwt import PyJWS
from jwt.algorithms import HMACAlgorithm
from jwt.exceptions import DecodeError, InvalidTokenError
from jwt.utils import base64url_encode

from app.errors import TokenMalformed
from app.models import PresentedToken, Token
from app.wire import go_json

#: Longer than any token that Rollcall writes (an id of 64 characters, each escaped by six bytes); what is
#: longer is judged without being remembered.
LONGEST = 1024
#: Presented tokens whose signature need not be computed again.
REMEMBERED = 8192

_HMAC = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
_OTHER_KEY_TYPES = ("RS", "PS", "ES", "Ed")


class Key(NamedTuple):
    """A secret that signs, and the fingerprint by which rows tell it from others."""

    fingerprint: str
    secret: bytes


def key_of(secret: str) -> Key:
    """Return the key of a secret from the settings."""
    raw = secret.encode()
    return Key(hmac.new(raw, b"rollcall signing key", hashlib.sha256).hexdigest()[:16], raw)


class Claimed(NamedTuple):
    """What the payload of a token says, in the terms of its dialect."""

    user_id: str
    platform_id: int
    style: str


@dataclass(frozen=True)
class JwtSpelling:
    """How one dialect writes its claims."""

    mark: str
    """The claim that no other dialect has."""
    key: Key
    spell: Callable[[Token], Mapping[str, object]]
    """Return the payload, in the order of the Go struct."""
    parse: Callable[[Mapping[str, Any]], Claimed | None]
    """Return what a payload claims; None if its claims have other types."""


class _Hmac(HMACAlgorithm):
    """HMAC that takes a secret as it is, at once.

    PyJWT looks at every token whether the secret is long enough, and whether it may be a public key given by
    mistake. Ours are settings: the banner says which are short, and there are no public keys here.
    """

    def prepare_key(self, key: str | bytes) -> bytes:
        return key if isinstance(key, bytes) else key.encode()

    def check_key_length(self, key: bytes) -> str | None:
        return None


def _jws() -> PyJWS:
    jws = PyJWS()
    for name, digest in _HMAC.items():
        jws.unregister_algorithm(name)
        jws.register_algorithm(name, _Hmac(digest))
    return jws


class JwtCodec:
    """Write and read the tokens of every dialect that uses JWT."""

    def __init__(self, spellings: Mapping[str, JwtSpelling]) -> None:
        """Take the spelling of each style."""
        self._by_style = spellings
        self._spellings: Sequence[JwtSpelling] = tuple({id(row): row for row in spellings.values()}.values())
        self._jws = _jws()
        self._signer = _Hmac(_HMAC["HS256"])
        # The header is the same in every token, so PyJWT writes it once.
        self._header = self._jws.encode(b"", b"", "HS256").partition(".")[0].encode()
        self._remembered = lru_cache(REMEMBERED)(self._judge)

    def spell(self, token: Token) -> str:
        """Return the text of an issued token."""
        spelling = self._by_style[token.style]
        signed = self._header + b"." + base64url_encode(go_json.dumps(spelling.spell(token)))
        signature = self._signer.sign(signed, spelling.key.secret)
        return (signed + b"." + base64url_encode(signature)).decode()

    def read(self, text: str) -> PresentedToken:
        """Take a token apart. Raises TokenMalformed."""
        return self._remembered(text) if len(text) <= LONGEST else self._judge(text)

    def _judge(self, text: str) -> PresentedToken:
        header, claims = self._parts(text)
        iat, nbf, exp = (_moment(claims, name) for name in ("iat", "nbf", "exp"))
        spelling = next((row for row in self._spellings if row.mark in claims), None)
        if spelling is None:
            return PresentedToken("", iat, nbf, exp, "signature is invalid", None)
        claimed = spelling.parse(claims)
        if claimed is None:
            raise TokenMalformed
        algorithm = header.get("alg")
        if not isinstance(algorithm, str) or algorithm not in _HMAC:
            return _unverifiable(algorithm, claimed, iat, nbf, exp)
        if not self._signed(text, spelling.key, algorithm):
            return PresentedToken(claimed.style, iat, nbf, exp, "signature is invalid", None)
        return PresentedToken(
            claimed.style, iat, nbf, exp, None, self._ours(text, claimed, spelling, iat, exp)
        )

    def _parts(self, text: str) -> tuple[dict[str, Any], dict[str, Any]]:
        try:
            parts = self._jws.decode_complete(text, options={"verify_signature": False})
            claims = json.loads(parts["payload"])
        except (InvalidTokenError, ValueError, RecursionError, binascii.Error) as error:
            raise TokenMalformed from error
        if not isinstance(claims, dict):
            raise TokenMalformed
        return parts["header"], claims

    def _signed(self, text: str, key: Key, algorithm: str) -> bool:
        try:
            self._jws.decode_complete(text, key.secret, algorithms=[algorithm])
        except (DecodeError, InvalidTokenError):
            return False
        return True

    def _ours(
        self, text: str, claimed: Claimed, spelling: JwtSpelling, iat: float | None, exp: float | None
    ) -> Token | None:
        """Return the token that we would have written so; a genuine signature over another text has none."""
        if not (isinstance(iat, int) and isinstance(exp, int) and max(abs(iat), abs(exp)) < 2**63):
            return None
        token = Token(
            claimed.user_id, claimed.platform_id, claimed.style, "", iat, exp, spelling.key.fingerprint
        )
        return token if hmac.compare_digest(self.spell(token), text) else None


def _unverifiable(
    algorithm: object, claimed: Claimed, iat: float | None, nbf: float | None, exp: float | None
) -> PresentedToken:
    """Word what golang-jwt v4 says of algorithms that are no HMAC."""
    if not isinstance(algorithm, str):
        flaw = "signing method (alg) is unspecified."
    elif algorithm == "none":
        return PresentedToken(claimed.style, iat, nbf, exp, "'none' signature type is not allowed", None)
    elif algorithm.startswith(_OTHER_KEY_TYPES):
        return PresentedToken(claimed.style, iat, nbf, exp, "key is of invalid type", None)
    else:
        flaw = "signing method (alg) is unavailable."
    # Such an algorithm is found out before the claims are looked at, so they do not matter any more.
    return PresentedToken(claimed.style, None, None, None, flaw, None)


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    """Return a time claim in Unix seconds; None if there is none. Raises TokenMalformed."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise TokenMalformed
    return value
