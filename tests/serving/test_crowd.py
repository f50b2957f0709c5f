"""More clients than gunicorn keeps by default: idle ones hold no thread, concurrent ones are all served."""

from __future__ import annotations

import contextlib
import json
import resource
import socket
import threading

import pytest

from tests.serving.conftest import MakeServer
from tests.support.server import PATIENCE, Server
from tests.support.storm import V3

pytestmark = pytest.mark.serving

BODY = json.dumps({"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "1"}).encode()
REQUEST = (
    b"POST /auth/user_token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
)
IDLE = 1500
AT_ONCE = 300


def connect(server: Server) -> socket.socket:
    """Return an open connection, over which a token was requested."""
    connection = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
    connection.settimeout(PATIENCE)
    get_token(connection)
    return connection


def get_token(connection: socket.socket) -> None:
    """Request a token over a connection and read the whole answer."""
    connection.sendall(REQUEST)
    answer = b""
    while not answer.endswith(b"}}"):
        chunk = connection.recv(4096)
        assert chunk, answer
        answer += chunk
    assert answer.startswith(b"HTTP/1.1 200 OK")


def test_idle_clients_keep_their_connections_and_other_clients_are_served(make_server: MakeServer) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 3 * IDLE:
        pytest.skip("this machine allows too few open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 3 * IDLE), hard))
    server = make_server().start()
    with contextlib.ExitStack() as kept:
        idle = [kept.enter_context(connect(server)) for _ in range(IDLE)]
        connect(server).close()
        # The first idle connection is still open and served.
        get_token(idle[0])
        assert server.stop() == 0


def test_many_concurrent_registrations_all_succeed(make_server: MakeServer) -> None:
    server = make_server().start()
    codes: list[int] = []

    def register(number: int) -> None:
        body = {"secret": "openIM123", "users": [{"userID": f"u{number}"}]}
        codes.append(server.post("/user/user_register", body, V3)[1]["errCode"])

    threads = [threading.Thread(target=register, args=(number,)) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert codes == [0] * AT_ONCE
    assert server.log.count("Booting worker") == 1
