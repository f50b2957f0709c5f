"""The token formats of all dialects: request a token, encode one, decode one."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol

from ..models import DecodedToken, Token, TokenFormat, TokenRequest
from .jwt import decode_unknown

#: Characters of a token that is remembered: more than any that Rollcall issues has (an id of 64 characters,
#: each escaped by six bytes).
MAX_CACHED_CHARS = 1024
#: Presented tokens that need not be decoded again.
MAX_CACHED_TOKENS = 8192


class TokenCodec(Protocol):
    """How the tokens of one format are written and read."""

    @property
    def format(self) -> TokenFormat:
        """The format, under whose name its tokens are stored."""
        ...

    def request(self, user_id: str, platform_id: int = 0, issuer: str = "") -> TokenRequest:
        """Return the request for a token; the platform is 0 in formats without platforms."""
        ...

    def encode(self, token: Token) -> str:
        """Return the text of an issued token."""
        ...

    def recognises(self, text: str) -> bool:
        """Tell whether a text has this format, whether or not it is valid."""
        ...

    def decode(self, text: str) -> DecodedToken:
        """Decode a text. Raises TokenMalformed."""
        ...


class Codecs(dict[str, TokenCodec]):
    """The codecs of all token formats that are served, by the format's name."""

    def __init__(self, codecs: Iterable[TokenCodec]) -> None:
        super().__init__((codec.format.name, codec) for codec in codecs)
        self._decode_cached = lru_cache(MAX_CACHED_TOKENS)(self._decode)

    def decode(self, text: str) -> DecodedToken:
        """Decode a token of any format; nothing in it is proven yet. Raises TokenMalformed."""
        return self._decode_cached(text) if len(text) <= MAX_CACHED_CHARS else self._decode(text)

    def _decode(self, text: str) -> DecodedToken:
        decoded = [codec.decode(text) for codec in self.values() if codec.recognises(text)]
        # Opaque formats may look alike; the one whose signature holds is meant.
        genuine = (each for each in decoded if each.signature_error is None)
        return next(genuine, decoded[0]) if decoded else decode_unknown(text)
