"""Decode a JSON body strictly, with Go's error messages.

A JSON object becomes a tuple of its (key, value) pairs in the order of the text, because Go's decoder, which
the dialects imitate, matches keys in any case and lets the last one win. An array becomes a list. A number
that is not a 64-bit integer becomes a `Number` that keeps its literal.
"""

from __future__ import annotations

import gc
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..errors import BodyInvalid, BodyTooLarge

#: Bodies of this many bytes or more are decoded one at a time, with the garbage collector off.
LARGE = 1024 * 1024
#: Longest malformed body, in characters, whose error is reported in Go's words.
MAX_EXPLAINED_CHARS = 64 * 1024

_SPACE = re.compile(r"[ \t\r\n]*")
_HEXADECIMAL = re.compile(r"\\u[0-9a-fA-F]{0,3}")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CHUNK = 64 * 1024
#: Characters of the longest 64-bit number, "-9223372036854775808".
_MAX_INTEGER_CHARS = 20


#: Maximum commas, and so roughly values, of a JSON text: ten thousand users with twelve values each. Decoded,
#: a text may take fifty times its size, and no other thread runs while it is decoded (50 ms for as many).
MAX_COMMAS = 125_000


def check_values(data: bytes) -> None:
    """Check the number of values in a JSON text before it is decoded. Raises BodyTooLarge."""
    if data.count(b",") > MAX_COMMAS:
        raise BodyTooLarge(f"request body has over {MAX_COMMAS} values")


@dataclass(frozen=True, slots=True)
class Number:
    """The literal of a JSON number that is not a 64-bit integer, or is -0."""

    literal: str


@dataclass(frozen=True, slots=True)
class DecodedJson:
    """The first value of a body, or why there is none, and whether anything follows it."""

    value: Any
    error: str | None = None
    """Why there is no value, in the words of Go's json.Unmarshal."""
    eof_error: str | None = None
    """The message of Go's json.Decoder instead, if the text is cut off."""
    extra_data_error: str | None = None
    """The message of Go's json.Unmarshal if something follows the value."""


def _integer(literal: str) -> int | Number:
    # Go accepts "-0" for signed types only, so its literal has to be kept.
    if len(literal) <= _MAX_INTEGER_CHARS and literal != "-0":
        number = int(literal)
        if -(2**63) <= number < 2**63:
            return number
    return Number(literal)


def _no_constant(name: str) -> Any:
    raise ValueError(name)


_raw_decode = json.JSONDecoder(
    object_pairs_hook=tuple, parse_int=_integer, parse_float=Number, parse_constant=_no_constant
).raw_decode


def decode(data: bytes) -> DecodedJson:
    """Decode the first JSON value of `data`; never raises.

    Invalid UTF-8 and lone surrogate escapes become U+FFFD, as in Go.
    """
    text = _text(data)
    start = _skip_space(text, 0)
    try:
        value, end = _parse(text, start)
        if _SURROGATE_ESCAPE.search(text):
            value = without_surrogates(value)
    except RecursionError:
        # Python gives up at about 1,000 levels, Go at 10,000.
        return DecodedJson(None, error=_unexpected(text, start, "exceeded max depth"))
    except ValueError as error:
        return _explain(text, start, error)
    rest = _skip_space(text, end)
    if rest == len(text):
        return DecodedJson(value)
    return DecodedJson(value, extra_data_error=_unexpected(text, rest, "after top-level value"))


_one_large_body = threading.Lock()


def _parse(text: str, start: int) -> tuple[Any, int]:
    if len(text) < LARGE:
        return _raw_decode(text, start)
    # The collector would traverse the growing result again and again, for ten times the time of decoding.
    with _one_large_body:
        gc.disable()
        try:
            return _raw_decode(text, start)
        finally:
            gc.enable()


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        text = data.decode("utf-8", "surrogateescape")
    return _without_surrogates(text)


def _without_surrogates(text: str) -> str:
    if len(text) <= _CHUNK:
        return _SURROGATE.sub("\ufffd", text)
    # In chunks: the interpreter switches threads only between calls of `sub`.
    chunks = (text[begin : begin + _CHUNK] for begin in range(0, len(text), _CHUNK))
    return "".join(_SURROGATE.sub("\ufffd", chunk) for chunk in chunks)


def _skip_space(text: str, start: int) -> int:
    found = _SPACE.match(text, start)
    return found.end() if found else start


def without_surrogates(value: Any) -> Any:
    """Return a decoded value with U+FFFD in place of each lone surrogate."""
    if isinstance(value, str):
        return _without_surrogates(value)
    if isinstance(value, (list, tuple)):
        return type(value)(without_surrogates(item) for item in value)
    if isinstance(value, dict):
        return {without_surrogates(key): without_surrogates(item) for key, item in value.items()}
    return value


