"""A gunicorn worker that gives a thread a request and not a connection.

gunicorn's threaded worker gives each connection a thread, which waits for the rest of the request and for the
client to take the answer, so a few slow clients occupy all threads. Here the main loop waits: a thread gets a
request that has arrived, answers it with gunicorn's own code, and leaves to the main loop what the client
has not taken, and the end of the connection.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
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
#: Bytes from which a request is large, and bytes of all large ones at a time. Beyond, the largest is refused,
#: of those first that have not moved much for a second.
_LARGE, _ALL_LARGE = 16 * 1024, 48 * 1024 * 1024
_MUCH, _STALLED = 4 * 1024, 1.0
#: Bytes of all answers that clients have not taken. Beyond, the one that moved least recently is cut off.
_ALL_UNSENT = 16 * 1024 * 1024
#: Connections to accept before others are looked at.
_AT_ONCE = 64
#: What a shortage of file descriptors or memory looks like, and the seconds until it is tried again.
_SHORTAGE, _PAUSE = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}, 1.0
#: Bytes of a body that no call has read, after which the connection is not kept.
_UNREAD = 64 * 1024


def _refusal(status: bytes, text: bytes) -> bytes:
    head = b"HTTP/1.1 %s\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
    return head % (status, len(text)) + text


_TIMED_OUT = _refusal(b"408 Request Timeout", b"the request did not arrive in time\n")
_NO_ROOM = _refusal(b"503 Service Unavailable", b"too many large requests at a time, try again later\n")


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
        self._client.sendall(_refusal(line.partition(b" ")[2], text))


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
        self.forget(fileobj if isinstance(fileobj, int) else fileobj.fileno())

    def forget(self, number: int) -> None:
        """Forget a file descriptor."""
        self._callbacks.pop(number, None)
        with contextlib.suppress(OSError):
            self._epoll.unregister(number)

    def add(self, conn: Connection, callback: Callable[[], object]) -> None:
        """Add a connection, for which nothing is called until it is armed."""
        self._callbacks[conn.number] = callback
        self._epoll.register(conn.number, select.EPOLLONESHOT)

    def arm(self, conn: Connection, events: int) -> None:
        """Call a connection's callback at its next event."""
        self._epoll.modify(conn.number, events | select.EPOLLONESHOT)

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
        self._started = self._put = self._served = 0
        self._numbers = itertools.count(1)

    def put(self, conn: Connection) -> None:
        """Have a thread serve a connection. Only the main thread calls this."""
        self._put += 1
        # `_served` may be behind for a moment, but never ahead: too many threads start rather than too few.
        if self._put - self._served > self._started and self._started < self._count:
            self._start()
        self._queue.put(conn)

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name=f"request-{self._started + 1}", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            # There is no memory for one more; the others go on.
            if not self._started:
                raise
        else:
            self._started += 1

    def _run(self) -> None:
        while True:
            self._serve(self._queue.get())
            self._served = next(self._numbers)

    def shutdown(self, wait: bool) -> None:
        """Do nothing: the threads end with the process."""


