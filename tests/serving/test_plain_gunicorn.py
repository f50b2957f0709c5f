"""gunicorn without our configuration: what it would leave undone is checked in the worker itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.server import Server

pytestmark = pytest.mark.serving
V2 = {"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "1"}
Start = Callable[..., Server]


class PlainServer(Server):
    """`gunicorn 'rollcall_server:create_app()'` in an empty folder."""

    def start(self, *arguments: str) -> Server:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("ROLLCALL_")}
        command = [sys.executable, "-m", "gunicorn", "-b", "127.0.0.1:0", *arguments]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "rollcall_server:create_app()"],
                cwd=self.instance,
                env=environ,
                stdout=log,
                stderr=log,
            )
        self.wait_for("Booting worker")
        self.port = int(re.findall(r"Listening at: http://[^:]+:(\d+)", self.log)[-1])
        return self


@pytest.fixture(name="start")
def _start(tmp_path: Path) -> Iterator[Start]:
    server = PlainServer(tmp_path, tmp_path / "log")
    yield server.start
    server.stop()


def test_the_first_request_or_readyz_starts_the_services(start: Start) -> None:
    server = start()
    status, _, body = server.request("GET", "/readyz", b"", {})
    assert (status, b'"status": "ok"' in body) == (200, True)
    assert server.post("/auth/user_token", V2)[1]["errCode"] == 0
    assert (server.instance / "instance" / "rollcall.db").exists()


def test_several_workers_are_refused_in_every_one_of_them(start: Start) -> None:
    server = start("-w", "4")
    answers = {server.request("POST", "/auth/user_token", b"{}", {})[::2] for _ in range(40)}
    sentence = (
        b"Rollcall is served by several processes, and presence lives in one: run a single worker (-w 1) "
        b"with threads\n"
    )
    assert answers == {(503, sentence)}
    status, _, body = server.request("GET", "/readyz", b"", {})
    assert (status, sentence.strip() in body) == (503, True)
    assert not (server.instance / "instance").exists()


def test_other_machines_are_refused_whatever_the_address(start: Start) -> None:
    server = start()
    status, answer = server.post("/auth/user_token", V2, {"X-Forwarded-For": "192.0.2.1"})
    assert (status, answer["errCode"]) == (400, 401)
    assert answer["errMsg"].startswith("the request was forwarded by a proxy")


def test_a_second_server_on_the_folder_is_refused(start: Start, tmp_path: Path) -> None:
    first = start()
    assert first.post("/auth/user_token", V2)[1]["errCode"] == 0
    second = PlainServer(tmp_path, tmp_path / "log2")
    try:
        second.start()
        status, _, body = second.request("POST", "/auth/user_token", b"{}", {})
        assert status == 503
        assert b"is served by process %d already" % first.worker in body
    finally:
        second.stop()
