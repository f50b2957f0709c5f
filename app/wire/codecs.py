"""Every kind of token that is served, by its style: order one, spell one, read one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.models import DecodedToken, Token, TokenFormat, TokenRequest
from app.wire.jwt import JwtCodec, JwtFormat
from app.wire.opaque import OpaqueCodec, is_opaque


@dataclass(frozen=True)
class TokenFormats:
    """The kinds of tokens that a dialect brings."""

    formats: tuple[TokenFormat, ...] = ()
    jwt: JwtFormat | None = None
    opaque: OpaqueCodec | None = None


class Codecs:
    """The tokens of all dialects that are served."""

    def __init__(self, dialects: Sequence[TokenFormats]) -> None:
        self._formats = {format.name: format for formats in dialects for format in formats.formats}
        self._jwt_formats = {
            format.name: formats.jwt for formats in dialects if formats.jwt for format in formats.formats
        }
        self._jwt = JwtCodec(self._jwt_formats)
        self._opaque = next((formats.opaque for formats in dialects if formats.opaque), None)

    def request(self, format: str, user_id: str, platform_id: int) -> TokenRequest:
        """Word the order of a JWT."""
        keys = tuple(key.fingerprint for key in self._jwt_formats[format].keys)
        return TokenRequest(user_id, platform_id, self._formats[format], keys)

    def request_opaque(self, issuer: str, user_id: str) -> TokenRequest:
        """Word the order of an opaque token of an app; it belongs to no platform."""
        assert self._opaque is not None, "only the dialect that brings opaque tokens orders them"
        keys = tuple(key.fingerprint for key in self._opaque.keys[issuer])
        return TokenRequest(user_id, 0, self._opaque.format, keys, issuer)

    def encode(self, token: Token) -> str:
        """Return the text of an issued token."""
        if token.issuer and self._opaque is not None:
            return self._opaque.encode(token)
        return self._jwt.encode(token)

    def decode(self, text: str) -> DecodedToken:
        """Take a JWT apart; an opaque token is none. Raises TokenMalformed."""
        return self._jwt.decode(text)

    def decode_any(self, text: str) -> DecodedToken:
        """Take a token of any dialect apart. Raises TokenMalformed."""
        if self._opaque is not None and is_opaque(text):
            return self._opaque.decode(text)
        return self._jwt.decode(text)
