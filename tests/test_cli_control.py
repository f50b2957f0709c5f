"""The commands for a running server: seed, users, online, token, explain, requests."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from rollcall_server.client import Rollcall

from tests.test_cli import rollcall

pytestmark = pytest.mark.serving


def test_users_tokens_and_requests_of_a_running_server(tmp_path: Path) -> None:
    (tmp_path / "seed.toml").write_text(
        '[[users]]\nuserID = "alice"\nnickname = "Alice"\n[generate]\ncount = 2\n'
    )
    (tmp_path / "seed.json").write_text('{"users": [{"userID": "bob", "tokens": [{}]}]}')
    (tmp_path / "wrong.json").write_text("{")
    with Rollcall.start() as server:

        def call(*arguments: str, answer: str | None = None) -> list[str]:
            done = rollcall(tmp_path, *arguments, "--url", server.url, answer=answer)
            assert done.exit_code == 0, done.output
            return str(done.output).splitlines()

        assert call("seed", str(tmp_path / "seed.toml")) == ["users  3", "user  dialect  token"]
        seeded = json.loads(call("seed", "--json", str(tmp_path / "seed.json"))[0])
        assert (seeded["users"], seeded["tokens"][0]["userID"]) == (4, "bob")
        refused = rollcall(tmp_path, "seed", str(tmp_path / "wrong.json"), "--url", server.url)
        assert (
            refused.exit_code,
            "wrong.json cannot be read: Expecting property name" in refused.output,
        ) == (2, True)
        server.online("alice", platform="Web")
        assert call("users", "ALI") == call("online")
        created = server.users.get("alice")["createdAt"]
        assert call("users", "ali") == [
            f"user   nickname  online on  {'created':<24}".rstrip(),
            f"alice  Alice     5          {created}",
        ]
        assert [user["userID"] for user in json.loads(call("users", "--json", "--limit", "2")[0])] == [
            "alice",
            "user_1",
        ]
        (token,) = call("token", "alice", "--platform", "5", "--expires-in", "-9", "--generation", "3.4")
        assert json.loads(call("token", "alice", "--json")[0])["token"] != token
        explained = call("explain", "-", answer=token)
        assert explained[:4] == [
            "dialect     openim_v3",
            "generation  3.4",
            "userID      alice",
            "platformID  5",
        ]
        assert explained[-2] == "This is a token of openim_v3 3.4 for alice on platform 5."
        assert json.loads(call("explain", token, "--json")[0])["valid"] is False
        assert call("explain", call("token", "alice")[0])[-1] == "valid"
        unknown = rollcall(tmp_path, "token", "unknown", "--url", server.url)
        detail = "Error: POST /users/unknown/tokens: 404 there is no user unknown\n"
        assert (unknown.exit_code, unknown.output) == (1, detail)

        register(server, "carol", secret="wrong")
        register(server, "dave")
        first, second = call("requests")
        assert first.startswith("    1  20")
        assert first.endswith("  SecretWrong  POST  /user/user_register  openim_v3 3.4  carol")
        assert second.endswith("  ok  POST  /user/user_register  openim_v3 3.4  dave")
        assert call("requests", "--user", "dave", "--outcome", "ok", "--path", "/user/*") == [second]
        assert json.loads(call("requests", "--json", "--dialect", "openim_v3")[1])["userID"] == "dave"
        shown = call("requests", "1")
        assert shown[:2] == [
            first,
            "The secret in the body, of 5 characters, is not the one in ROLLCALL_OPENIM_SECRET.",
        ]
        assert shown[2].startswith("The request was treated as OpenIM 3.4: the body has a secret")
        assert shown[-1].startswith(f"curl -sS --globoff --path-as-is {server.url}/user/user_register ")
        assert json.loads(call("requests", "1", "--json")[0])["outcome"] == "SecretWrong"


def test_requests_are_followed(tmp_path: Path) -> None:
    with Rollcall.start() as server:
        command = [sys.executable, "-m", "rollcall_server", "requests", "--follow", "--url", server.url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            register(server, "carol")
            assert process.stdout.readline().endswith("carol\n")
            server.reset()
            register(server, "dave")
            assert process.stdout.readline().endswith("dave\n")
            process.terminate()


def register(server: Rollcall, user_id: str, secret: str = "openIM123") -> None:
    """Register a user as OpenIM 3.4's clients do."""
    body = json.dumps({"secret": secret, "users": [{"userID": user_id}]}).encode()
    headers = {"operationID": "1", "Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(server.url + "/user/user_register", body, headers)).close()


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("users", "--limit", "-1"), 2, "-1 is not in the range x>=1"),
        (("token", "alice", "--platform", "²"), 1, "'²' is none of the platforms"),
        (("seed", "date.toml"), 2, "is not JSON serializable"),
        (("seed", "deep.json"), 2, "maximum recursion depth"),
        (("status", "--key-file", "latin"), 2, "cannot be read"),
        (("status", "--key-file", "empty"), 2, "is empty"),
        (("status", "--key-file", "lines"), 2, "the control key has to be printable ASCII on one line"),
        (("status", "--url", "http://[::1"), 2, "is no address like"),
        (("requests", "1", "--follow"), 2, "a NUMBER goes with no other option but --json"),
        (("requests", "1", "--path", "/x"), 2, "a NUMBER goes with no other option but --json"),
    ],
)
def test_a_wrong_command_line_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], status: int, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "date.toml").write_text("users = [2026-11-21]")
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "latin").write_bytes(b"\xff")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "lines").write_text("one-0123456789abcdef\ntwo")
    done = rollcall(tmp_path, *arguments)
    assert (done.exit_code, "Traceback" in done.output) == (status, False), done.output
    assert message in done.output
    assert "0123456789abcdef" not in done.output


def test_what_applications_send_is_printed_on_one_line(tmp_path: Path) -> None:
    with Rollcall.start() as server:
        server.users.register("alice", nickname="A\n99  fake \x1b]0;t\x07")
        register(server, "a\n99  fake\x1b]0;t\x07")
        for arguments in (("users",), ("requests",), ("requests", "1")):
            output = rollcall(tmp_path, *arguments, "--url", server.url).output
            assert "fake" in output
            assert "\n99" not in output
            assert "\x1b" not in output


def test_the_clock_is_moved(tmp_path: Path) -> None:
    with Rollcall.start() as server:

        def call(*arguments: str) -> Any:
            done = rollcall(tmp_path, "clock", *arguments, "--json", "--url", server.url)
            assert done.exit_code == 0, done.output
            return json.loads(done.output)

        assert call()["offset"] == 0
        assert call("--now", "2040-01-01T00:00:00Z")["now"].startswith("2040-01-01T00:00:0")
        assert call("--freeze")["frozen"] is True
        assert call("--advance", "60")["now"].startswith("2040-01-01T00:01:0")
        assert call("--thaw")["frozen"] is False
        assert call("--restore")["offset"] == 0
        assert rollcall(tmp_path, "clock", "--url", server.url).output.splitlines()[1:] == [
            "offset  0.0",
            "frozen  no",
        ]
        two = rollcall(tmp_path, "clock", "--freeze", "--advance", "1", "--url", server.url)
        assert (two.exit_code, "give one change at a time" in two.output) == (2, True)
