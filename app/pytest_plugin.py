"""Fixtures for tests of applications: a Rollcall server that is empty at the start of each test.

The server is started for the session, on a free port and in a temporary folder; each process of pytest-xdist
has its own. `--rollcall-url` or ROLLCALL_TEST_URL names one that runs already; it is only used if it is
disposable, as the tests delete its users. The report of a failed test has the requests that it made, with
the reasons of those that were refused.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import pytest

from .client import Rollcall, RollcallError

_MARKER = "rollcall(seed={...}): seed the server at the start of the test, see docs/control.md"
_SECTION = "requests to Rollcall"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("rollcall")
    group.addoption("--rollcall-url", help="use the Rollcall server at this address (ROLLCALL_TEST_URL)")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", _MARKER)


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
def rollcall(rollcall_server: Rollcall, request: pytest.FixtureRequest) -> Rollcall:
    """The server without users, tokens or presence, but for those of the marker's seed."""
    rollcall_server.reset()
    marker = request.node.get_closest_marker("rollcall")
    if marker is not None:
        rollcall_server.seed(marker.kwargs["seed"])
    return rollcall_server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the requests of a failed test to its report."""
    report = yield
    server = getattr(item, "funcargs", {}).get("rollcall")
    if report.failed and isinstance(server, Rollcall):
        report.sections.append((_SECTION, _described(server)))
    return report


def _described(server: Rollcall) -> str:
    """Return a line for each request, and below it why it was refused."""
    try:
        lines = []
        for row in server.requests():
            about = f" {row['userID']}" if row["userID"] else ""
            lines.append(f"{row['number']} {row['method']} {row['target']}{about}: {row['outcome']}")
            if row["outcome"] != "ok":
                lines += [f"    {sentence}" for sentence in server.request(row["number"])["why"]]
    except RollcallError as error:
        return str(error)
    return "\n".join(lines) or "none"
