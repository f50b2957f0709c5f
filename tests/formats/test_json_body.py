"""Decoding a body: values, Go's error texts, trailing data.

The error texts are those of go1.19's encoding/json (`json.NewDecoder(...).Decode` and `json.Unmarshal`), but
for numbers that end too early, which Python reports elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rollcall_server.errors import BodyInvalid
from rollcall_server.formats import json_body
from rollcall_server.formats.json_body import DecodedJson, Number, decode, decode_stream, unmarshal


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"{}", ()),
        (b' {"a": 1, "A": null, "a": [true, "x"]}\n', (("a", 1), ("A", None), ("a", [True, "x"]))),
        (b"null", None),
        (b"1.0", Number("1.0")),
        (b"1e0", Number("1e0")),
        (b"-0", Number("-0")),
        (b"9223372036854775807", 2**63 - 1),
        (b"-9223372036854775808", -(2**63)),
        (b"9223372036854775808", Number("9223372036854775808")),
        (b"1" * 5000, Number("1" * 5000)),
        (b"1e400", Number("1e400")),
        ('"名\\u540d\\ud83e\\udd9c"'.encode(), "名名🦜"),
        (b'"a\\ud800b\\udc00"', "a\ufffdb\ufffd"),
        (b'{"\\ud800": ["\\udc00"]}', (("\ufffd", ["\ufffd"]),)),
        (b'"\xff\xe5\x90a\xed\xa0\x80"', "\ufffd\ufffd\ufffda\ufffd\ufffd\ufffd"),
        (b'"\x7f"', "\x7f"),
    ],
)
def test_a_value_is_decoded(data: bytes, value: Any) -> None:
    assert decode(data) == DecodedJson(value)


@pytest.mark.parametrize(
    ("data", "stream", "whole"),
    [
        (b"", "EOF", "unexpected end of JSON input"),
        (b" \n", "EOF", "unexpected end of JSON input"),
        (b"{", "unexpected EOF", "unexpected end of JSON input"),
        (b'{"a":"b', "unexpected EOF", "unexpected end of JSON input"),
        (b'{"a":1', "unexpected EOF", "unexpected end of JSON input"),
        (b"[1,", "unexpected EOF", "unexpected end of JSON input"),
        (b"tru", "unexpected EOF", "invalid character ' ' in literal true (expecting 'e')"),
        (b"-", "unexpected EOF", "invalid character ' ' in numeric literal"),
        (b'"\\', "unexpected EOF", "unexpected end of JSON input"),
        (b'"\\u12', "unexpected EOF", "invalid character ' ' in \\u hexadecimal character escape"),
    ],
)
def test_a_truncated_body_is_refused_with_the_error_text_of_each_go_decoder(
    data: bytes, stream: str, whole: str
) -> None:
    assert (_refusal(decode_stream, data), _refusal(unmarshal, data)) == (stream, whole)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"abc", "invalid character 'a' looking for beginning of value"),
        (b"'a'", r"invalid character '\'' looking for beginning of value"),
        (b"\\", r"invalid character '\\' looking for beginning of value"),
        (b"\xef\xbb\xbf{}", "invalid character 'ï' looking for beginning of value"),
        (b"\x00", r"invalid character '\x00' looking for beginning of value"),
        (b"\x80", "invalid character 'ï' looking for beginning of value"),
        (b"NaN", "invalid character 'N' looking for beginning of value"),
        (b'{"a":Infinity}', "invalid character 'I' looking for beginning of value"),
        (b"-Infinity", "invalid character 'I' in numeric literal"),
        (b"trie", "invalid character 'i' in literal true (expecting 'u')"),
        (b"{a:1}", "invalid character 'a' looking for beginning of object key string"),
        (b"{,}", "invalid character ',' looking for beginning of object key string"),
        (b'{"a":1,}', "invalid character '}' looking for beginning of object key string"),
        (b'{"a" 1}', "invalid character '1' after object key"),
        (b'{"a":1 "b":2}', "invalid character '\"' after object key:value pair"),
        (b"[1 2]", "invalid character '2' after array element"),
        (b"[1,]", "invalid character ']' looking for beginning of value"),
        (b'{"a":01}', "invalid character '1' after object key:value pair"),
        (b'{"a":1.}', "invalid character '.' after object key:value pair"),
        (b"[1e+]", "invalid character 'e' after array element"),
        (b'{"a":["}]",{"b":1} 2]}', "invalid character '2' after array element"),
        (b'{"a":--1}', "invalid character '-' in numeric literal"),
        (b'"\n"', r"invalid character '\n' in string literal"),
        (b'"\\x"', "invalid character 'x' in string escape code"),
        (b'"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"),
        (b"[" * 100_000, "invalid character '[' exceeded max depth"),
        (b'{"a":' * 100_000, "invalid character '{' exceeded max depth"),
    ],
)
def test_a_syntax_error_is_refused_with_gos_error_text(data: bytes, message: str) -> None:
    assert _refusal(decode_stream, data) == _refusal(unmarshal, data) == message


@pytest.mark.parametrize(
    ("data", "value", "message"),
    [
        (b"{}x", (), "invalid character 'x' after top-level value"),
        (b"{} {}", (), "invalid character '{' after top-level value"),
        (b"{}\xe5\x90\x8d", (), "invalid character 'å' after top-level value"),
        (b"{}\x00", (), r"invalid character '\x00' after top-level value"),
        (b"01", 0, "invalid character '1' after top-level value"),
        (b"{}e", (), "invalid character 'e' after top-level value"),
        (b"1.5.5", Number("1.5"), "invalid character '.' after top-level value"),
        (b"1.", 1, "invalid character '.' after top-level value"),
        (b"1e", 1, "invalid character 'e' after top-level value"),
    ],
)
def test_trailing_data_is_ignored_by_decode_stream_and_refused_by_unmarshal(
    data: bytes, value: Any, message: str
) -> None:
    assert decode_stream(decode(data)) == value
    assert _refusal(unmarshal, data) == message


def test_a_long_malformed_body_is_refused_with_pythons_error_text() -> None:
    """Finding Go's error text takes a tenth of a second per megabyte."""
    long = b'{"a":"' + b"x" * json_body.MAX_EXPLAINED_CHARS + b'" 1}'
    assert (
        _refusal(decode_stream, long)
        == f"invalid JSON: Expecting ',' delimiter: line 1 column {len(long) - 1} "
        f"(char {len(long) - 2})"
    )
    blank = b" " * (json_body.MAX_EXPLAINED_CHARS + 1)
    cut_off = [long[:-4], b'{"a":["' + blank + b'",', b"[" + blank, b'["\\' + blank.replace(b" ", b"n")]
    assert {_refusal(decode_stream, text) for text in cut_off} == {"unexpected EOF"}
    assert {_refusal(unmarshal, text) for text in [*cut_off, blank]} == {"unexpected end of JSON input"}
    assert _refusal(decode_stream, blank) == "EOF"


def _refusal(take: Callable[[DecodedJson], Any], data: bytes) -> str:
    with pytest.raises(BodyInvalid) as refusal:
        take(decode(data))
    return str(refusal.value)
