"""A full disk, a read-only or a locked database: writes are refused, reads go on."""

from __future__ import annotations

import contextlib
import resource
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serving.conftest import MakeServer
from tests.support.server import Server
from tests.support.storm import V3, register, registered
from tests.support.tokens import signature_of

pytestmark = pytest.mark.serving

RONG = {
    "App-Key": "live-app-key",
    "Nonce": "1",
    "Timestamp": "2",
    "Signature": signature_of("live-app-secret", "1", "2"),
}
# A registration in each dialect, and the answer if it cannot be written.
WRITES: dict[str, tuple[str, Any, dict[str, str], dict[str, Any]]] = {
    "v2": (
        "/auth/user_register",
        {"secret": "tuoyun", "platform": 1, "userID": "late", "operationID": "1"},
        {},
        {"errCode": 802, "errMsg": "db failed"},
    ),
    "v3.4": (
        "/user/user_register",
        {"secret": "openIM123", "users": [{"userID": "late"}]},
        V3,
        {"errCode": 90002, "errMsg": "DatabaseError", "errDlt": ": 90002 DatabaseError "},
    ),
    "rongcloud": (
        "/user/getToken.json",
        b"userId=late&name=n",
        RONG,
        {
            "url": "/user/getToken.json",
            "code": 1000,
            "errorMessage": "the database is not available, try again later",
        },
    ),
}


def token_of(server: Server) -> str:
    login = {"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "1"}
    token: str = server.post("/auth/user_token", login)[1]["data"]["token"]
    return token


def read(server: Server, token: str) -> None:
    """Check a token, read users and presence, send a heartbeat: none of it writes to the database."""
    headers = {**V3, "token": token}
    for path, body in (
        ("/auth/parse_token", {"token": token}),
        ("/user/account_check", {"checkUserIDs": ["storm-0-0", "nobody"]}),
        ("/user/get_users_online_status", {"userIDs": ["openIMAdmin"]}),
    ):
        assert server.post(path, body, headers)[1]["errCode"] == 0
    assert server.post("/presence/heartbeat", {}, headers)[1]["errCode"] == 0


def refuse_all(server: Server) -> None:
    for path, body, headers, answer in WRITES.values():
        status, given = server.post(path, body, headers)
        assert (status, {**given, "errDlt": answer["errDlt"]} if "errDlt" in answer else given) == (
            503,
            answer,
        )


def test_a_full_disk_refuses_writes_until_there_is_space_and_reads_go_on(
    make_server: MakeServer,
) -> None:
    server = make_server().start()
    assert register(server, "storm-0-0")
    token = token_of(server)
    log = server.instance / "rollcall.db-wal"
    unlimited = resource.prlimit(server.worker, resource.RLIMIT_FSIZE)
    resource.prlimit(server.worker, resource.RLIMIT_FSIZE, (log.stat().st_size, unlimited[1]))
    for _ in range(3):
        refuse_all(server)
        read(server, token)
    resource.prlimit(server.worker, resource.RLIMIT_FSIZE, unlimited)
    assert register(server, "storm-0-1")
    assert registered(server, ["storm-0-0", "storm-0-1", "late"]) == ["storm-0-0", "storm-0-1"]
    assert server.stop() == 0
    assert [server.log.count(text) for text in ("writes fail: ", "writes succeed again")] == [1, 1]
    assert check(server) == "ok"


@pytest.fixture
def freeze(tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Make the open database and its WAL read-only (`+i`) or writable again (`-i`)."""
    files = [tmp_path / "instance" / name for name in ("rollcall.db", "rollcall.db-wal")]

    def change(flag: str) -> None:
        done = subprocess.run(["chattr", flag, *files], capture_output=True, check=False)
        if done.returncode:
            pytest.skip("chattr +i needs root and a file system with the flag")

    if shutil.which("chattr") is None:
        pytest.skip("chattr is missing")
    yield change
    subprocess.run(["chattr", "-i", *files], capture_output=True, check=False)


def test_a_read_only_database_refuses_writes_until_it_is_writable_and_reads_go_on(
    make_server: MakeServer, freeze: Callable[[str], None]
) -> None:
    server = make_server().start()
    assert register(server, "storm-0-0")
    token = token_of(server)
    freeze("+i")
    for _ in range(3):
        refuse_all(server)
        read(server, token)
    assert server.request("GET", "/healthz", b"", {})[0] == 200
    assert server.request("GET", "/readyz", b"", {})[0] == 503
    freeze("-i")
    assert register(server, "storm-0-1")
    assert server.request("GET", "/readyz", b"", {})[0] == 200
    assert registered(server, ["storm-0-0", "storm-0-1", "late"]) == ["storm-0-0", "storm-0-1"]
    assert server.stop() == 0
    assert check(server) == "ok"


def check(server: Server) -> str:
    with contextlib.closing(sqlite3.connect(server.instance / "rollcall.db")) as connection:
        answer: str = connection.execute("PRAGMA integrity_check").fetchone()[0]
        return answer


def start_threads(count: int, do: Callable[[int], None]) -> list[threading.Thread]:
    threads = [threading.Thread(target=do, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    return threads


def test_a_locked_database_refuses_writes_and_leaves_threads_for_reads(
    make_server: MakeServer,
) -> None:
    """Forty writers on sixteen threads while another process locks the database."""
    server = make_server(ROLLCALL_THREADS="16").start()
    assert register(server, "storm-0-0")
    token = token_of(server)
    outcome: list[bool] = []
    with contextlib.closing(sqlite3.connect(server.instance / "rollcall.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        writers = start_threads(40, lambda number: outcome.append(register(server, f"storm-1-{3 * number}")))
        for _ in range(5):
            read(server, token)
        refuse_all(server)
        for thread in writers:
            thread.join(30)
        assert outcome == [False] * 40
        other.execute("ROLLBACK")
    assert register(server, "storm-0-1")
    assert registered(server, [f"storm-1-{3 * number}" for number in range(40)]) == []
    assert server.stop() == 0
    assert check(server) == "ok"
