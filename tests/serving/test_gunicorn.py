"""What the worker relies on in gunicorn; a release in which it differs has to be looked at."""

from __future__ import annotations

import inspect
import socket

import gunicorn
import pytest
from gunicorn.http.parser import Parser
from gunicorn.http.unreader import Unreader
from gunicorn.workers.base import Worker as BaseWorker
from gunicorn.workers.gthread import PollableMethodQueue, TConn, ThreadWorker
from rollcall_server.serving.connections import Arrival, ClientSocket, Received
from rollcall_server.serving.worker import Worker

WHY = f"gunicorn {gunicorn.__version__} differs in what Rollcall's worker replaces or calls"


@pytest.mark.parametrize(
    ("owner", "name", "parameters"),
    [
        (ThreadWorker, "accept", "self, listener"),
        (ThreadWorker, "set_accept_enabled", "self, enabled"),
        (ThreadWorker, "murder_keepalived", "self, force"),
        (ThreadWorker, "murder_pending", "self"),
        (ThreadWorker, "_cap_keepalive", "self, deadline"),
        (ThreadWorker, "wait_for_and_dispatch_events", "self, timeout"),
        (ThreadWorker, "get_thread_pool", "self"),
        (ThreadWorker, "run", "self"),
        (ThreadWorker, "handle", "self, conn"),
        (ThreadWorker, "_keepalive_after", "self, conn, keepalive"),
        (BaseWorker, "handle_error", "self, req, client, addr, exc"),
        (TConn, "__init__", "self, cfg, sock, client, server"),
        (TConn, "close", "self, graceful"),
        (PollableMethodQueue, "defer", "self, callback, args"),
        (Parser, "finish_body", "self, deadline, max_bytes"),
        (Unreader, "read", "self, size, read_ahead"),
        (Unreader, "unread", "self, data"),
        (Unreader, "take_buffered", "self"),
    ],
)
def test_gunicorn_has_what_the_worker_replaces_or_calls(owner: type, name: str, parameters: str) -> None:
    found = getattr(owner, name, None)
    assert found is not None, WHY
    assert ", ".join(inspect.signature(found).parameters) == parameters, WHY


def test_the_worker_replaces_every_method_that_waits_for_a_client() -> None:
    """gunicorn's other methods neither read from a connection nor write to one."""
    own = {name for name, each in vars(Worker).items() if inspect.isfunction(each)}
    methods = {name: inspect.getsource(each) for name, each in vars(ThreadWorker).items() if callable(each)}
    waiting = {name for name, source in methods.items() if "conn." in source or ".accept(" in source}
    http_2 = {"handle_h2c_upgrade", "handle_http2", "handle_http2_request", "_serve_http2_stream"}
    # They are never called, as the worker keeps its own connections.
    unused = {"on_client_socket_readable", "on_pending_socket_readable", "finish_request", "enqueue_req"}
    assert waiting - own - http_2 - unused == {"handle_request"}, WHY


def test_what_has_arrived_has_every_method_of_gunicorns_unreader_that_http_1_calls() -> None:
    wanted: set[str] = {name for name in vars(Unreader) if not name.startswith("_")} - {"chunk"}
    assert wanted <= set(dir(Received)), WHY


def test_a_client_socket_never_blocks_and_keeps_what_is_sent() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        client = ClientSocket(ours)
        client.setblocking(True)
        client.settimeout(5)
        assert client.gettimeout() == 0.0
        client.sendall(b"x" * 1_000_000)
        client.sendall(b"y" * 1_000_000)
        received = bytearray()
        while client.unsent:
            client.flush()
            received += theirs.recv(65_536)
        theirs.setblocking(False)
        while len(received) < 2_000_000:
            received += theirs.recv(65_536)
        assert received == b"x" * 1_000_000 + b"y" * 1_000_000
        client.close()
        assert client.fileno() >= 0
        client.release()
        assert client.fileno() < 0


HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: Chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("parts", "ready", "is_whole"),
    [
        ([b"GET / HTTP/1.1\r\n", b"\r\n"], [False, True], True),
        ([HEAD + b"Content-Length: 3\r\n\r\nab", b"c"], [False, True], True),
        ([HEAD + b"CONTENT-LENGTH:3 \r\n\r\nabcGET"], [True], True),
        ([HEAD + b"Content-Length: %030d\r\n\r\nab" % 3, b"c"], [False, True], True),
        ([HEAD + b"Content-Length: x\r\n\r\n"], [True], False),
        ([HEAD + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\n"], [True], False),
        ([HEAD + b"Content-Length: 99999999\r\n\r\n"], [True], False),
        ([HEAD + b"Transfer-Encoding: gzip\r\n\r\n"], [True], False),
        ([HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n"], [True], False),
        ([HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"], [True], False),
        ([CHUNKED, b"0\r\n", b"\r\n"], [False, False, True], True),
        ([CHUNKED + b"1\r\na\r\n0\r\nT: x\r\n\r\n"], [True], True),
        ([CHUNKED + b"5\r\n0\r\n\r\n", b"\r\n0\r\n\r\n"], [False, True], True),
        ([CHUNKED + b"00a;x\r\n0123456789\r\n0\r\n\r\nGET /"], [True], True),
        ([CHUNKED + b"x\r\n"], [True], False),
        ([CHUNKED + b"fffffff\r\n"], [True], False),
        ([CHUNKED + b"1\r\na\r\n" * 1002], [True], False),
        ([b"x" * 8192, b"x"], [False, True], False),
        ([b"GET / HTTP/1.1\n\n"], [True], False),
        ([b"GET / HTTP/1.1\r\nX: " + b"y" * 9000 + b"\r\n\r\n"], [True], False),
    ],
)
def test_a_request_is_ready_once_it_is_whole_or_in_doubt(
    parts: list[bytes], ready: list[bool], is_whole: bool
) -> None:
    arrival = Arrival()
    assert [arrival.add(part) for part in parts] == ready
    assert arrival.is_whole is is_whole


@pytest.mark.parametrize(
    ("sent", "is_whole"),
    [
        (b"POST / HTTP/1.1\r\ntransfer-encoding:" + b" " * 8000 + b"\rx\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\n" + b"expect:\t" * 1000 + b"\r\n\r\n", True),
        (b" HTTP/1.1\r\n" * 700 + b"\r\n", True),
        (CHUNKED + b"1\r\n0\r\n" * 900 + b"0\r\n\r\n", True),
    ],
    ids=["blanks", "fields", "lines", "chunks"],
)
def test_a_hostile_request_takes_linear_time(sent: bytes, is_whole: bool) -> None:
    """Each byte comes in a packet of its own; a search that backtracks would take minutes."""
    arrival = Arrival()
    ready = [arrival.add(sent[at : at + 1]) for at in range(len(sent))]
    assert ready == [False] * (len(sent) - 1) + [True]
    assert arrival.is_whole is is_whole
