"""Kills, reloads and stops of a real server, most of them under load."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sqlite3
import time

import pytest

from tests.serving.conftest import MakeServer
from tests.support.server import PATIENCE, Server
from tests.support.storm import V3, Storm, register, registered

pytestmark = pytest.mark.serving


@pytest.mark.parametrize("victim", ["worker", "master and worker"])
def test_acknowledged_registrations_survive_sigkill(make_server: MakeServer, victim: str) -> None:
    server = make_server().start()
    with Storm(server) as storm:
        storm.wait_for(100)
        if victim == "worker":
            os.kill(server.worker, signal.SIGKILL)
        else:
            server.kill()
    if victim == "worker":
        server.wait_for(r"(?s)sent SIGKILL.*Rollcall speaks")
    else:
        server.start()
    assert len(storm.acknowledged) >= 100
    assert storm.refused == []
    assert registered(server, storm.acknowledged) == storm.acknowledged
    assert server.stop() == 0
    with contextlib.closing(sqlite3.connect(server.instance / "rollcall.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_many_kills_lose_no_acknowledged_registration(make_server: MakeServer) -> None:
    """Fifteen rounds, or KILL_ROUNDS, of SIGKILL under the load of 32 clients in all dialects."""
    server = make_server().start()
    acknowledged: list[str] = []
    for number in range(int(os.environ.get("KILL_ROUNDS", "15"))):
        seen = len(server.log)
        with Storm(server, 32, first=100_000 * number) as storm:
            storm.wait_for(60)
            if number % 2:
                os.kill(server.worker, signal.SIGKILL)
            else:
                server.kill()
        if number % 2:
            server.wait_for(r"(?s)sent SIGKILL.*Rollcall speaks", seen)
        else:
            server.start()
        assert storm.refused == []
        acknowledged += storm.acknowledged
    for start in range(0, len(acknowledged), 5000):
        part = acknowledged[start : start + 5000]
        assert registered(server, part) == part
    assert server.stop() == 0
    with contextlib.closing(sqlite3.connect(server.instance / "rollcall.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_reload_under_load_fails_no_request_and_applies_new_settings(make_server: MakeServer) -> None:
    server = make_server().start()
    before = server.worker
    with Storm(server, 4) as storm:
        storm.wait_for(50)
        (server.instance / "config.py").write_text("OPENIM_V3_TOKEN_DAYS = 1\n")
        seen = len(server.log)
        server.signal(signal.SIGHUP)
        server.wait_for("Rollcall speaks", seen)
        storm.wait_for(len(storm.acknowledged) + 50)
    assert storm.failed == []
    assert storm.refused == []
    assert server.worker != before
    assert registered(server, storm.acknowledged) == storm.acknowledged
    login = {"secret": "openIM123", "platformID": 1, "userID": "openIMAdmin"}
    assert server.post("/auth/user_token", login, V3)[1]["data"]["expireTimeSeconds"] == 86400
    assert "Traceback" not in server.log
    assert server.stop() == 0


def half_sent(server: Server) -> tuple[socket.socket, bytes]:
    """Send the first part of a request; return the connection and the rest."""
    body = b'{"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "1"}'
    head = b"POST /auth/user_token HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)
    client = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
    client.sendall(head + body[:20])
    return client, body[20:]


def send_and_read(client: socket.socket, rest: bytes) -> None:
    """Send the rest of a request; the answer must be complete."""
    client.sendall(rest)
    status, _, answer = client.makefile("rb").read().partition(b"\r\n")
    assert status == b"HTTP/1.1 200 OK"
    assert b'{"errCode":0,"errMsg":"","data":{"userID":"openIMAdmin","token":"eyJ' in answer
    assert answer.endswith(b"}}")


def test_a_request_in_progress_at_a_reload_is_answered(make_server: MakeServer) -> None:
    server = make_server().start()
    client, rest = half_sent(server)
    with client:
        server.signal(signal.SIGHUP)
        server.wait_for("(?s)Hang up.*Booting worker")
        time.sleep(0.5)
        assert server.log.count("Rollcall speaks") == 1
        send_and_read(client, rest)
    server.wait_for("(?s)(Rollcall speaks.*){2}")


def test_a_stalled_client_delays_a_reload_by_the_graceful_timeout_at_most(
    make_server: MakeServer,
) -> None:
    server = make_server("--graceful-timeout", "1").start()
    half, _ = half_sent(server)
    with half, socket.create_connection(("127.0.0.1", server.port)):
        server.signal(signal.SIGHUP)
        server.wait_for("(?s)(Rollcall speaks.*){2}")
        assert server.post("/auth/user_token", {})[0] == 400


def test_a_reload_with_invalid_settings_keeps_the_old_worker(make_server: MakeServer) -> None:
    server = make_server().start()
    worker = server.worker
    (server.instance / "config.py").write_text("THREADS = 'two'\n")
    server.signal(signal.SIGHUP)
    server.wait_for("not reloaded, the old settings stay in force: THREADS in .* must be a whole")
    assert server.post("/auth/user_token", {})[0] == 400
    assert server.worker == worker
    assert "Traceback" not in server.log


def test_a_reload_to_documented_secrets_ends_a_server_on_a_public_address(make_server: MakeServer) -> None:
    server = make_server("-b", "0.0.0.0:0", ROLLCALL_DIALECTS="openim_v3")
    server.instance.mkdir()
    config = server.instance / "config.py"
    config.write_text("OPENIM_SECRET = 'a-secret-of-our-own'\n")
    server.start()
    config.unlink()
    server.signal(signal.SIGHUP)
    assert server.exit_status() != 0
    assert "rollcall: Rollcall does not listen on 0.0.0.0" in server.log
    assert "Traceback" not in server.log


def test_sigterm_under_load_answers_the_requests_in_progress(make_server: MakeServer) -> None:
    server = make_server().start()
    with Storm(server) as storm:
        storm.wait_for(50)
        server.signal(signal.SIGTERM)
        assert server.exit_status() == 0
    assert storm.refused == []
    # Connections that were not yet accepted are refused; no answer is cut off.
    assert {type(error) for error in storm.failed} <= {ConnectionRefusedError, ConnectionResetError}
    assert [file.name for file in server.instance.iterdir() if file.suffix != ".lock"] == ["rollcall.db"]
    assert registered(server.start(), storm.acknowledged) == storm.acknowledged


def test_a_request_in_progress_at_sigterm_is_answered(make_server: MakeServer) -> None:
    server = make_server().start()
    client, rest = half_sent(server)
    with client:
        server.signal(signal.SIGTERM)
        server.wait_for("Handling signal: term")
        time.sleep(0.5)
        send_and_read(client, rest)
    assert server.exit_status() == 0


def test_stalled_clients_delay_sigterm_by_the_graceful_timeout_at_most(make_server: MakeServer) -> None:
    server = make_server("--graceful-timeout", "8").start()
    assert register(server, "storm-0-0")
    half, _ = half_sent(server)
    late, rest = half_sent(server)
    with half, late, socket.create_connection(("127.0.0.1", server.port)):
        server.signal(signal.SIGTERM)
        # gunicorn lingers on the connection of a client that is answered late and keeps it open.
        time.sleep(2.5)
        late.sendall(rest)
        assert server.exit_status(8 - 2.5 + 1) == 0
    assert not (server.instance / "rollcall.db-wal").exists()
    assert registered(server.start(), ["storm-0-0"]) == ["storm-0-0"]


def test_a_restart_clears_presence_and_changes_the_epoch(make_server: MakeServer) -> None:
    server = make_server().start()
    login = {"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "1"}
    headers = {"token": server.post("/auth/user_token", login)[1]["data"]["token"]}
    epoch = server.post("/presence/heartbeat", b"", headers)[1]["data"]["epoch"]
    body = {"operationID": "1", "userIDList": ["openIMAdmin"]}
    assert server.post("/user/get_users_online_status", body, headers)[1]["data"][0]["status"] == "online"
    assert server.stop() == 0
    server.start()
    assert server.post("/user/get_users_online_status", body, headers)[1]["data"] == [
        {"userID": "openIMAdmin", "status": "offline"}
    ]
    assert server.post("/presence/heartbeat", b"", headers)[1]["data"]["epoch"] != epoch
