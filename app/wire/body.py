"""The body of a request: read once, decoded once, strictly. What to make of it is the dialect's judgement.

A JSON object is decoded to a tuple of its (key, value) pairs in the order of the text, because Go's decoder,
which the dialects imitate, matches keys in any case and lets the last one win. An array is a list. A number
that is no whole number of 64 bits is a `Number` that keeps its spelling.
"""

from __future__ import annotations

import gc
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.errors import BodyInvalid, BodyTooLarge
from app.wire import go_scanner

#: Bytes of a body that Rollcall reads.
MAX_BODY_BYTES = 16 * 1024 * 1024
#: Bytes from which on a body is dealt with as a large one.
LARGE = 1024 * 1024
#: Commas in a JSON body at the most, and so values: ten thousand users with fifty each.
MAX_COMMAS = 500_000
#: Bytes of a malformed body that are walked through for Go's words; it takes a second a megabyte.
MAX_EXPLAINED_BYTES = 64 * 1024

_SPACE = re.compile(r"[ \t\r\n]*")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_PART = 64 * 1024
#: Characters of the longest 64-bit number, "-9223372036854775808".
_MAX_INTEGER_CHARS = 20


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number that is not a whole number of 64 bits (or is -0), as it was spelled."""

    literal: str


@dataclass(frozen=True, slots=True)
class DecodedJson:
    """What decoding a body came to: its first value, or why there is none, and what follows the value."""

    value: Any
    error: str | None = None
    """Why there is no value, in Go's words."""
    eof_error: str | None = None
    """What Go's stream decoder says instead, of a text that just ends."""
    extra_data_error: str | None = None
    """Why there is more than a value, in Go's words."""


def read(environ: Mapping[str, Any]) -> bytes:
    """Return the bytes of the body. Raises BodyTooLarge, or BodyInvalid for one that never came whole.

    The stream is read here rather than by Werkzeug, which cuts an over-long chunked body off without a word.
    """
    announced = _announced(environ)
    try:
        data: bytes = environ["wsgi.input"].read(min(announced, MAX_BODY_BYTES + 1))
    except Exception as error:
        # The client went away, or broke the rules of chunks; each server has classes of its own for that.
        raise BodyInvalid("unexpected EOF") from error
    if len(data) > MAX_BODY_BYTES:
        raise BodyTooLarge(f"request body is larger than {MAX_BODY_BYTES} bytes")
    if environ.get("CONTENT_LENGTH") and len(data) < announced:
        raise BodyInvalid("unexpected EOF")
    return data


def _announced(environ: Mapping[str, Any]) -> int:
    """Return how many bytes to expect; a chunked body ends by itself, wherever the server says so."""
    length = environ.get("CONTENT_LENGTH")
    if not length:
        return MAX_BODY_BYTES + 1 if environ.get("wsgi.input_terminated") else 0
    # gunicorn has refused anything else, the development server has not.
    if not (length.isascii() and length.isdigit() and len(length) < _MAX_INTEGER_CHARS):
        raise BodyInvalid("bad Content-Length")
    return int(length)


def _integer(literal: str) -> int | Number:
    # Go takes "-0" for a signed type only, so it has to stay what it is.
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

    Bytes that are no UTF-8 and escaped surrogates without their other half become U+FFFD, as in Go, so that
    everything behind this door is text that can be encoded.
    """
    text = _text(data)
    start = _end_of_space(text, 0)
    try:
        value, end = _parsed(text, start)
        if _SURROGATE_ESCAPE.search(text):
            value = without_surrogates(value)
    except RecursionError:
        # Where Go would stop is not known here; what opened the first level opens most often the others too.
        return DecodedJson(None, error=go_scanner.unexpected(text[start].encode()[0], go_scanner.TOO_DEEP))
    except ValueError as error:
        return _explained(data) or _unexplained(text, error)
    rest = _end_of_space(text, end)
    if rest == len(text):
        return DecodedJson(value)
    # Python ends a number before what cannot belong to it; Go does not.
    fault = _explained(data) if text[end] in ".eE" else None
    byte = text[rest].encode()[0]
    return fault or DecodedJson(value, extra_data_error=go_scanner.unexpected(byte, "after top-level value"))


_undisturbed = threading.Lock()


def _parsed(text: str, start: int) -> tuple[Any, int]:
    if len(text) < LARGE:
        return _raw_decode(text, start)
    # The collector would walk again and again through what is being made, ten times as long as that takes.
    with _undisturbed:
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
    # Part by part: nobody else is served while one expression is at work.
    parts = (text[begin : begin + _PART] for begin in range(0, len(text), _PART))
    return "".join(_SURROGATE.sub("\ufffd", part) for part in parts)


def _explained(data: bytes) -> DecodedJson | None:
    """Word what is wrong with a body as Go does; None if nothing is, or the body is too long to look."""
    fault = go_scanner.fault(data) if len(data) <= MAX_EXPLAINED_BYTES else None
    if fault is None:
        return None
    if not isinstance(fault, go_scanner.Ended):
        return DecodedJson(None, error=str(fault))
    return DecodedJson(
        None, error=str(fault), eof_error="unexpected EOF" if data.strip(go_scanner.SPACE) else "EOF"
    )


def _unexplained(text: str, error: ValueError) -> DecodedJson:
    """Word what is wrong with a body that is too long to be walked through."""
    if isinstance(error, json.JSONDecodeError) and (error.pos >= len(text) or "Unterminated" in error.msg):
        return DecodedJson(
            None, error="unexpected end of JSON input", eof_error="unexpected EOF" if text.strip() else "EOF"
        )
    return DecodedJson(None, error=f"invalid JSON: {error}")


def _end_of_space(text: str, start: int) -> int:
    found = _SPACE.match(text, start)
    return found.end() if found else start


def without_surrogates(value: Any) -> Any:
    """Return a decoded value with U+FFFD in the place of each half of a surrogate."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, (list, tuple)):
        return type(value)(without_surrogates(item) for item in value)
    if isinstance(value, dict):
        return {without_surrogates(key): without_surrogates(item) for key, item in value.items()}
    return value


def decode_stream(json: DecodedJson) -> Any:
    """Take the first value and ignore what follows, as Go's json.Decoder does. Raises BodyInvalid."""
    if json.error is not None:
        raise BodyInvalid(json.eof_error or json.error)
    return json.value


def unmarshal(json: DecodedJson) -> Any:
    """Take the value if nothing follows it, as Go's json.Unmarshal does. Raises BodyInvalid."""
    if json.error is not None or json.extra_data_error is not None:
        raise BodyInvalid(json.error or json.extra_data_error)
    return json.value
