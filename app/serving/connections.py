"""A client's connection: what has arrived of a request, and what has not been taken of an answer.

No socket here ever blocks. gunicorn parses what has arrived, and writes into a buffer.
"""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
from enum import Enum
from typing import Any

from gunicorn.http import get_parser  # type: ignore[import-untyped]
from gunicorn.workers.gthread import TConn  # type: ignore[import-untyped]

from ..limits import MAX_BATCH_BYTES
from .request_head import MAX_HEAD_BYTES

#: Bytes to receive at a time.
PART = 64 * 1024
# Seconds for the rest of a request that looked complete and is not.
_SECONDS = 1.0

_END_OF_HEAD = b"\r\n\r\n"
# What announces a body. gunicorn refuses a head with several of these, and a malformed one.
_BODY = re.compile(
    rb"\r\n(?:content-length:[ \t]*([0-9]{1,18})|transfer-encoding:[ \t]*([^\r\n]*?))[ \t]*\r\n",
    re.IGNORECASE,
)
_EXPECTS = re.compile(rb" HTTP/1\.1\r\n(?:.*\r\n)*?expect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)
# The last chunk, and trailers. Data may look like it: then a thread waits for the rest.
_LAST_CHUNK = re.compile(rb"\r\n0+[ \t]*(?:;[^\r\n]*)?\r\n(?:[^\r\n]+\r\n)*\r\n\Z")


class State(Enum):
    """What a connection waits for."""

    IDLE = "the first byte of a request"
    READING = "the rest of a request"
    PAUSED = "room for a large request"
    ANSWERING = "a thread"
    SENDING = "the client to take the answer"
    CLOSING = "the client to close its side"


class ClientSocket(socket.socket):
    """A socket that keeps what it has to send until the kernel takes it."""

    def __init__(self, accepted: socket.socket) -> None:
        super().__init__(fileno=accepted.detach())
        super().setblocking(False)
        self.unsent: bytes | memoryview = b""
        self.was_told_to_continue = False

    def setblocking(self, flag: bool) -> None:
        """Stay non-blocking, whatever gunicorn asks for."""

    def settimeout(self, value: float | None) -> None:
        """Stay non-blocking, whatever gunicorn asks for."""

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Keep data for `flush`."""
        self.unsent = bytes(self.unsent) + data if self.unsent else data

    def send(self, data: Any, flags: int = 0) -> int:
        """Keep data for `flush`; gunicorn sends only `100 Continue` so, which may have been sent."""
        if not self.was_told_to_continue:
            self.sendall(data)
        return len(data)

    def flush(self) -> int:
        """Send what the kernel takes; return how many bytes. Raises OSError."""
        if not self.unsent:
            return 0
        try:
            sent = super().send(self.unsent)
        except BlockingIOError:
            return 0
        # A view keeps the whole answer in memory, even an empty one.
        self.unsent = memoryview(self.unsent)[sent:] if sent < len(self.unsent) else b""
        return sent

    def tell_to_continue(self) -> None:
        """Tell a client that waits for it to send its body."""
        self.was_told_to_continue = True
        with contextlib.suppress(OSError):
            super().send(b"HTTP/1.1 100 Continue\r\n\r\n")


class Received:
    """What has arrived, with the interface of gunicorn's `Unreader`."""

    #: gunicorn would set time limits on a socket here.
    sock = None

    def __init__(self, connection: ClientSocket) -> None:
        self._connection = connection
        self._data = b""
        self._at = 0

    def read(self, size: int | None = None, read_ahead: int | None = None) -> bytes:
        """Return up to `size` bytes, or some; none at the end of what the client sends in time."""
        if self._at >= len(self._data):
            return self._wait()
        end = self._at + (size if size and size > 0 else MAX_HEAD_BYTES)
        data = self._data[self._at : end]
        self._at = end
        if end >= len(self._data) and len(self._data) > PART:
            # A large request need not stay in memory until it is answered.
            self._data, self._at = b"", 0
        return data

    def _wait(self) -> bytes:
        with selectors.DefaultSelector() as selector, contextlib.suppress(OSError):
            selector.register(self._connection, selectors.EVENT_READ)
            if selector.select(_SECONDS):
                return self._connection.recv(PART)
        return b""

    def unread(self, data: bytes) -> None:
        """Put back the bytes that were read last."""
        if self._data[self._at - len(data) : self._at] == data:
            self._at -= len(data)
        else:
            self._data, self._at = data + self._data[self._at :], 0

    def put(self, data: bytes) -> None:
        """Set what has arrived; all that came before has been taken."""
        self._data, self._at = data, 0

    @property
    def has_more(self) -> bool:
        """Whether there is something that has not been read."""
        return self._at < len(self._data)

    def take_buffered(self) -> bytes:
        """Return what has not been read, and forget it."""
        rest, self._data, self._at = self._data[self._at :], b"", 0
        return rest


class Connection(TConn):  # type: ignore[misc]
    """A connection. The main loop changes it, except while a thread answers."""

    sock: ClientSocket
    parser: Any

    def __init__(self, cfg: Any, accepted: socket.socket, client: Any, server: Any) -> None:
        super().__init__(cfg, ClientSocket(accepted), client, server)
        # Nothing is left for gunicorn's `init`, which would wait.
        self.initialized = True
        #: The file descriptor.
        self.number = self.sock.fileno()
        self.state = State.ANSWERING
        #: When the state ends at the latest, by the monotonic clock.
        self.timeout = 0.0
        #: Bytes that went in or out since `timeout` was set.
        self.moved = 0
        self.buffer: bytes | bytearray = b""
        #: Bytes of the request that are held, and those that the worker has counted.
        self.size = self.counted = 0
        # The size of the request, once the head has come; 0 if it is not known.
        self._needed = 0
        #: Whether the whole request has come, so that another may follow.
        self.is_whole = False
        #: Whether the connection stays open after the answer.
        self.keeps = False

    def add(self, data: bytes) -> bool:
        """Add what has arrived; return whether a thread can answer without waiting for more."""
        # Most requests arrive at once, and are not copied.
        if isinstance(self.buffer, bytearray):
            self.buffer += data
        else:
            self.buffer = bytearray(self.buffer) + data if self.buffer else data
        self.size = len(self.buffer)
        self.moved += len(data)
        if self.size < self._needed:
            return False
        end = self.buffer.find(_END_OF_HEAD) + len(_END_OF_HEAD)
        if end < len(_END_OF_HEAD):
            return self.size > MAX_HEAD_BYTES
        found = _BODY.search(self.buffer, 0, end)
        length, coding = found.groups() if found else (b"0", b"")
        is_ready = self._has_chunks(end, coding) if length is None else self._has_body(end, int(length))
        if not is_ready and not self.sock.was_told_to_continue and _EXPECTS.search(self.buffer, 0, end):
            self.sock.tell_to_continue()
        return is_ready

    def _has_chunks(self, end: int, coding: bytes) -> bool:
        if coding.lower() != b"chunked":
            # It is refused unread.
            return True
        start = max(end - len(b"\r\n"), self.size - MAX_HEAD_BYTES)
        self.is_whole = bool(_LAST_CHUNK.search(self.buffer, start))
        return self.is_whole or self.size > end + 2 * MAX_BATCH_BYTES

    def _has_body(self, end: int, length: int) -> bool:
        self.is_whole = self.size >= end + length
        if length > MAX_BATCH_BYTES:
            # It is refused unread.
            return True
        self._needed = end + length
        return self.is_whole

    @property
    def has_head(self) -> bool:
        """Whether the head has come, and the body has not."""
        return self._needed > 0

    def hand_over(self) -> None:
        """Put what has arrived where gunicorn's parser reads it."""
        if self.parser is None:
            self.parser = get_parser(self.cfg, self.sock, self.client)
            self.parser.unreader = Received(self.sock)
        self.parser.unreader.put(bytes(self.buffer))
        self.buffer = b""
        self._needed = 0

    @property
    def has_more(self) -> bool:
        """Whether something has come behind the request that was answered."""
        return bool(self.parser.unreader.has_more)

    def next_request(self) -> bool:
        """Take back what has come behind a request; return whether that is another one, complete."""
        self.sock.was_told_to_continue = self.is_whole = False
        self.size = self.moved = 0
        rest = self.parser.unreader.take_buffered()
        return bool(rest) and self.add(rest)
