"""A client's connection: what has arrived of a request, and what has not been taken of an answer.

No socket here ever blocks. gunicorn parses what has arrived, and writes into a buffer. `Arrival` only finds
out when a request is complete; where it is in doubt, gunicorn's parser gets what there is and refuses it, and
the connection is closed.
"""

from __future__ import annotations

import contextlib
import re
import socket
from enum import Enum
from typing import Any

from gunicorn.http import get_parser  # type: ignore[import-untyped]
from gunicorn.workers.gthread import TConn  # type: ignore[import-untyped]

from ..limits import MAX_BATCH_BYTES
from .request_head import MAX_HEAD_BYTES

#: Bytes to receive at a time.
PART = 64 * 1024
#: Bytes of a chunk's first line, and bytes that a chunk has on the average of many.
_CHUNK_LINE, _CHUNKS, _BYTES_PER_CHUNK = 1024, 1000, 16

_END_OF_HEAD = b"\r\n\r\n"
# The fields that say how long a body is and when it comes. Possessive, so that it takes linear time.
_FIELDS = re.compile(rb"\r\n(content-length|transfer-encoding|expect):([^\r\n]*+)(?=\r\n)", re.IGNORECASE)


class State(Enum):
    """What a connection waits for."""

    IDLE = "the first byte of a request"
    READING = "the rest of a request"
    ANSWERING = "a thread"
    SENDING = "the client to take the answer"
    CLOSING = "the client to close its side"


class ClientSocket(socket.socket):
    """A socket that keeps what it has to send until the kernel takes it."""

    def __init__(self, accepted: socket.socket) -> None:
        super().__init__(fileno=accepted.detach())
        super().setblocking(False)
        self.unsent: bytes | memoryview = b""
        #: The head of the request that is being answered; empty if it is in doubt.
        self.head = b""
        self.was_told_to_continue = False

    def setblocking(self, flag: bool) -> None:
        """Stay non-blocking, whatever gunicorn asks for."""

    def settimeout(self, value: float | None) -> None:
        """Stay non-blocking, whatever gunicorn asks for."""

    def close(self) -> None:
        """Stay open: only the main loop closes connections, by `release`."""

    def release(self) -> None:
        """Close the socket."""
        super().close()

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
        rest = memoryview(self.unsent)[sent:]
        # A view keeps the whole answer in memory.
        self.unsent = rest if len(rest) > sent else bytes(rest)
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

    def __init__(self) -> None:
        self._data = b""
        self._at = 0
        #: Whether more was wanted than had arrived.
        self.ran_dry = False

    @property
    def left(self) -> int:
        """The number of bytes that have not been read."""
        return len(self._data) - self._at

    def read(self, size: int | None = None, read_ahead: int | None = None) -> bytes:
        """Return up to `size` bytes, or some; none at the end of what has arrived."""
        end = self._at + (size if size and size > 0 else MAX_HEAD_BYTES)
        data = self._data[self._at : end]
        self._at += len(data)
        self.ran_dry = self.ran_dry or not data
        if not self.left and len(self._data) > PART:
            # A large request need not stay in memory until it is answered.
            self._data, self._at = b"", 0
        return data

    def unread(self, data: bytes) -> None:
        """Put back the bytes that were read last."""
        if self._data[max(self._at - len(data), 0) : self._at] == data:
            self._at -= len(data)
        else:
            self._data, self._at = data + self._data[self._at :], 0

    def put(self, data: bytes) -> None:
        """Set what has arrived; all that came before has been taken."""
        self._data, self._at, self.ran_dry = data, 0, False

    def take_buffered(self) -> bytes:
        """Return what has not been read, and forget it."""
        rest, self._data, self._at = self._data[self._at :], b"", 0
        return rest


