"""Bound the head of a request: gunicorn bounds each line and their number, which adds up to 800 KB."""

from __future__ import annotations

from typing import Any

from gunicorn.http.errors import LimitRequestHeaders  # type: ignore[import-untyped]
from gunicorn.http.message import Request  # type: ignore[import-untyped]

#: Maximum bytes of a head: request line, header fields and the empty line after them.
MAX_HEAD_BYTES = 8192


class BoundedRequest(Request):  # type: ignore[misc]
    """gunicorn's request, whose head is refused with status 431 if it is longer than MAX_HEAD_BYTES."""

    # A class attribute, because the constructor of the base class parses.
    _received = 0

    def parse(self, unreader: Any) -> bytes:
        """Parse the head; return the bytes that follow it. Raises gunicorn's LimitRequestHeaders."""
        following: bytes = super().parse(unreader)
        _check(self._received - len(following))
        return following

    def read_into(self, unreader: Any, buf: bytearray, stop: bool = False) -> None:
        """Append a read to the buffer. Raises LimitRequestHeaders if too much was read before."""
        _check(self._received)
        before = len(buf)
        super().read_into(unreader, buf, stop)
        self._received += len(buf) - before


def _check(size: int) -> None:
    if size > MAX_HEAD_BYTES:
        raise LimitRequestHeaders(f"the head has over {MAX_HEAD_BYTES} bytes")