def decode_stream(body: DecodedJson) -> Any:
    """Return the first value and ignore what follows, as Go's json.Decoder does. Raises BodyInvalid."""
    if body.error is not None:
        raise BodyInvalid(body.eof_error or body.error)
    return body.value


def unmarshal(body: DecodedJson) -> Any:
    """Return the value if nothing follows it, as Go's json.Unmarshal does. Raises BodyInvalid."""
    if body.error is not None or body.extra_data_error is not None:
        raise BodyInvalid(body.error or body.extra_data_error)
    return body.value


# Go's messages (go1.21 src/encoding/json/scanner.go) for the errors of Python's decoder.


def _explain(text: str, start: int, error: ValueError) -> DecodedJson:
    if not isinstance(error, json.JSONDecodeError):  # a constant such as NaN
        position, context = _value(text, text.find(str(error), start))
        return DecodedJson(None, error=_unexpected(text, position, context))
    if error.pos >= len(text) or error.msg.startswith("Unterminated"):
        return _ended(text, "unexpected end of JSON input")
    rule = next((rule for message, rule in _SENTENCES.items() if error.msg.startswith(message)), None)
    if rule is None or len(text) > MAX_EXPLAINED_CHARS:
        return DecodedJson(None, error=f"invalid JSON: {error}")
    position, context = rule(text, error.pos)
    if position >= len(text):
        # Go reports the end of the text as a space.
        return _ended(text, f"invalid character ' ' {context}")
    return DecodedJson(None, error=_unexpected(text, position, context))


def _ended(text: str, error: str) -> DecodedJson:
    return DecodedJson(None, error=error, eof_error="unexpected EOF" if text.strip() else "EOF")


def _value(text: str, position: int) -> tuple[int, str]:
    """Return where a literal or number is malformed; other values are so at their first character."""
    if text.startswith("-", position):
        return position + 1, "in numeric literal"
    for word in ("true", "false", "null"):
        if text.startswith(word[0], position):
            wrong = next(
                at for at, char in enumerate(word) if text[position + at : position + at + 1] != char
            )
            return position + wrong, f"in literal {word} (expecting {_quoted(word[wrong])})"
    return position, _VALUE


def _after_value(text: str, position: int) -> tuple[int, str]:
    """Name the enclosing object or array, which the innermost open bracket shows."""
    depth = 0
    for char in reversed(_STRING.sub("", text[:position])):
        depth += (char in "]}") - (char in "[{")
        if depth < 0:
            return position, "after object key:value pair" if char == "{" else "after array element"
    return position, "after top-level value"


def _in_hexadecimal(text: str, position: int) -> tuple[int, str]:
    found = _HEXADECIMAL.search(text, max(position - 2, 0))
    return found.end() if found else position, "in \\u hexadecimal character escape"


def _next(text: str, position: int) -> int:
    return _skip_space(text, position + 1)


_VALUE = "looking for beginning of value"
_KEY = "looking for beginning of object key string"
_Rule = Callable[[str, int], tuple[int, str]]
#: Prefix of Python's message -> the position at which Go stops, and the end of its message.
_SENTENCES: dict[str, _Rule] = {
    "Expecting value": _value,
    "Expecting property name": lambda text, position: (position, _KEY),
    "Expecting ':'": lambda text, position: (position, "after object key"),
    "Expecting ','": _after_value,
    "Invalid control character": lambda text, position: (position, "in string literal"),
    "Invalid \\u": _in_hexadecimal,
    "Invalid \\": lambda text, position: (position + 1, "in string escape code"),
    # Python 3.13 points at the comma.
    "Illegal trailing comma before end of object": lambda text, position: (_next(text, position), _KEY),
    "Illegal trailing comma before end of array": lambda text, position: (_next(text, position), _VALUE),
}
_GO_ESCAPES = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}


def _unexpected(text: str, position: int, context: str) -> str:
    # Go reads bytes, so it names the first byte of a character beyond ASCII.
    return f"invalid character {_quoted(chr(text[position].encode('utf-8', 'replace')[0]))} {context}"


def _quoted(char: str) -> str:
    if char == "'":
        return r"'\''"
    if char in _GO_ESCAPES or char == "\\":
        char = _GO_ESCAPES.get(char, r"\\")
    elif not char.isprintable():
        char = f"\\x{ord(char):02x}" if ord(char) < 0x80 else f"\\u{ord(char):04x}"
    return f"'{char}'"
