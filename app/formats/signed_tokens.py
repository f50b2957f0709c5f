"""Opaque tokens, signed with itsdangerous: `payload@signature`, since RongCloud's contain an "@"."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from ..errors import TokenMalformed
from ..models import DecodedToken, Token, TokenFormat, TokenRequest
from .keys import Key

#: Maximum length of a token (docs.rongcloud.cn, token of getToken).
MAX_TOKEN_CHARS = 256
_SEPARATOR = "@"


class SignedTokenCodec:
    """The codec of one token format; each issuer signs with its own keys."""

    def __init__(self, format: TokenFormat, keys: Mapping[str, Sequence[Key]], salt: str) -> None:
        """Take the keys of each issuer (the first signs, all verify) and a salt unique to the format."""
        self.format = format
        self.issuers = tuple(keys)
        self._keys = keys
        self._salt = salt

    def request(self, user_id: str, platform_id: int = 0, issuer: str = "") -> TokenRequest:
        """Return the request for a token of any platform; the issuer must have keys."""
        fingerprints = tuple(key.fingerprint for key in self._keys[issuer])
        return TokenRequest(user_id, 0, self.format, fingerprints, issuer)

    def encode(self, token: Token) -> str:
        """Return the text of an issued token."""
        key = next(key for key in self._keys[token.issuer] if key.fingerprint == token.signing_key)
        text: str = self._serializer(key).dumps([token.issuer, token.user_id, token.iat, token.exp])
        return text

    def recognises(self, text: str) -> bool:
        """Return whether a text has the shape of such a token; the signature is not checked."""
        try:
            return bool(self._payload(text))
        except TokenMalformed:
            return False

    def decode(self, text: str) -> DecodedToken:
        """Decode a token. Raises TokenMalformed."""
        issuer, user_id, iat, exp = self._payload(text)
        key = next((key for key in self._keys.get(issuer, ()) if self._is_signed(text, key)), None)
        seconds = iat / self.format.iat_per_second
        if key is None:
            return DecodedToken(self.format.name, seconds, None, exp, "signature is invalid", None)
        token = Token(user_id, 0, self.format.name, issuer, iat, exp, key.fingerprint)
        return DecodedToken(self.format.name, seconds, None, exp, None, token)

    def _payload(self, text: str) -> tuple[str, str, int, int]:
        if _SEPARATOR not in text or len(text) > MAX_TOKEN_CHARS:
            raise TokenMalformed
        _, payload = self._serializer(Key("", b"")).loads_unsafe(text)
        types = [type(item) for item in payload] if isinstance(payload, list) else []
        if types != [str, str, int, int] or max(abs(payload[2]), abs(payload[3])) >= 2**63:
            raise TokenMalformed
        return payload[0], payload[1], payload[2], payload[3]

    def _is_signed(self, text: str, key: Key) -> bool:
        try:
            self._serializer(key).loads(text)
        except BadData:
            return False
        return True

    def _serializer(self, key: Key) -> URLSafeSerializer:
        options: dict[str, Any] = {"sep": _SEPARATOR, "digest_method": hashlib.sha256}
        return URLSafeSerializer(key.secret, salt=self._salt, signer_kwargs=options)
