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


def run(folder: Path, *arguments: str, **environ: str) -> tuple[int, str]:
    """Run the tests in a folder as a project of its own; return the exit status and the output."""
    (folder / "test_application.py").write_text(TESTS)
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
