"""What Go's encoding/json calls a malformed text, which is what OpenIM's clients are used to.

Reading well-formed JSON is the standard library's work (see `body`). Source: go1.21
src/encoding/json/scanner.go.
"""

from __future__ import annotations

import re
from typing import NoReturn

#: What Go says of a bracket within 10,000 others. Python's parser gives up earlier; what lies between the two
#: is refused in the same words.
TOO_DEEP = "exceeded max depth"

SPACE = b" \t\r\n"
_STRING_RUN = re.compile(rb'(?:[^"\\\x00-\x1f]++|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*+')
_DIGITS = re.compile(rb"[0-9]*")
_HEX = re.compile(rb"[0-9a-fA-F]{0,4}")
_LITERALS = {ord("t"): b"true", ord("f"): b"false", ord("n"): b"null"}
_CLOSING = {ord("{"): ord("}"), ord("["): ord("]")}
_AFTER = {ord("{"): "after object key:value pair", ord("["): "after array element"}
_GO_ESCAPES = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}


class Fault(Exception):
    """The first place at which a text stops being JSON; `str()` is Go's sentence for it."""


class Ended(Fault):
    """The text stops before its value does."""


def unexpected(byte: int, context: str) -> str:
    """Return Go's sentence for a byte that must not stand where it stands."""
    return f"invalid character {_quoted(byte)} {context}"


def _quoted(byte: int) -> str:
    char = chr(byte)
    if char == "'":
        return r"'\''"
    if char in _GO_ESCAPES:
        char = _GO_ESCAPES[char]
    elif char == "\\":
        char = r"\\"
    elif not char.isprintable():
        char = f"\\x{byte:02x}" if byte < 0x80 else f"\\u{byte:04x}"
    return f"'{char}'"


def fault(text: bytes) -> Fault | None:
    """Return what is wrong with the first JSON value in `text`; None if nothing is."""
    try:
        _Scanner(text).value()
    except Fault as found:
        return found
    return None


class _Scanner:
    """A walk over the text that stops with the Fault that Go's scanner would report."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._at = 0

    def value(self) -> None:
        """Pass over one value, whatever it holds; the open brackets are a list, not the call stack."""
        open_brackets: list[int] = []
        self._begin(open_brackets)
        while open_brackets:
            byte = self._next_byte()
            if byte == _CLOSING[open_brackets[-1]]:
                self._at += 1
                open_brackets.pop()
            elif byte == ord(","):
                self._at += 1
                if open_brackets[-1] == ord("{"):
                    self._key()
                self._begin(open_brackets)
            else:
                self._refuse(_AFTER[open_brackets[-1]])

    def _begin(self, open_brackets: list[int]) -> None:
        """Pass over a scalar or an empty bracket, or over an opening bracket down to its first scalar."""
        byte = self._next_byte()
        while byte in _CLOSING:
            self._at += 1
            open_brackets.append(byte)
            if self._next_byte() == _CLOSING[byte]:
                return
            if byte == ord("{"):
                self._key()
            byte = self._next_byte()
        self._scalar(byte)

    def _scalar(self, byte: int) -> None:
        if byte == ord('"'):
            self._string()
        elif byte in _LITERALS:
            self._literal(_LITERALS[byte])
        elif byte in b"-0123456789":
            self._number()
        else:
            self._refuse("looking for beginning of value")

    def _key(self) -> None:
        if self._next_byte() != ord('"'):
            self._refuse("looking for beginning of object key string")
        self._string()
        if self._next_byte() != ord(":"):
            self._refuse("after object key")
        self._at += 1

    def _string(self) -> None:
        self._at += 1
        self._run(_STRING_RUN)
        byte = self._byte()
        if byte == ord("\\"):
            self._escape()
        if byte != ord('"'):
            self._refuse("in string literal")
        self._at += 1

    def _escape(self) -> None:
        self._at += 1
        if self._peek() != ord("u"):
            self._refuse("in string escape code")
        self._at += 1
        self._run(_HEX)
        self._refuse("in \\u hexadecimal character escape")

    def _literal(self, word: bytes) -> None:
        for expected in word:
            if self._peek() != expected:
                self._refuse(f"in literal {word.decode()} (expecting {_quoted(expected)})")
            self._at += 1

    def _number(self) -> None:
        if self._peek() == ord("-"):
            self._at += 1
        if self._peek() == ord("0"):
            self._at += 1
        else:
            self._digits("in numeric literal")
        if self._peek() == ord("."):
            self._at += 1
            self._digits("after decimal point in numeric literal")
        if self._peek() in b"eE":
            self._at += 1
            if self._peek() in b"+-":
                self._at += 1
            self._digits("in exponent of numeric literal")

    def _digits(self, context: str) -> None:
        if self._peek() not in b"0123456789":
            self._refuse(context)
        self._run(_DIGITS)

    def _run(self, pattern: re.Pattern[bytes]) -> None:
        found = pattern.match(self._text, self._at)
        if found:
            self._at = found.end()

    def _next_byte(self) -> int:
        """Pass over white space and return the byte behind it."""
        while self._peek() in SPACE:
            self._at += 1
        return self._byte()

    def _peek(self) -> int:
        """Return the byte here; at the end, one that belongs nowhere and is no space."""
        return self._text[self._at] if self._at < len(self._text) else 0

    def _byte(self) -> int:
        """Return the byte here, at a place where Go would go on over white space to the end."""
        if self._at >= len(self._text):
            raise Ended("unexpected end of JSON input")
        return self._text[self._at]

    def _refuse(self, context: str) -> NoReturn:
        if self._at >= len(self._text):
            # Go tells the end of a text by a space, which is as wrong here as any other character.
            raise Ended(unexpected(ord(" "), context))
        raise Fault(unexpected(self._text[self._at], context))
