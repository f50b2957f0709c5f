"""The client of the control API, with real servers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from rollcall_server.client import Rollcall, RollcallError

from tests.support.server import PATIENCE

pytestmark = pytest.mark.serving
KEY = "k3y-0123456789abcdef"
USERS = {"secret": "openIM123", "users": [{"userID": "alice", "nickname": "Alice"}]}


def register(url: str) -> dict[str, Any]:
    request = urllib.request.Request(
        url + "/user/user_register",
        json.dumps(USERS).encode(),
        {"operationID": "1", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def test_a_server_of_its_own_is_reset_and_ends_with_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLCALL_DIALECTS", "rongcloud")
    with Rollcall.start() as rollcall:
        assert rollcall.status()["dialects"] == ["openim_v2", "openim_v3", "rongcloud"]
        assert register(rollcall.url)["errCode"] == 0
        assert rollcall.status()["users"] == 1
        epoch = rollcall.status()["epoch"]
        answer = rollcall.reset()
        assert answer == {"epoch": rollcall.status()["epoch"], "users": 0, "seeded": False}
        assert answer["epoch"] != epoch
        assert register(rollcall.url)["errCode"] == 0
    with pytest.raises(RollcallError, match="no Rollcall answers at http://127.0.0.1:"):
        rollcall.status()


def test_a_test_suite_does_all_it_needs() -> None:
    with Rollcall.start() as rollcall:
        alice = rollcall.users.register("alice", nickname="Alice")
        assert (alice["userID"], alice["nickname"]) == ("alice", "Alice")
        assert rollcall.users.register("alice", face_url="f")["nickname"] == "Alice"
        assert rollcall.users.register("a/b c%", ex="x") == rollcall.users.get("a/b c%")
        assert [user["userID"] for user in rollcall.users.list()] == ["alice", "a/b c%"]
        assert [user["userID"] for user in rollcall.users.list("ALI")] == ["alice"]
        rollcall.users.delete("a/b c%")

        token = rollcall.token("alice", platform="Web", expires_in=3600)
        assert parse(rollcall.url, token) == 0
        expired = rollcall.token("alice", platform=2, generation="3.4", dialect="openim_v3", expires_in=-1)
        assert parse(rollcall.url, expired) == 1501
        assert (
            rollcall.explain(expired)["why"][0] == "This is a token of openim_v3 3.4 for alice on platform 2."
        )
        assert rollcall.expire_tokens("alice", platform="Web", dialect="openim_v3") == 1
        assert parse(rollcall.url, token) == 1501
        assert rollcall.cancel_tokens("alice") == 1

        rollcall.online("alice", platform="iOS", ttl=60)
        rollcall.online("alice", platform="Android", connection_id="c")
        assert [one["platformID"] for one in rollcall.users.get("alice")["online"]] == [1, 2]
        assert [user["userID"] for user in rollcall.users.list(online=True)] == ["alice"]
        rollcall.offline("alice", platform="ios")
        assert [one["platformID"] for one in rollcall.users.get("alice")["online"]] == [2]
        rollcall.users.block("alice", 60)
        assert rollcall.users.get("alice")["blockedUntil"] is not None
        rollcall.users.unblock("alice")
        assert rollcall.users.get("alice")["blockedUntil"] is None

        found = rollcall.requests(path="/auth/parse_token", outcome="TokenExpired")
        assert (found.count, len(found), found.last) == (2, 2, 3)
        assert [row["number"] for row in found] == [2, 3]
        assert rollcall.request(3)["why"][1].startswith("It was made to answer as expired at ")
        assert repr(found).startswith("Requests([{'number': 2,")
        assert found[0]["userID"] is None
        assert rollcall.requests(after=3, wait=0.1, count=2).count == 0

        seeded = rollcall.seed({"users": [{"userID": "bob", "tokens": [{"platformID": 5}]}]})
        assert (seeded["users"], seeded["tokens"][0]["platformID"]) == (2, 5)
        assert rollcall.reset(seed=False)["seeded"] is False
        assert list(rollcall.users.list()) == []
        with pytest.raises(RollcallError, match="^GET /users/alice: 404 there is no user alice$"):
            rollcall.users.get("alice")
        with pytest.raises(RollcallError, match="^'Palm' is none of the platforms ios, "):
            rollcall.token("alice", platform="Palm")


def test_the_clock_is_moved() -> None:
    with Rollcall.start() as rollcall:
        rollcall.users.register("alice")
        token = rollcall.token("alice", expires_in=3600)
        rollcall.online("alice", ttl=60)
        rollcall.clock.freeze()
        assert rollcall.clock.advance(61)["frozen"] is True
        assert rollcall.users.get("alice")["online"] == []
        assert parse(rollcall.url, token) == 0
        rollcall.clock.freeze(frozen=False)
        rollcall.clock.set("2040-01-01T00:00:00Z")
        assert rollcall.clock.get()["now"].startswith("2040-01-01T00:00:0")
        assert parse(rollcall.url, token) == 1501
        assert rollcall.clock.restore()["offset"] == 0
        assert parse(rollcall.url, token) == 0
        rollcall.clock.advance(86_400)
        rollcall.reset()
        assert rollcall.status()["clock"] == {"offset": 0, "frozen": False}


def test_more_users_than_a_page_are_listed() -> None:
    with Rollcall.start() as rollcall:
        rollcall.seed({"generate": {"count": 250}})
        assert [user["userID"] for user in rollcall.users.list()] == [f"user_{n}" for n in range(1, 251)]


def test_a_server_of_its_own_takes_a_seed(tmp_path: Path) -> None:
    (tmp_path / "seed.json").write_text('{"generate": {"count": 3}}')
    with Rollcall.start(seed=str(tmp_path / "seed.json")) as rollcall:
        assert rollcall.status()["users"] == 3
        rollcall.users.delete("user_1")
        assert rollcall.reset() == {"epoch": rollcall.status()["epoch"], "users": 3, "seeded": True}


def parse(url: str, token: str) -> int:
    """Return the code of the answer to OpenIM v3's call that parses a token."""
    headers = {"operationID": "1", "Content-Type": "application/json"}
    body = json.dumps({"token": token}).encode()
    request = urllib.request.Request(url + "/v3.8/auth/parse_token", body, headers)
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        return int(json.load(response)["errCode"])


