"""Fixtures for tests of applications: a Rollcall server that is empty at the start of each test.

The server is started for the session, on a free port and in a temporary folder; each process of pytest-xdist
has its own. `--rollcall-url` or ROLLCALL_TEST_URL names one that runs already; it is only used if it is
disposable, as the tests delete its users.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from .client import Rollcall, RollcallError


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("rollcall")
    group.addoption("--rollcall-url", help="use the Rollcall server at this address (ROLLCALL_TEST_URL)")


@pytest.fixture(scope="session")
def rollcall_server(request: pytest.FixtureRequest) -> Iterator[Rollcall]:
    """The server of this session."""
    url = request.config.getoption("--rollcall-url") or os.environ.get("ROLLCALL_TEST_URL")
    if not url:
        with Rollcall.start() as server:
            yield server
        return
    with Rollcall(url, os.environ.get("ROLLCALL_CONTROL_KEY")) as server:
        if not server.status()["disposable"]:
            raise RollcallError(
                f"the server at {url} is not disposable: tests would delete its users "
                "(ROLLCALL_BENCH=1 allows it)"
            )
        yield server


@pytest.fixture
def rollcall(rollcall_server: Rollcall) -> Rollcall:
    """The server, without users, tokens or presence."""
    rollcall_server.reset()
    return rollcall_server
