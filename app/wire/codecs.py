"""Every kind of token that is served, by its style: order one, spell one, read one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.models import PresentedToken, Token, TokenOrder, TokenStyle
from app.wire.jwt import JwtCodec, JwtSpelling
from app.wire.opaque import OpaqueCodec, is_opaque


@dataclass(frozen=True)
class Vocabulary:
    """The kinds of tokens that a dialect brings."""

    styles: tuple[TokenStyle, ...] = ()
    jwt: JwtSpelling | None = None
    opaque: OpaqueCodec | None = None


class Codecs:
    """The tokens of all dialects that are served."""

    def __init__(self, vocabularies: Sequence[Vocabulary]) -> None:
        self._styles = {style.name: style for words in vocabularies for style in words.styles}
        self._spellings = {
            style.name: words.jwt for words in vocabularies if words.jwt for style in words.styles
        }
        self._jwt = JwtCodec(self._spellings)
        self._opaque = next((words.opaque for words in vocabularies if words.opaque), None)

    def order(self, style: str, user_id: str, platform_id: int) -> TokenOrder:
        """Word the order of a JWT."""
        keys = tuple(key.fingerprint for key in self._spellings[style].keys)
        return TokenOrder(user_id, platform_id, self._styles[style], keys)

    def order_opaque(self, issuer: str, user_id: str) -> TokenOrder:
        """Word the order of an opaque token of an app; it belongs to no platform."""
        assert self._opaque is not None, "only the dialect that brings opaque tokens orders them"
        keys = tuple(key.fingerprint for key in self._opaque.keys[issuer])
        return TokenOrder(user_id, 0, self._opaque.style, keys, issuer)

    def spell(self, token: Token) -> str:
        """Return the text of an issued token."""
        if token.issuer and self._opaque is not None:
            return self._opaque.spell(token)
        return self._jwt.spell(token)

    def read(self, text: str) -> PresentedToken:
        """Take a JWT apart; an opaque token is none. Raises TokenMalformed."""
        return self._jwt.read(text)

    def read_any(self, text: str) -> PresentedToken:
        """Take a token of any dialect apart. Raises TokenMalformed."""
        if self._opaque is not None and is_opaque(text):
            return self._opaque.read(text)
        return self._jwt.read(text)
