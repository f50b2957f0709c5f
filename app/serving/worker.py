"""A gunicorn worker that gives a thread a request and not a connection.

gunicorn's threaded worker gives each connection a thread, which waits for the rest of the request and for the
client to take the answer, so a few slow clients occupy all threads. Here the main loop waits: a thread gets a
request that has arrived, answers it with gunicorn's own code, and leaves to the main loop what the client
has not taken, and the end of the connection.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from .connections import PART, Connection, State

#: Seconds for a head to arrive.
_HEAD = 10.0
#: Bytes that have to come in or go out in each period of seconds, unless less is left.
_PERIOD, _BYTES_PER_PERIOD = 10.0, 80 * 1024
#: Seconds for a client to close its side, and for an idle connection while the worker stops.
_CLOSING = 2.0
#: Bytes from which a request is large, and bytes of all large ones at a time. The first of them is always
#: read; the others are not while there is no room.
_LARGE, _ALL_LARGE = 16 * 1024, 32 * 1024 * 1024
#: Bytes of all answers that clients have not taken. Beyond, the one that moved least recently is cut off.
_ALL_UNSENT = 16 * 1024 * 1024
#: Connections to accept before others are looked at.
_AT_ONCE = 64
_TEXT = b"the request did not arrive in time\n"
_TIMED_OUT = (
    b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Type: text/plain\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_TEXT), _TEXT)
)


class _ByAge(dict[Connection, None]):
    """Connections, oldest first. gunicorn's loop looks at the first by its index."""

    def __getitem__(self, index: Any) -> Any:
        return list(self)[index]


class _PlainText:
    """Takes gunicorn's refusal in HTML, and gives it to a client in a line of text."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def gettimeout(self) -> float:
        """Return that the socket does not block."""
        return 0.0

    def sendall(self, data: bytes) -> None:
        """Send the status line of an answer, and its reason as the body."""
        line = data.partition(b"\r\n")[0]
        text = line.partition(b" ")[2].partition(b" ")[2].lower() + b"\n"
        head = b"Connection: close\r\nContent-Type: text/plain\r\nContent-Length: %d" % len(text)
        self._client.sendall(b"%s\r\n%s\r\n\r\n%s" % (line, head, text))


class _Poller:
    """gunicorn's poller, on epoll; connections are armed for one event at a time, by any thread."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        #: What to call, by file descriptor.
        self._callbacks: dict[int, Callable[[], object]] = {}

    def register(self, fileobj: Any, events: int, data: Callable[[Any], object]) -> None:
        """Call `data` whenever there is something to read."""
        number = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        self._callbacks[number] = lambda: data(fileobj)
        self._epoll.register(number, select.EPOLLIN)

    def unregister(self, fileobj: Any) -> None:
        """Forget a file."""
        number = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        del self._callbacks[number]
        with contextlib.suppress(OSError):
            self._epoll.unregister(number)

    def add(self, conn: Connection, callback: Callable[[], object]) -> None:
        """Add a connection, for which nothing is called until it is armed."""
        self._callbacks[conn.number] = callback
        self._epoll.register(conn.number, 0)

    def arm(self, conn: Connection, events: int) -> None:
        """Call a connection's callback at its next event; with no events, never."""
        self._epoll.modify(conn.number, events | select.EPOLLONESHOT if events else 0)

    def dispatch(self, seconds: float) -> None:
        """Wait for events and call what is to be called."""
        for number, _ in self._epoll.poll(seconds):
            callback = self._callbacks.get(number)
            if callback is not None:
                callback()

    def close(self) -> None:
        """Close the poller."""
        self._epoll.close()


class _Threads:
    """Threads that take connections from a queue, started as they are needed."""

    def __init__(self, count: int, serve: Callable[[Connection], None]) -> None:
        self._count, self._serve = count, serve
        self._queue: SimpleQueue[Connection] = SimpleQueue()
        self._started = 0

    def put(self, conn: Connection) -> None:
        """Have a thread serve a connection."""
        if self._started < self._count and (not self._started or self._queue.qsize()):
            self._started += 1
            threading.Thread(target=self._run, name=f"request-{self._started}", daemon=True).start()
        self._queue.put(conn)

    def _run(self) -> None:
        while True:
            self._serve(self._queue.get())

    def shutdown(self, wait: bool) -> None:
        """Do nothing: the threads end with the process."""


