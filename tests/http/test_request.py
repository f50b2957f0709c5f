"""Reading the body of a request: its end, its limit, and what goes wrong."""

from __future__ import annotations

import io
from typing import Any, cast

import pytest
from rollcall_server.errors import BodyInvalid, BodyTooLarge
from rollcall_server.http.request import Request
from rollcall_server.limits import MAX_BODY_BYTES
from rollcall_server.services import Services


def body_of(environ: dict[str, Any], stream: io.BytesIO, max_bytes: int = MAX_BODY_BYTES) -> bytes:
    """Return the body of a request; reading a short one needs no services."""
    return Request({**environ, "wsgi.input": stream}, cast(Services, None), max_bytes).body


class Stream(io.BytesIO):
    """A body that records the size of the last read."""

    requested = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.requested = size or 0
        return super().read(size)


@pytest.mark.parametrize(
    ("environ", "sent", "got"),
    [
        ({"CONTENT_LENGTH": "3"}, b"abcdef", b"abc"),
        ({"CONTENT_LENGTH": "0"}, b"abc", b""),
        ({}, b"abc", b""),
        ({"CONTENT_LENGTH": ""}, b"abc", b""),
        ({"wsgi.input_terminated": True}, b"abc", b"abc"),
    ],
)
def test_a_body_is_read_to_its_declared_end(environ: dict[str, Any], sent: bytes, got: bytes) -> None:
    assert body_of(environ, Stream(sent)) == got


class Broken(io.BytesIO):
    """A body whose read fails with an exception class of the server's own."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise type("InvalidChunkSize", (Exception,), {})


@pytest.mark.parametrize(
    ("environ", "stream"),
    [
        ({"CONTENT_LENGTH": "9"}, Stream(b"abc")),
        ({"wsgi.input_terminated": True}, Broken()),
        ({"CONTENT_LENGTH": "3"}, Broken()),
    ],
    ids=["shorter than declared", "broken chunks", "read error"],
)
def test_an_incomplete_body_is_refused(environ: dict[str, Any], stream: io.BytesIO) -> None:
    with pytest.raises(BodyInvalid, match="unexpected EOF"):
        body_of(environ, stream)


@pytest.mark.parametrize("length", ["-1", "abc", "1.0", "\u0663", "9" * 5000])
def test_a_body_with_an_invalid_length_is_refused_unread(length: str) -> None:
    stream = Stream(b"abc")
    with pytest.raises(BodyInvalid, match="bad Content-Length"):
        body_of({"CONTENT_LENGTH": length}, stream)
    assert stream.tell() == 0


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_refused_and_not_truncated(chunked: bool) -> None:
    environ = {"wsgi.input_terminated": True} if chunked else {"CONTENT_LENGTH": "999999999"}
    stream = Stream(b"x" * 1000)
    with pytest.raises(BodyTooLarge) as refusal:
        body_of(environ, stream, 10)
    assert str(refusal.value) == "request body is larger than 10 bytes"
    # One that announces its length is refused unread.
    assert stream.requested == (11 if chunked else 0)
    assert body_of({**environ, "CONTENT_LENGTH": "10"}, Stream(b"x" * 10), 10) == b"x" * 10