def test_settings_and_a_key_are_taken() -> None:
    with Rollcall.start(control_key=KEY, dialects="openim_v3", path_prefix="/im", bench=1) as server:
        assert server.url.endswith("/im")
        assert server.status()["dialects"] == ["openim_v3"]
        with pytest.raises(RollcallError) as refused, Rollcall(server.url) as stranger:
            stranger.status()
        assert str(refused.value) == (
            "GET /status: 401 Authorization has to be Bearer and the key in ROLLCALL_CONTROL_KEY"
        )
        with Rollcall(server.url + "/", KEY) as rollcall:
            assert rollcall.status()["disposable"] is True
            rollcall.close()
            assert rollcall.reset()["users"] == 0


@pytest.mark.parametrize(
    "url", ["nonsense", "127.0.0.1:80", "ftp://h", "http://", "http://[::1", "http://h:x"]
)
def test_an_address_has_to_be_one(url: str) -> None:
    with pytest.raises(RollcallError, match=" is no address like http://127.0.0.1:10002$"):
        Rollcall(url)


def test_a_key_that_cannot_be_sent_is_not_shown() -> None:
    with pytest.raises(RollcallError) as refused:
        Rollcall("http://127.0.0.1:1", "line one\nline two")
    assert str(refused.value) == "the control key has to be printable ASCII on one line"


def test_filters_without_a_value_are_none(tmp_path: Path) -> None:
    with Rollcall.start(journal_requests="3000") as rollcall:
        for _ in range(1200):
            parse(rollcall.url, "x")
        assert rollcall.requests(userID=None, outcome=None).count == 1200
        assert rollcall.requests(path="/auth/*", after=100).count == 1100
        assert rollcall.requests(wait=5, count=1000).count == 1200
        rollcall.users.register("alice")
        assert rollcall.token("alice", generation=None, expires_in=None)
        with pytest.raises(RollcallError, match="^None is none of the platforms"):
            rollcall.token("alice", platform=None)  # type: ignore[arg-type]
        with pytest.raises(RollcallError, match="^a user id has to have 1 to 64 characters$"):
            rollcall.users.get("")


def test_threads_use_a_server_at_the_same_time() -> None:
    with Rollcall.start() as rollcall:

        def register(number: int) -> None:
            for each in range(20):
                rollcall.users.register(f"user-{number}-{each}")
            rollcall.close()

        threads = [threading.Thread(target=register, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert rollcall.status()["users"] == 160


def test_the_folder_of_the_tests_hides_no_module_of_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secrets.py").write_text("raise SystemExit('the wrong module')")
    monkeypatch.chdir(tmp_path)
    with Rollcall.start() as rollcall:
        assert rollcall.status()["users"] == 0


def test_a_server_that_does_not_start_says_why() -> None:
    refused = pytest.raises(RollcallError, match="ROLLCALL_THREADS must be a whole number")
    with refused, Rollcall.start(threads="many"):
        raise AssertionError("it has started")


def test_an_address_of_something_else_is_reported() -> None:
    refused = pytest.raises(RollcallError, match="is not a Rollcall: GET /status answers 404")
    with (
        Rollcall.start(path_prefix="/im") as server,
        Rollcall(server.url.removesuffix("/im")) as other,
        refused,
    ):
        other.status()


def test_a_closed_connection_is_opened_again() -> None:
    with Rollcall.start() as rollcall:
        epoch = rollcall.status()["epoch"]
        connection = rollcall._own.connection
        assert connection is not None
        connection.sock.close()
        connection.sock = None
        assert rollcall.status()["epoch"] == epoch


@pytest.mark.skipif(sys.platform != "linux", reason="needs PR_SET_PDEATHSIG")
def test_a_server_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    code = (
        "import time\nfrom rollcall_server.client import Rollcall\n"
        "with Rollcall.start() as rollcall:\n    print(rollcall.url, flush=True)\n    time.sleep(60)\n"
    )
    # Killed, it cannot remove its temporary folder.
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", code], env=environ, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        rollcall = Rollcall(process.stdout.readline().decode().strip())
        with rollcall:
            assert rollcall.status()["users"] == 0
        os.kill(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    with pytest.raises(RollcallError, match="no Rollcall answers"):
        while time.monotonic() < deadline:
            rollcall.status()
            time.sleep(0.05)


def test_the_client_loads_nothing_but_the_standard_library() -> None:
    code = "import sys, rollcall_server.client\nprint(*sorted({n.partition('.')[0] for n in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split()) - set(sys.stdlib_module_names)
    assert not {name for name in loaded if name in ("flask", "werkzeug", "click", "jwt", "gunicorn")}