class Worker(ThreadWorker):  # type: ignore[misc]
    """The worker. All methods but `handle` and those that it calls run in the main thread."""

    tpool: _Threads
    poller: _Poller

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Any number may stay open: the one that is idle longest is closed where room is needed.
        self.max_keepalived = self.worker_connections
        #: Idle connections.
        self.keepalived_conns = _ByAge()
        #: All connections that wait, for a limited time.
        self._waiting: dict[Connection, None] = {}
        #: Large requests, from their first large part to their answer.
        self._large: dict[Connection, None] = {}
        self._large_bytes = 0
        self._swept = 0.0

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Accept every number of connections."""

    def get_thread_pool(self) -> _Threads:
        """Return the threads."""
        return _Threads(self.cfg.threads, self._serve)

    def run(self) -> None:
        """Replace gunicorn's poller, and run its loop."""
        self.poller.close()
        self.poller = _Poller()
        super().run()

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Wait for events and call what is to be called."""
        self.poller.dispatch(timeout)

    # Connections come and go.

    def set_accept_enabled(self, enabled: bool) -> None:
        """Accept also where the limit is reached, if another connection can go."""
        super().set_accept_enabled(enabled or (self.alive and bool(self._waiting)))

    def accept(self, listener: socket.socket) -> None:
        """Accept new connections; beyond the limit, each closes the one that has been idle for longest."""
        for _ in range(_AT_ONCE):
            if self.nr_conns >= self.worker_connections and not self._make_room():
                return
            try:
                accepted, client = listener.accept()
            except OSError:
                return
            self.nr_conns += 1
            conn = Connection(self.cfg, accepted, client, listener.getsockname())
            self.poller.add(conn, partial(self._react, conn))
            self._receive(conn)

    def _make_room(self) -> bool:
        # Copied, because threads add to them.
        oldest = [*list(self.keepalived_conns)[:1], *list(self._waiting)[:1]][:1]
        for conn in oldest:
            self._drop(conn)
        return bool(oldest)

    def _drop(self, conn: Connection) -> None:
        """Close a connection at once. Idempotent."""
        if conn.sock.fileno() < 0:
            return
        self._stop_waiting(conn)
        self._forget_large(conn)
        self.nr_conns -= 1
        self.poller.unregister(conn.sock)
        conn.close()

    def _end(self, conn: Connection) -> None:
        """Close a connection once the client has what was sent to it, or soon."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(conn)
            return
        self._wait(conn, State.CLOSING, _CLOSING)
        self._discard(conn)

    # What connections wait for.

    def _wait(self, conn: Connection, state: State, seconds: float) -> None:
        """Make a connection wait for at most some seconds. Any thread may call this."""
        self._stop_waiting(conn)
        if state is State.IDLE:
            seconds = seconds if self.alive else min(seconds, _CLOSING)
            self.keepalived_conns[conn] = None
        conn.state, conn.timeout, conn.moved = state, time.monotonic() + seconds, 0
        self._waiting[conn] = None
        self.poller.arm(conn, _EVENTS[state])

    def _stop_waiting(self, conn: Connection) -> None:
        if self._waiting.pop(conn, conn) is None:
            self.keepalived_conns.pop(conn, None)
            conn.state = State.ANSWERING

    def _react(self, conn: Connection) -> None:
        """Do what an event allows, and arm the connection again if it waits on."""
        state = conn.state
        react = _REACTIONS.get(state)
        if react is None:
            # The event was another connection's, which had the same file descriptor.
            return
        try:
            react(self, conn)
            if conn.state is state and conn in self._waiting:
                self.poller.arm(conn, _EVENTS[state])
        except Exception:
            self.log.exception("unexpected error with a connection")
            self._drop(conn)

    def _extend(self, conn: Connection) -> None:
        """Give a connection another period if it moved as much as is demanded of one."""
        if conn.moved >= _BYTES_PER_PERIOD:
            conn.timeout, conn.moved = time.monotonic() + _PERIOD, 0

    def murder_keepalived(self, force: bool = False) -> None:
        """End, once a second, what takes too long; gunicorn's loop calls this."""
        now = time.monotonic()
        if now < self._swept + 1 and not force:
            return
        self._swept = now
        for conn in [each for each in list(self._waiting) if force or each.timeout <= now]:
            if conn.state is State.READING:
                conn.sock.sendall(_TIMED_OUT)
                conn.keeps = False
                self._send(conn)
            else:
                self._drop(conn)

    def murder_pending(self) -> None:
        """Do nothing: `murder_keepalived` looks at all connections."""

    def _cap_keepalive(self, deadline: float) -> None:
        for conn in list(self.keepalived_conns):
            conn.timeout = min(conn.timeout, deadline)

    # A request arrives.

    def _receive(self, conn: Connection) -> None:
        try:
            data = conn.sock.recv(PART)
        except BlockingIOError:
            if conn.state is State.ANSWERING:
                # A new connection.
                self._wait(conn, State.IDLE, _HEAD)
            return
        except OSError:
            data = b""
        if not data and (not conn.buffer or conn in self._large):
            self._drop(conn)
        elif not data or conn.add(data):
            # Without data, the client has ended its side; what is incomplete and short is answered as such.
            self._answer(conn)
        else:
            self._await_rest(conn)

    def _await_rest(self, conn: Connection) -> None:
        if conn.state is not State.READING:
            self._wait(conn, State.READING, _HEAD)
        elif conn.has_head:
            self._extend(conn)
        if conn.size > _LARGE:
            self._count_large(conn)
            if self._large_bytes > _ALL_LARGE and conn is not next(iter(self._large)):
                self._wait(conn, State.PAUSED, _PERIOD * 30)

    def _count_large(self, conn: Connection) -> None:
        self._large_bytes += conn.size - conn.counted
        conn.counted = conn.size
        self._large[conn] = None

    def _forget_large(self, conn: Connection) -> None:
        """Forget a large request, and go on with those that wait for room."""
        if self._large.pop(conn, conn) is conn:
            return
        self._large_bytes -= conn.counted
        conn.counted = 0
        for other in [each for each in self._large if each.state is State.PAUSED]:
            self._wait(other, State.READING, _PERIOD)

    def _answer(self, conn: Connection) -> None:
        """Have a thread answer the request."""
        self._stop_waiting(conn)
        conn.hand_over()
        self.tpool.put(conn)

    # A thread answers.

    def _serve(self, conn: Connection) -> None:
        """Answer a request, and wait for the next; all that may take longer is left to the main loop."""
        conn.keeps = self.handle(conn)
        if conn.keeps and not conn.sock.unsent and conn not in self._large and not conn.has_more:
            conn.next_request()
            # It may have been closed to make room.
            with contextlib.suppress(OSError):
                self._wait(conn, State.IDLE, self.cfg.keepalive)
        else:
            self.method_queue.defer(self._finish, conn)

    def handle(self, conn: Connection) -> bool:
        """Answer a request; return whether the connection stays open."""
        keeps = super().handle(conn)
        with contextlib.suppress(OSError):
            conn.sock.flush()
        return bool(keeps)

    def _keepalive_after(self, conn: Connection, keepalive: bool) -> bool:
        if not (keepalive and conn.is_whole):
            return False
        while conn.parser.mesg.body.read(PART):
            pass
        return True

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer a request that cannot be parsed, with gunicorn's status and a line of text."""
        super().handle_error(req, _PlainText(client), addr, exc)

    # The answer goes out.

    def _finish(self, conn: Connection) -> None:
        """Send the rest of the answer, and go on with the connection."""
        self._forget_large(conn)
        self._send(conn)

    def _send(self, conn: Connection) -> None:
        try:
            conn.moved += conn.sock.flush()
        except OSError:
            self._drop(conn)
            return
        if not conn.sock.unsent:
            self._go_on(conn)
        elif conn.state is State.SENDING:
            self._extend(conn)
        else:
            self._wait(conn, State.SENDING, _PERIOD)
            self._bound_unsent()

    def _bound_unsent(self) -> None:
        sending = [conn for conn in list(self._waiting) if conn.state is State.SENDING]
        unsent = sum(len(conn.sock.unsent) for conn in sending)
        for conn in sorted(sending, key=lambda conn: conn.timeout):
            if unsent <= _ALL_UNSENT:
                break
            unsent -= len(conn.sock.unsent)
            self._drop(conn)

    def _go_on(self, conn: Connection) -> None:
        """Wait for the next request of a connection, or end it."""
        if not conn.keeps:
            self._end(conn)
        elif conn.next_request():
            self._answer(conn)
        elif conn.buffer:
            self._wait(conn, State.READING, _HEAD)
        else:
            self._wait(conn, State.IDLE, self.cfg.keepalive)

    def _discard(self, conn: Connection) -> None:
        try:
            is_open = bool(conn.sock.recv(PART))
        except BlockingIOError:
            is_open = True
        except OSError:
            is_open = False
        if not is_open:
            self._drop(conn)


#: The event that ends each wait, and what it calls.
_EVENTS = {
    State.IDLE: select.EPOLLIN,
    State.READING: select.EPOLLIN,
    State.PAUSED: 0,
    State.SENDING: select.EPOLLOUT,
    State.CLOSING: select.EPOLLIN,
}
_REACTIONS: dict[State, Callable[[Worker, Connection], None]] = {
    State.IDLE: Worker._receive,
    State.READING: Worker._receive,
    State.SENDING: Worker._send,
    State.CLOSING: Worker._discard,
}
