"""OpenIM's JSON Web Tokens: HS256, with the payload encoded as Go encodes it.

PyJWT parses and signs. The domain checks the claims, because PyJWT checks them in another order and by
another clock.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from jwt import InvalidTokenError, decode_complete
from jwt.algorithms import HMACAlgorithm
from jwt.utils import base64url_decode, base64url_encode

from ..errors import TokenMalformed
from ..limits import MAX_USER_ID_CHARS
from ..models import DecodedToken, Token, TokenFormat, TokenRequest
from . import go_json
from .keys import Key

#: Issued tokens whose text is cached.
MAX_CACHED_TOKENS = 8192

_HMAC = {
    "HS256": HMACAlgorithm(hashlib.sha256),
    "HS384": HMACAlgorithm(hashlib.sha384),
    "HS512": HMACAlgorithm(hashlib.sha512),
}
_HEADER = base64url_encode(b'{"alg":"HS256","typ":"JWT"}')
# Close to the largest float, beyond which Go's number parser fails.
_END_OF_TIME = 10**308
_ASYMMETRIC = ("RS", "PS", "ES", "Ed")


class Claims(NamedTuple):
    """The claims about the user in a token's payload."""

    user_id: str
    platform_id: int


class JwtCodec:
    """The codec of one JWT format."""

    def __init__(
        self,
        format: TokenFormat,
        keys: Sequence[Key],
        *,
        encode_claims: Callable[[Token], Mapping[str, object]],
        decode_claims: Callable[[Mapping[str, Any]], Claims | None],
        has_format: Callable[[Mapping[str, Any]], bool],
        platform_of: Callable[[int], int] = lambda platform_id: platform_id,
    ) -> None:
        """Take the keys (the first signs, all verify) and the functions that define the format.

        `encode_claims` returns the payload in the order of upstream's struct. `decode_claims` reads a
        payload; None if a claim has the wrong type. `has_format` returns whether a payload has this format.
        `platform_of` returns the platform id that a token for a platform states.
        """
        self.format = format
        self.issuers = ("",)
        self._keys = keys
        self._fingerprints = tuple(key.fingerprint for key in keys)
        self._encode_claims = encode_claims
        self._decode_claims = decode_claims
        self._has_format = has_format
        self._platform_of = platform_of
        # An issued token is encoded again when it is presented, and in the status of online users.
        self._encode_cached = lru_cache(MAX_CACHED_TOKENS)(self._encode)

    def request(self, user_id: str, platform_id: int = 0, issuer: str = "") -> TokenRequest:
        """Return the request for a token."""
        return TokenRequest(user_id, self._platform_of(platform_id), self.format, self._fingerprints, issuer)

    def encode(self, token: Token) -> str:
        """Return the text of an issued token."""
        # A presented token may claim any id; do not cache ids that no user can have.
        return self._encode_cached(token) if len(token.user_id) <= MAX_USER_ID_CHARS else self._encode(token)

    def _encode(self, token: Token) -> str:
        signed = _HEADER + b"." + base64url_encode(go_json.dumps(self._encode_claims(token)))
        key = next((key for key in self._keys if key.fingerprint == token.signing_key), self._keys[0])
        signature = _HMAC["HS256"].sign(signed, key.secret)
        return (signed + b"." + base64url_encode(signature)).decode()

    def recognises(self, text: str) -> bool:
        """Return whether a text is a JWT with the claims of this format; the signature is not checked."""
        try:
            return self._has_format(_parse(text)["payload"])
        except TokenMalformed:
            return False

    def decode(self, text: str) -> DecodedToken:
        """Decode a token that this format recognises. Raises TokenMalformed."""
        parsed = _parse(text)
        times = _Times.of(parsed["payload"])
        claims = self._decode_claims(parsed["payload"])
        if claims is None:
            raise TokenMalformed
        algorithm = parsed["header"].get("alg")
        if not isinstance(algorithm, str) or algorithm not in _HMAC:
            return self._unverifiable(algorithm, times)
        signed = text.rpartition(".")[0].encode()
        for key in self._keys:
            if _HMAC[algorithm].verify(signed, key.secret, parsed["signature"]):
                return DecodedToken(self.format.name, *times, None, self._issued(text, claims, key, times))
        return DecodedToken(self.format.name, *times, "signature is invalid", None)

    def _issued(self, text: str, claims: Claims, key: Key, times: _Times) -> Token | None:
        """Return the issued token; None if Rollcall would have encoded these claims differently."""
        iat, exp = times.iat, times.exp
        if not (isinstance(iat, int) and isinstance(exp, int) and max(abs(iat), abs(exp)) < 2**63):
            return None
        token = Token(claims.user_id, claims.platform_id, self.format.name, "", iat, exp, key.fingerprint)
        try:
            return token if hmac.compare_digest(self.encode(token), text) else None
        except UnicodeEncodeError:
            # The payload contains an escaped lone surrogate.
            return None

    def _unverifiable(self, algorithm: object, times: _Times) -> DecodedToken:
        """Return a token with golang-jwt v4's error for an algorithm other than HMAC."""
        if algorithm == "none":
            return DecodedToken(self.format.name, *times, "'none' signature type is not allowed", None)
        if isinstance(algorithm, str) and algorithm.startswith(_ASYMMETRIC):
            return DecodedToken(self.format.name, *times, "key is of invalid type", None)
        error = "unavailable" if isinstance(algorithm, str) else "unspecified"
        # golang-jwt rejects such an algorithm before it checks the times, so omit those.
        return DecodedToken(self.format.name, None, None, None, f"signing method (alg) is {error}.", None)


def is_signed_with(text: str, secret: str) -> bool:
    """Return whether a JWT is signed with a secret, by an algorithm of the HMAC family."""
    try:
        parsed = _parse(text)
    except TokenMalformed:
        return False
    algorithm = _HMAC.get(str(parsed["header"].get("alg")))
    signed = text.rpartition(".")[0].encode()
    return algorithm is not None and algorithm.verify(signed, secret.encode(), parsed["signature"])


def malformed_part(text: str) -> str:
    """Return which part of a malformed JWT is wrong, for a person."""
    for name, part in zip(("header", "payload"), text.split("."), strict=False):
        try:
            decoded = json.loads(base64url_decode(part))
        except (ValueError, RecursionError):
            return f"its {name} is not JSON in Base64url"
        if not isinstance(decoded, dict):
            return f"its {name} is not an object"
    try:
        _parse(text)
    except TokenMalformed:
        return "its signature is not Base64url, or its header is none of a JWT"
    return "a claim has the wrong type"


def decode_unknown(text: str) -> DecodedToken:
    """Decode a JWT that no format recognises. Raises TokenMalformed."""
    return DecodedToken("", *_Times.of(_parse(text)["payload"]), "signature is invalid", None)


class _Times(NamedTuple):
    iat: float | None
    nbf: float | None
    exp: float | None

    @classmethod
    def of(cls, claims: Mapping[str, Any]) -> _Times:
        return cls(*(_time(claims.get(name)) for name in cls._fields))


def _parse(text: str) -> dict[str, Any]:
    """Return header, payload and signature of a JWT, none of them verified. Raises TokenMalformed."""
    try:
        return decode_complete(text, options={"verify_signature": False})
    except (InvalidTokenError, ValueError):
        raise TokenMalformed from None


def _time(value: object) -> float | None:
    """Return a time claim in Unix seconds; None if it is absent. Raises TokenMalformed."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < _END_OF_TIME:
        raise TokenMalformed
    return value
