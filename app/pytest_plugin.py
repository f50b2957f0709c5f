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

from .client import NoServer, Rollcall, RollcallError

_MARKER = "rollcall(seed={...}): seed the server at the start of the test, see docs/control.md"
_SECTION = "requests to Rollcall"
#: The server that a test has used.
_SERVER: pytest.StashKey[Rollcall] = pytest.StashKey()
#: Requests that a report has at most: the last ones.
_MAX_REQUESTS = 50


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
    # In a process of pytest-xdist, the configuration says how many there are.
    if getattr(request.config, "workerinput", {}).get("workercount", 1) > 1:
        raise pytest.UsageError(
            f"the processes of pytest-xdist cannot share the server at {url}: each resets it"
        )
    with Rollcall(url, os.environ.get("ROLLCALL_CONTROL_KEY")) as server:
        if not server.status()["disposable"]:
            raise RollcallError(
                f"the server at {url} is not disposable: tests would delete its users "
                "(with ROLLCALL_BENCH=1, or with documented secrets and --seed, it is)"
            )
        yield server


@pytest.fixture
def rollcall(rollcall_server: Rollcall, request: pytest.FixtureRequest) -> Rollcall:
    """The server as after a first start, with the users of the marker's seed."""
    marker = request.node.get_closest_marker("rollcall")
    if marker is not None and (marker.args or list(marker.kwargs) != ["seed"]):
        raise pytest.UsageError("the marker rollcall is written @pytest.mark.rollcall(seed={...})")
    rollcall_server.reset()
    request.node.stash[_SERVER] = rollcall_server
    if marker is not None:
        rollcall_server.seed(marker.kwargs["seed"])
    return rollcall_server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the requests of a failed test to its report."""
    report = yield
    server = item.stash.get(_SERVER, None)
    if report.failed and server is not None:
        report.sections.append((_SECTION, "\n".join(_described(server)) or "none"))
    return report


def _described(server: Rollcall) -> Iterator[str]:
    """Yield a line for each request, and below it why it was refused."""
    try:
        rows = list(server.requests())
        if len(rows) > _MAX_REQUESTS:
            yield f"... and {len(rows) - _MAX_REQUESTS} before these"
        for row in rows[-_MAX_REQUESTS:]:
            about = f" {row['userID']}" if row["userID"] else ""
            yield f"{row['number']} {row['method']} {row['target']}{about}: {row['outcome']}"
            if row["outcome"] != "ok":
                yield from (f"    {sentence}" for sentence in _reasons(server, row["number"]))
    except NoServer as error:
        yield str(error)


def _reasons(server: Rollcall, number: int) -> list[str]:
    try:
        return list(server.request(number)["why"])
    except RollcallError as error:
        return [str(error)]
