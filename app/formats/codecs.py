"""The token formats of all dialects: encode and decode tokens."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol

from ..errors import TokenMalformed
from ..limits import MAX_TOKEN_CHARS
from ..models import DecodedToken, Token, TokenFormat, TokenRequest
from .jwt import decode_unknown

#: Longest token to cache. Rollcall's own are shorter, even with an id of 64 characters, each escaped as six
#: bytes.
MAX_CACHED_CHARS = 1024
#: Decoded tokens to cache.
MAX_CACHED_TOKENS = 8192


class TokenCodec(Protocol):
    """An encoder and decoder of one token format."""

    @property
    def format(self) -> TokenFormat:
        """The format; stored tokens refer to it by name."""
        ...

    def request(self, user_id: str, platform_id: int = 0, issuer: str = "") -> TokenRequest:
        """Return the request for a token; the platform is 0 in formats without platforms."""
        ...

    def encode(self, token: Token) -> str:
        """Return the text of an issued token."""
        ...

    def recognises(self, text: str) -> bool:
        """Return whether a text has this format; the token may be invalid."""
        ...

    def decode(self, text: str) -> DecodedToken:
        """Decode a text. Raises TokenMalformed."""
        ...


class Codecs(dict[str, TokenCodec]):
    """The codecs of the served token formats, by format name."""

    def __init__(self, codecs: Iterable[TokenCodec]) -> None:
        super().__init__((codec.format.name, codec) for codec in codecs)
        self._decode_cached = lru_cache(MAX_CACHED_TOKENS)(self._decode)

    def decode(self, text: str) -> DecodedToken:
        """Decode a token of any format without verifying its claims. Raises TokenMalformed."""
        if len(text) > MAX_TOKEN_CHARS:
            raise TokenMalformed
        return self._decode_cached(text) if len(text) <= MAX_CACHED_CHARS else self._decode(text)

    def _decode(self, text: str) -> DecodedToken:
        decoded = [codec.decode(text) for codec in self.values() if codec.recognises(text)]
        # Several formats may recognise a text; prefer one whose signature is valid.
        genuine = (each for each in decoded if each.signature_error is None)
        return next(genuine, decoded[0]) if decoded else decode_unknown(text)
