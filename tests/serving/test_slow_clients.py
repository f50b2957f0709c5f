"""Clients that are slow on purpose occupy no thread; what they may do is bounded."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.support.server import PATIENCE, Server

BODY = json.dumps({"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "1"}).encode()
START = b"POST /auth/user_token HTTP/1.1\r\nHost: localhost\r\n"
HEAD = START + b"Content-Length: %d\r\n" % len(BODY)
WHOLE = HEAD + b"\r\n" + BODY


@pytest.fixture(name="small")
def _small(tmp_path: Path) -> Iterator[Server]:
    """Yield a server with two threads."""
    server = Server(tmp_path / "instance", tmp_path / "log", ROLLCALL_THREADS="2").start()
    yield server
    assert server.stop() == 0
    assert "Traceback" not in server.log


def connect(server: Server, sent: bytes = b"") -> socket.socket:
    client = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
    client.sendall(sent)
    return client


def answer_of(client: socket.socket) -> tuple[bytes, bytes]:
    """Return status line and body of the next answer; the body has a Content-Length."""
    reader = client.makefile("rb")
    status = reader.readline()
    length = 0
    while (line := reader.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    return status.rstrip(), reader.read(length)


def is_served(server: Server) -> bool:
    with closing(connect(server, WHOLE)) as client:
        status, body = answer_of(client)
        return status == b"HTTP/1.1 200 OK" and json.loads(body)["errCode"] == 0


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        HEAD[:40],
        HEAD + b"\r\n" + BODY[:10],
        START + b"Content-Length: 1000000\r\n\r\n" + b"x" * 200_000,
        START + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        START + b"Content-Length: 900000000000\r\n\r\nx",
        START + b"Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nab",
        HEAD + b"Connection: close\r\n\r\n" + BODY,
        b"\x16\x03\x01\r\n\r\n",
    ],
    ids=[
        "silent",
        "half a head",
        "half a body",
        "half a large body",
        "half a chunk",
        "a body without end",
        "coded chunks",
        "stays after close",
        "stays after garbage",
    ],
)
def test_many_slow_clients_leave_the_threads_to_others(small: Server, sent: bytes) -> None:
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(closing(connect(small, sent)))
        for _ in range(5):
            assert is_served(small)


def test_clients_that_do_not_read_leave_the_threads_to_others(small: Server) -> None:
    """Each asks for an answer that is larger than the buffers of both sockets."""
    ids = json.dumps({"userIDs": ["x" * 60] * 10_000}).encode()
    token = small.post("/auth/user_token", BODY)[1]["data"]["token"]
    head = b"POST /v3.8/user/get_users_status HTTP/1.1\r\nHost: localhost\r\noperationID: 1\r\ntoken: %s\r\n"
    request = head % token.encode() + b"Content-Length: %d\r\n\r\n%s" % (len(ids), ids)
    with ExitStack() as stack:
        clients = []
        for _ in range(8):
            client = stack.enter_context(closing(socket.socket()))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(PATIENCE)
            client.connect(("127.0.0.1", small.port))
            client.sendall(request * 4)
            clients.append(client)
        for _ in range(5):
            assert is_served(small)
        # A client that reads after all gets its answers, in full.
        reader = clients[0].makefile("rb")
        for _ in range(4):
            head = b"".join(iter(reader.readline, b"\r\n"))
            length = int(head.partition(b"Content-Length: ")[2].split()[0])
            rows = json.loads(reader.read(length))["data"]["statusList"]
            assert rows == [{"userID": "x" * 60, "status": 0, "platformIDs": None}] * 10_000


def test_requests_that_do_not_arrive_in_time_get_status_408(small: Server) -> None:
    late = (b"HTTP/1.1 408 Request Timeout", b"the request did not arrive in time\n")
    with (
        closing(connect(small, HEAD[:40])) as half_a_head,
        closing(connect(small, HEAD + b"\r\n" + BODY[:10])) as half_a_body,
        closing(connect(small)) as silent,
    ):
        assert answer_of(half_a_head) == late
        assert answer_of(half_a_body) == late
        assert silent.recv(1) == b""


@pytest.mark.parametrize(
    "rest",
    [
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0000\r\nX-One: y\r\nX-Two: z\r\n\r\n",
    ],
    ids=["plain", "with trailers"],
)
def test_a_chunked_body_may_come_byte_by_byte(small: Server, rest: bytes) -> None:
    with closing(connect(small)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in START + rest % (len(BODY), BODY):
            client.send(bytes([byte]))
        assert answer_of(client)[0] == b"HTTP/1.1 200 OK"
        # The connection stays open.
        client.sendall(WHOLE)
        assert answer_of(client)[0] == b"HTTP/1.1 200 OK"


def test_data_that_looks_like_the_last_chunk_is_data(small: Server) -> None:
    data = b'{"a":"\r\n0\r\n\r\n'
    with closing(connect(small, START + b"Transfer-Encoding: chunked\r\n\r\n100\r\n" + data)) as client:
        client.sendall(b"x" * (0x100 - len(data)) + b"\r\n0\r\n\r\n")
        status, body = answer_of(client)
        assert status == b"HTTP/1.1 400 Bad Request"
        assert b"BindJSON failed" in body


def test_pipelined_requests_are_answered_in_order(small: Server) -> None:
    paths = [b"/healthz", b"/nothing", b"/healthz", b"/nothing"]
    requests = b"".join(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path for path in paths)
    with closing(connect(small, requests[:-10])) as client:
        reader = client.makefile("rb")

        def status() -> bytes:
            line: bytes = reader.readline().rstrip()
            headers = dict(header.split(b": ") for header in iter(lambda: reader.readline().rstrip(), b""))
            reader.read(int(headers[b"Content-Length"]))
            return line

        found = [status() for _ in range(3)]
        client.sendall(requests[-10:])
        found.append(status())
    assert found == [b"HTTP/1.1 200 OK", b"HTTP/1.1 404 NOT FOUND"] * 2


def test_a_client_that_expects_it_is_told_once_to_continue(small: Server) -> None:
    with closing(connect(small, HEAD + b"Expect: 100-continue\r\n\r\n")) as client:
        told = b"HTTP/1.1 100 Continue\r\n\r\n"
        assert client.recv(100) == told
        client.sendall(BODY)
        assert answer_of(client)[0] == b"HTTP/1.1 200 OK"


def test_a_body_that_is_too_long_is_refused_and_the_client_gets_the_answer(small: Server) -> None:
    for length in (2_000_000, 10**12):
        with closing(connect(small, START + b"Content-Length: %d\r\n\r\n" % length)) as client:
            client.sendall(b" " * 2_000_000)
            status, body = answer_of(client)
            assert status == b"HTTP/1.1 400 Bad Request"
            assert b"request body is larger than 1048576 bytes" in body


def test_a_request_that_cannot_be_parsed_gets_a_line_of_text(small: Server) -> None:
    for sent, status, text in (
        (b"GET / HTTP/9.9\r\n\r\n", b"HTTP/1.1 400 Bad Request", b"bad request\n"),
        (
            b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 1500 + b"\r\n",
            b"HTTP/1.1 431 Request Header Fields Too Large",
            b"request header fields too large\n",
        ),
    ):
        with closing(connect(small, sent)) as client:
            assert answer_of(client) == (status, text)
            assert client.recv(1) == b""


def test_beyond_the_limit_the_connection_that_is_idle_longest_goes_first(tmp_path: Path) -> None:
    server = Server(tmp_path / "instance", tmp_path / "log")
    server.max_files = 256
    server.start()
    with ExitStack() as stack:
        clients = []
        for _ in range(200):
            clients.append(stack.enter_context(closing(connect(server, WHOLE))))
            assert answer_of(clients[-1])[0] == b"HTTP/1.1 200 OK"
        assert is_served(server)
        clients[-1].sendall(WHOLE)
        assert answer_of(clients[-1])[0] == b"HTTP/1.1 200 OK"
        assert clients[0].recv(1) == b""
    assert server.stop() == 0


def test_a_length_with_many_zeros_does_not_hide_a_second_request(small: Server) -> None:
    hidden = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"
    head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: %030d\r\n\r\n" % len(hidden)
    with closing(connect(small, head)) as client:
        client.sendall(hidden + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        received = client.makefile("rb").read()
    assert received.count(b"HTTP/1.1 ") == received.count(b"HTTP/1.1 200 OK") == 2


def test_a_request_is_served_while_another_one_waits_for_a_receiver(tmp_path: Path) -> None:
    """The first thread waits, and the second is started for a single further request."""
    with closing(socket.create_server(("127.0.0.1", 0))) as receiver:
        settings = {
            "ROLLCALL_THREADS": "2",
            "ROLLCALL_OPENIM_CALLBACK_URL": f"http://127.0.0.1:{receiver.getsockname()[1]}",
            "ROLLCALL_OPENIM_CALLBACKS": "beforeUserRegister:15",
        }
        server = Server(tmp_path / "instance", tmp_path / "log", **settings).start()
        body = json.dumps({"secret": "openIM123", "users": [{"userID": "u"}]}).encode()
        head = b"POST /v3.4/user/user_register HTTP/1.1\r\nHost: localhost\r\noperationID: 1\r\n"
        with closing(connect(server, head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))):
            asked, _ = receiver.accept()
            assert is_served(server)
            asked.close()
        assert server.stop() == 0


def test_an_empty_line_behind_a_request_does_not_begin_another(small: Server) -> None:
    with closing(connect(small, WHOLE + b"\r\n")) as client:
        assert answer_of(client)[0] == b"HTTP/1.1 200 OK"
        client.sendall(WHOLE)
        assert answer_of(client)[0] == b"HTTP/1.1 200 OK"


def test_where_all_connections_are_busy_the_next_one_gets_in_afterwards(tmp_path: Path) -> None:
    server = Server(tmp_path / "instance", tmp_path / "log")
    server.max_files = 256
    server.start()
    with ExitStack() as stack:
        clients = [stack.enter_context(closing(connect(server))) for _ in range(64)]
        for _ in range(3):
            for client in clients:
                client.sendall(WHOLE)
            for client in clients:
                assert answer_of(client)[0] == b"HTTP/1.1 200 OK"
        assert is_served(server)
    assert server.stop() == 0
