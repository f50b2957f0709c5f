"""Real servers: one that the tests of a module share, and any number for one test."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.server import Server

MakeServer = Callable[..., Server]


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[MakeServer]:
    """Make servers on this test's instance folder; those still running are stopped afterwards."""
    made: list[Server] = []

    def make(*arguments: str, **settings: str) -> Server:
        server = Server(tmp_path / "instance", tmp_path / f"{len(made)}.log", *arguments, **settings)
        made.append(server)
        return server

    yield make
    for server in made:
        with contextlib.suppress(AssertionError, ProcessLookupError, IndexError):
            server.stop() if server._process else None


@pytest.fixture(scope="module", name="server")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests of a module; its log has no secret, no request and no traceback."""
    folder = tmp_path_factory.mktemp("serving")
    server = Server(folder / "instance", folder / "log").start()
    yield server
    assert server.stop() == 0
    for secret in ("tuoyun", "openIM123", "open_im_server", "Y1W2MeFwwwRxa0", "app-secret", "eyJ"):
        assert secret not in server.log
    assert "POST" not in server.log
    assert "Traceback" not in server.log