class Worker(ThreadWorker):  # type: ignore[misc]
    """The worker. Its methods run in the main thread, except where they say otherwise."""

    tpool: _Threads
    poller: _Poller
    alive: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Any number may stay open: the one that is idle longest is closed where room is needed.
        self.max_keepalived = self.worker_connections
        #: Idle connections.
        self.keepalived_conns = _ByAge()
        #: All connections that wait, for a limited time.
        self._waiting: dict[Connection, None] = {}
        # Guards these two, and that only open connections are in them.
        self._lock = threading.Lock()
        #: Large requests, until they are answered.
        self._large: dict[Connection, None] = {}
        self._large_bytes = 0
        self._swept = self._accepts_at = 0.0
        self._idle_deadline = float("inf")

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

    def is_parent_alive(self) -> bool:
        """Return whether the master lives; without it, stop accepting."""
        if not super().is_parent_alive():
            self.alive = False
            return False
        return True

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Wait for events and call what is to be called."""
        if self.alive and time.monotonic() >= self._accepts_at:
            self.set_accept_enabled(self.nr_conns < self.worker_connections)
        self.poller.dispatch(timeout)

    # Connections come and go.

    def set_accept_enabled(self, enabled: bool) -> None:
        """Accept also where the limit is reached, if another connection can go."""
        is_short = time.monotonic() < self._accepts_at
        super().set_accept_enabled(not is_short and (enabled or (self.alive and bool(self._waiting))))

    def accept(self, listener: socket.socket) -> None:
        """Accept new connections; beyond the limit, each closes the one that has been idle for longest."""
        for _ in range(_AT_ONCE):
            if self.nr_conns >= self.worker_connections and not self._make_room():
                return
            try:
                accepted, client = listener.accept()
                self._add(accepted, client, listener)
            except OSError as error:
                if error.errno in _SHORTAGE:
                    self._accepts_at = time.monotonic() + _PAUSE
                    self.set_accept_enabled(False)
                return

    def _add(self, accepted: socket.socket, client: Any, listener: socket.socket) -> None:
        with accepted:
            conn = Connection(self.cfg, accepted, client, listener.getsockname())
        try:
            self.poller.add(conn, partial(self._guarded, conn, self._react))
        except OSError:
            conn.sock.release()
            raise
        self.nr_conns += 1
        self._guarded(conn, self._receive)

    def _make_room(self) -> bool:
        with self._lock:
            oldest = next(iter(self.keepalived_conns or self._waiting), None)
        if oldest is not None:
            self._drop(oldest)
        return oldest is not None

    def _guarded(self, conn: Connection, do: Callable[[Connection], None]) -> None:
        """Do something with a connection; an error ends it and not the worker."""
        try:
            do(conn)
        except Exception:
            self.log.exception("unexpected error with a connection")
            self._drop(conn)

    def _drop(self, conn: Connection) -> None:
        """Close a connection at once. Idempotent."""
        with self._lock:
            if not conn.is_open:
                return
            conn.is_open = False
            self._stop_waiting(conn)
            self.poller.forget(conn.number)
            conn.sock.release()
        self.nr_conns -= 1
        self._forget_large(conn)

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
        with self._lock:
            if not conn.is_open:
                return
            self._stop_waiting(conn)
            now = time.monotonic()
            conn.state, conn.moved, conn.moved_at = state, 0, now
            conn.timeout = now + seconds
            self._waiting[conn] = None
            if state is State.IDLE:
                self.keepalived_conns[conn] = None
            self.poller.arm(conn, _EVENTS[state])

    def _stop_waiting(self, conn: Connection) -> None:
        """End what a connection waits for; the caller has the lock."""
        self._waiting.pop(conn, None)
        self.keepalived_conns.pop(conn, None)
        conn.state = State.ANSWERING

    def _react(self, conn: Connection) -> None:
        """Do what an event allows, and arm the connection again if it waits on."""
        state = conn.state
        if state is State.ANSWERING:
            # The client has gone, or the event was another connection's with the same file descriptor.
            return
        _REACTIONS[state](self, conn)
        if conn.state is state and conn.is_open:
            self.poller.arm(conn, _EVENTS[state])

    def _extend(self, conn: Connection) -> None:
        """Give a connection another period if it moved as much as is demanded of one."""
        if conn.moved >= _BYTES_PER_PERIOD:
            conn.timeout, conn.moved = time.monotonic() + _PERIOD, 0

    def murder_keepalived(self, force: bool = False) -> None:
        """End, once a second, what takes too long; gunicorn's loop calls this."""
        now = time.monotonic()
        if self.alive and now < self._swept + 1 and not force:
            return
        self._swept = now
        with self._lock:
            waiting = list(self._waiting)
        for conn in waiting:
            limit = min(conn.timeout, self._idle_deadline) if conn.state is State.IDLE else conn.timeout
            if force or limit <= now:
                self._guarded(conn, self._time_out)

    def _time_out(self, conn: Connection) -> None:
        if conn.state is State.READING:
            self._refuse(conn, _TIMED_OUT)
        else:
            self._drop(conn)

    def _refuse(self, conn: Connection, answer: bytes) -> None:
        """Answer a request that no thread gets, and end the connection."""
        self._forget_large(conn)
        conn.arrival.buffer = b""
        conn.keeps = False
        conn.sock.sendall(answer)
        self._send(conn)

    def murder_pending(self) -> None:
        """Do nothing: `murder_keepalived` looks at all connections."""

    def _cap_keepalive(self, deadline: float) -> None:
        self._idle_deadline = deadline

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
        if not data and (conn in self._large or conn.arrival.is_blank or not conn.arrival.buffer):
            self._drop(conn)
        elif not data or conn.add(data):
            # Without data, the client has ended its side; what is incomplete and short is answered as such.
            self._answer(conn)
        else:
            self._await_rest(conn, len(data))

    def _await_rest(self, conn: Connection, received: int) -> None:
        if conn.state is not State.READING:
            self._await_first(conn)
        elif conn.arrival.has_head:
            self._extend(conn)
        if received >= _MUCH:
            conn.moved_at = time.monotonic()
        self._count_large(conn)
        self._bound_large(conn)

    def _count_large(self, conn: Connection) -> None:
        """Count what has arrived of a request if it is large."""
        size = len(conn.arrival.buffer)
        if size > _LARGE:
            self._large_bytes += size - conn.counted
            conn.counted = size
            self._large[conn] = None

    def _bound_large(self, conn: Connection) -> None:
        """Refuse a large request if all are too large together, now that more of this one has arrived."""
        if conn.counted and self._large_bytes > _ALL_LARGE:
            stalled = time.monotonic() - _STALLED
            reading = [each for each in self._large if each.state is State.READING]
            self._refuse(max(reading, key=lambda each: (each.moved_at < stalled, each.counted)), _NO_ROOM)

    def _forget_large(self, conn: Connection) -> None:
        if conn in self._large:
            del self._large[conn]
            self._large_bytes -= conn.counted
            conn.counted = 0

    def _answer(self, conn: Connection) -> None:
        """Have a thread answer the request."""
        with self._lock:
            self._stop_waiting(conn)
        self._count_large(conn)
        conn.hand_over()
        self.tpool.put(conn)

    # A thread answers.

    def _serve(self, conn: Connection) -> None:
        """Answer a request, and wait for the next; what may take longer is left to the main loop."""
        try:
            conn.keeps = self.handle(conn)
            if conn.keeps and not (conn.sock.unsent or conn.counted or conn.received.left):
                conn.next_request()
                self._wait(conn, State.IDLE, self.cfg.keepalive)
                return
        except BaseException:
            # Not even an exit of the application may end the thread.
            self.log.exception("unexpected error with a request")
            conn.keeps = False
        self.method_queue.defer(self._guarded, conn, self._finish)

    def handle(self, conn: Connection) -> bool:
        """Answer a request, in a thread; return whether the connection stays open."""
        keeps = super().handle(conn)
        with contextlib.suppress(OSError):
            conn.sock.flush()
        return bool(keeps)

    def _keepalive_after(self, conn: Connection, keepalive: bool) -> bool:
        return bool(keepalive and conn.parser.finish_body(max_bytes=_UNREAD) and conn.is_in_step)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer a request that cannot be parsed, with gunicorn's status and a line of text."""
        super().handle_error(req, _PlainText(client), addr if isinstance(addr, tuple) else None, exc)

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
        with self._lock:
            sending = [conn for conn in self._waiting if conn.state is State.SENDING]
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
        else:
            self._await_first(conn)

    def _await_first(self, conn: Connection) -> None:
        """Wait for a request, or for the rest of it; an empty line does not begin one."""
        if conn.arrival.buffer and not conn.arrival.is_blank:
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
    State.SENDING: select.EPOLLOUT,
    State.CLOSING: select.EPOLLIN,
}
_REACTIONS: dict[State, Callable[[Worker, Connection], None]] = {
    State.IDLE: Worker._receive,
    State.READING: Worker._receive,
    State.SENDING: Worker._send,
    State.CLOSING: Worker._discard,
}
