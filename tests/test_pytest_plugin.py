"""The pytest plugin, in projects that have nothing but tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from rollcall_server.client import Rollcall

from tests.support.server import PATIENCE

pytestmark = pytest.mark.serving

TESTS = """
import json, urllib.request
import pytest

@pytest.mark.parametrize("number", range(3))
def test_each_begins_without_users(rollcall, number):
    assert rollcall.status()["users"] == 0
    body = {"secret": "openIM123", "users": [{"userID": "alice", "nickname": "Alice"}]}
    headers = {"operationID": "1", "Content-Type": "application/json"}
    url = rollcall.url + "/user/user_register"
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)) as response:
        assert json.load(response)["errCode"] == 0
    assert rollcall.status()["users"] == 1
"""


def run(folder: Path, *arguments: str, tests: str = TESTS, **environ: str) -> tuple[int, str]:
    """Run tests in a folder as a project of its own; return the exit status and the output."""
    (folder / "test_application.py").write_text(tests)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder)]
    done = subprocess.run(
        [*command, *arguments, str(folder)],
        cwd=folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_test_that_asks_for_rollcall_gets_an_empty_server(tmp_path: Path) -> None:
    status, output = run(tmp_path)
    assert (status, "3 passed" in output) == (0, True), output


@pytest.mark.parametrize("by_option", [True, False], ids=["--rollcall-url", "ROLLCALL_TEST_URL"])
def test_a_server_that_runs_already_is_used_if_it_is_disposable(tmp_path: Path, by_option: bool) -> None:
    with Rollcall.start(bench="1") as server:
        epoch = server.status()["epoch"]
        if by_option:
            status, output = run(tmp_path, "--rollcall-url", server.url)
        else:
            status, output = run(tmp_path, ROLLCALL_TEST_URL=server.url)
        assert (status, "3 passed" in output) == (0, True), output
        assert server.status()["epoch"] != epoch
        assert server.status()["users"] == 1


def test_a_server_that_is_not_disposable_is_left_alone(tmp_path: Path) -> None:
    with Rollcall.start() as server:
        epoch = server.status()["epoch"]
        # ROLLCALL_URL is for the commands, which may be used on servers with users to keep.
        status, output = run(tmp_path, ROLLCALL_TEST_URL=server.url)
        assert (status, "3 errors" in output) == (1, True), output
        assert f"the server at {server.url} is not disposable: tests would delete its users" in output
        assert server.status()["epoch"] == epoch
        status, output = run(tmp_path, ROLLCALL_URL=server.url)
        assert (status, "3 passed" in output) == (0, True), output
        assert server.status()["epoch"] == epoch


SEEDED = """
import pytest

@pytest.mark.rollcall(seed={"users": [{"userID": "alice", "online": [{"platformID": 5}]}]})
class TestSeeded:
    def test_the_markers_seed_is_there(self, rollcall):
        assert rollcall.status()["users"] == rollcall.status()["online"] == 1

    @pytest.mark.rollcall(seed={"generate": {"count": 3}})
    def test_the_nearest_marker_counts(self, rollcall):
        assert rollcall.status()["users"] == 3

def test_without_a_marker_there_are_no_users(rollcall):
    assert rollcall.status()["users"] == 0

@pytest.mark.rollcall(seed={"user": []})
def test_a_wrong_seed_is_an_error(rollcall):
    pass
"""


def test_a_marker_seeds_the_server(tmp_path: Path) -> None:
    status, output = run(tmp_path, "--strict-markers", tests=SEEDED)
    assert (status, "3 passed, 1 error" in output) == (1, True), output
    assert "POST /seed: 400 'user' is not a field of this call" in output


FAILING = """
import pytest, urllib.request, urllib.error

def ask(rollcall, path, body):
    request = urllib.request.Request(rollcall.url + path, body, {"operationID": "1"})
    try:
        urllib.request.urlopen(request).close()
    except urllib.error.HTTPError:
        pass

def test_before(rollcall):
    ask(rollcall, "/auth/from_before", b"{}")

def test_that_fails(rollcall):
    ask(rollcall, "/auth/get_admin_token", b'{"secret":"openIM123","userID":"imAdmin"}')
    ask(rollcall, "/auth/get_admin_token", b'{"secret":"wrong","userID":"imAdmin"}')
    ask(rollcall, "/auth/getusertoken", b"")
    assert False

def test_that_fails_without_a_request(rollcall):
    assert False

def test_that_fails_without_rollcall():
    assert False

@pytest.fixture
def broken(rollcall):
    ask(rollcall, "/from/the/fixture", b"")
    raise ValueError

def test_whose_fixture_fails(broken):
    pass

def test_that_asks_for_it_itself(request):
    ask(request.getfixturevalue("rollcall"), "/from/the/test", b"")
    assert False

def test_with_many_requests(rollcall):
    for number in range(60):
        ask(rollcall, f"/many/{number}", b"")
    assert False

@pytest.mark.rollcall
def test_with_a_marker_without_a_seed(rollcall):
    pass
"""


def test_the_report_of_a_failed_test_has_its_requests_and_their_reasons(tmp_path: Path) -> None:
    status, output = run(tmp_path, tests=FAILING)
    assert (status, "5 failed, 1 passed, 2 errors" in output) == (1, True), output
    expected = [
        "1 POST /auth/get_admin_token imAdmin: ok",
        "2 POST /auth/get_admin_token imAdmin: SecretWrong",
        "    The secret in the body, of 5 characters, is not the one in ROLLCALL_OPENIM_SECRET.",
        "3 POST /auth/getusertoken: NoSuchPath",
        "    No protocol here has the path /auth/getusertoken.",
        "    The nearest known path is /auth/get_user_token of openim_v3.",
    ]
    assert "\n".join(expected) in output
    assert "from_before" not in output
    assert output.count("requests to Rollcall") == 5
    assert "1 POST /from/the/fixture: NoSuchPath" in output
    assert "1 POST /from/the/test: NoSuchPath" in output
    assert "... and 10 before these\n11 POST /many/10: NoSuchPath\n" in output
    assert "the marker rollcall is written @pytest.mark.rollcall(seed={...})" in output
    assert "\nnone\n" in output


def test_processes_of_xdist_do_not_share_a_server(tmp_path: Path) -> None:
    pytest.importorskip("xdist")
    with Rollcall.start(bench="1") as server:
        status, output = run(tmp_path, "-p", "xdist", "-n", "2", "--rollcall-url", server.url)
    assert (status, "3 errors" in output) == (1, True), output
    assert f"the processes of pytest-xdist cannot share the server at {server.url}: each resets it" in output
