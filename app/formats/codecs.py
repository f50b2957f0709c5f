"""The token formats of all dialects: encode and decode tokens."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Protocol

from ..errors import ArgumentInvalid, TokenMalformed
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

    @property
    def issuers(self) -> Sequence[str]:
        """The issuers that have keys; an empty name alone in formats without issuers."""
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


class WantedToken(Protocol):
    """A token of some dialect that is to be issued."""

    @property
    def dialect(self) -> str:
        """The dialect."""
        ...

    @property
    def generation(self) -> str | None:
        """The dialect's generation; None for the newest."""
        ...

    @property
    def app(self) -> str | None:
        """The issuer; None for the first."""
        ...

    @property
    def platform_id(self) -> int:
        """The platform."""
        ...

    @property
    def expires_in(self) -> int | None:
        """Seconds; None for the format's lifetime."""
        ...


class Codecs(dict[str, TokenCodec]):
    """The codecs of the served token formats, by format name."""

    def __init__(self, codecs: Iterable[TokenCodec]) -> None:
        super().__init__((codec.format.name, codec) for codec in codecs)
        self._decode_cached = lru_cache(MAX_CACHED_TOKENS)(self._decode)

    def request(self, user_id: str, wanted: WantedToken) -> TokenRequest:
        """Return the request for a token. Raises ArgumentInvalid."""
        dialect, generation = wanted.dialect, wanted.generation
        formats = [codec for codec in self.values() if codec.format.dialect == dialect]
        _check_choice("dialect", dialect, dict.fromkeys(codec.format.dialect for codec in self.values()))
        if generation is not None:
            _check_choice("generation", generation, [codec.format.generation for codec in formats])
            formats = [codec for codec in formats if codec.format.generation == generation]
        codec = formats[-1]
        issuers = codec.issuers
        if wanted.app is not None:
            _check_choice("app", wanted.app, issuers)
        made = codec.request(user_id, wanted.platform_id, issuers[0] if wanted.app is None else wanted.app)
        return replace(made, expires_in=wanted.expires_in)

    def formats_of(self, dialect: str | None) -> Sequence[str]:
        """Return the names of a dialect's formats, or of all. Raises ArgumentInvalid."""
        if dialect is not None:
            _check_choice("dialect", dialect, dict.fromkeys(codec.format.dialect for codec in self.values()))
        return [name for name, codec in self.items() if dialect in (None, codec.format.dialect)]

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


def _check_choice(name: str, value: str, choices: Collection[str]) -> None:
    if value not in choices:
        raise ArgumentInvalid(f"{name} has to be {' or '.join(filter(None, choices)) or 'left out'}", name)