class Arrival:
    """How much of a request has arrived."""

    def __init__(self) -> None:
        self.buffer: bytes | bytearray = b""
        #: Whether the whole head has come, and where it ends.
        self.has_head = False
        self.head_end = 0
        #: Whether the client waits for `100 Continue`.
        self.expects = False
        #: The size of the request; 0 as long as it is not known, or if it is in doubt.
        self.end = 0
        # Bytes that have to be there before it is worth looking again.
        self._wanted = 0
        # Where the next chunk begins, and the number of chunks before it.
        self._chunk = self._chunks = 0

    def add(self, data: bytes) -> bool:
        """Add what has come; return whether gunicorn's parser should have it, complete or in doubt."""
        # Most requests come at once, and are not copied.
        if isinstance(self.buffer, bytearray):
            self.buffer += data
        else:
            self.buffer = bytearray(self.buffer) + data if self.buffer else data
        if len(self.buffer) < self._wanted:
            return False
        if not self.has_head:
            end = self.buffer.find(_END_OF_HEAD, 0, MAX_HEAD_BYTES + 1) + len(_END_OF_HEAD)
            if end < len(_END_OF_HEAD):
                # gunicorn refuses a head that is too long or has other line ends.
                return len(self.buffer) > MAX_HEAD_BYTES or b"\n\n" in self.buffer
            self.has_head, self.head_end = True, end
            self._read_head(end)
        if self._chunk:
            return self._follow_chunks()
        return not self._wanted or len(self.buffer) >= self._wanted

    @property
    def is_blank(self) -> bool:
        """Whether nothing has come but an empty line, which some clients send behind a body."""
        return self.buffer in (b"\r", b"\r\n")

    @property
    def is_whole(self) -> bool:
        """Whether the whole request has come."""
        return 0 < self.end <= len(self.buffer)

    def _read_head(self, end: int) -> None:
        fields = [(name.lower(), value.strip(b" \t")) for name, value in _FIELDS.findall(self.buffer, 0, end)]
        lengths = [value for name, value in fields if name == b"content-length"]
        codings = [value for name, value in fields if name == b"transfer-encoding"]
        self.expects = (b"expect", b"100-continue") in [(name, value.lower()) for name, value in fields]
        if [coding.lower() for coding in codings] == [b"chunked"] and not lengths:
            self._chunk = end
        elif not codings and len(lengths) < 2:
            self._set_length(end, (lengths or [b"0"])[0])

    def _set_length(self, end: int, length: bytes) -> None:
        significant = length.lstrip(b"0")
        if length.isdigit() and len(significant) <= len(str(MAX_BATCH_BYTES)):
            size = int(significant or b"0")
            # A body that is too long for every call is refused unread.
            if size <= MAX_BATCH_BYTES:
                self.end = self._wanted = end + size

    def _follow_chunks(self) -> bool:
        """Look for the last chunk; return whether it has come or the chunks are in doubt."""
        while True:
            line = self.buffer.find(b"\r\n", self._chunk, self._chunk + _CHUNK_LINE)
            if line < 0:
                return len(self.buffer) >= self._chunk + _CHUNK_LINE
            digits = bytes(self.buffer[self._chunk : line]).partition(b";")[0].strip(b" \t")
            if not re.fullmatch(b"[0-9a-fA-F]{1,8}", digits):
                return True
            if not int(digits, 16):
                return self._follow_trailers(line)
            following = line + len(b"\r\n") + int(digits, 16) + len(b"\r\n")
            self._chunks += 1
            if following > 2 * MAX_BATCH_BYTES or self._chunks > max(_CHUNKS, following // _BYTES_PER_CHUNK):
                return True
            if following > len(self.buffer):
                self._wanted = following
                self._chunks -= 1
                return False
            self._chunk = following

    def _follow_trailers(self, line: int) -> bool:
        found = self.buffer.find(_END_OF_HEAD, line, line + MAX_HEAD_BYTES)
        if found >= 0:
            self.end = found + len(_END_OF_HEAD)
        return found >= 0 or len(self.buffer) >= line + MAX_HEAD_BYTES


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
        self.is_open = True
        self.state = State.ANSWERING
        #: When the state ends at the latest, by the monotonic clock.
        self.timeout = 0.0
        #: Bytes that went in or out since `timeout` was set, and when many did last.
        self.moved, self.moved_at = 0, 0.0
        self.arrival = Arrival()
        self.received = Received()
        #: Bytes of a large request that the worker has counted.
        self.counted = 0
        #: Whether the connection stays open after the answer.
        self.keeps = False
        # Whether the request was whole when a thread got it, and the bytes behind it.
        self._was_whole, self._behind = False, 0

    def add(self, data: bytes) -> bool:
        """Add what has come; return whether a thread should have it."""
        self.moved += len(data)
        is_ready = self.arrival.add(data)
        if self.arrival.expects and not is_ready and not self.sock.was_told_to_continue:
            self.sock.tell_to_continue()
        return is_ready

    def hand_over(self) -> None:
        """Put what has arrived where gunicorn's parser reads it."""
        if self.parser is None:
            self.parser = get_parser(self.cfg, self.sock, self.client)
            self.parser.unreader = self.received
        arrival, self.arrival = self.arrival, Arrival()
        self._was_whole, self._behind = arrival.is_whole, len(arrival.buffer) - arrival.end
        data = bytes(arrival.buffer)
        # Some clients send an empty line behind a body.
        self.sock.head = data[: arrival.head_end].lstrip(b"\r\n")
        self.received.put(data)

    @property
    def is_in_step(self) -> bool:
        """Whether gunicorn has read exactly the request, so that what is left is the next one."""
        return self._was_whole and not self.received.ran_dry and self.received.left == self._behind

    def next_request(self) -> bool:
        """Take back what has come behind a request; return whether a thread should have it."""
        self.sock.was_told_to_continue = False
        self.moved = 0
        rest = self.received.take_buffered()
        return bool(rest) and self.add(rest)
