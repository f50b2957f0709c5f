"""RongCloud's opaque tokens, signed with itsdangerous: `payload@signature`.

The "@" (which real RongCloud tokens have too) tells them from JSON Web Tokens at a glance.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from app.errors import TokenMalformed
from app.models import DecodedToken, Token, TokenFormat
from app.wire.jwt import Key

#: Bytes of a token at the most (docs.rongcloud.cn, token of getToken).
MAX_TOKEN_CHARS = 256
_SEPARATOR = "@"


def is_opaque(text: str) -> bool:
    """Tell whether a text has the shape of such a token."""
    return _SEPARATOR in text


@dataclass(frozen=True)
class OpaqueCodec:
    """Write and read the tokens of the apps: the first key of an app signs, any of them verifies."""

    format: TokenFormat
    keys: Mapping[str, Sequence[Key]]
    """By app key."""

    def encode(self, token: Token) -> str:
        """Return the text of an issued token."""
        key = next(key for key in self.keys[token.issuer] if key.fingerprint == token.signing_key)
        text: str = _serializer(key).dumps([token.issuer, token.user_id, token.iat, token.exp])
        return text

    def decode(self, text: str) -> DecodedToken:
        """Take a token apart. Raises TokenMalformed."""
        issuer, user_id, iat, exp = self._payload(text)
        key = next((key for key in self.keys.get(issuer, ()) if _signed(text, key)), None)
        seconds = iat / self.format.iat_per_second
        if key is None:
            return DecodedToken(self.format.name, seconds, None, exp, "signature is invalid", None)
        token = Token(user_id, 0, self.format.name, issuer, iat, exp, key.fingerprint)
        return DecodedToken(self.format.name, seconds, None, exp, None, token)

    def _payload(self, text: str) -> tuple[str, str, int, int]:
        # A short text cannot unpack to a long one, so it may be looked into before it is verified.
        if len(text) > MAX_TOKEN_CHARS:
            raise TokenMalformed
        _, payload = _serializer(Key("", b"")).loads_unsafe(text)
        types = [type(item) for item in payload] if isinstance(payload, list) else []
        if types != [str, str, int, int] or max(abs(payload[2]), abs(payload[3])) >= 2**63:
            raise TokenMalformed
        return payload[0], payload[1], payload[2], payload[3]


def _signed(text: str, key: Key) -> bool:
    try:
        _serializer(key).loads(text)
    except BadData:
        return False
    return True


def _serializer(key: Key) -> URLSafeSerializer:
    options: dict[str, Any] = {"sep": _SEPARATOR, "digest_method": hashlib.sha256}
    return URLSafeSerializer(key.secret, salt="rollcall.rongcloud.token", signer_kwargs=options)
