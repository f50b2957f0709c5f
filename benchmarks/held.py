"""Another process locks the database: writes are refused, and reads do not wait for them."""

from __future__ import annotations

import http.client
import json
import sqlite3
import statistics
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.servers import PATIENCE, post, serving

WRITERS = 64
SECONDS = 5.0
_HEADERS = {"operationID": "bench"}
_ADMIN = {"secret": "openIM123", "platformID": 1, "userID": "openIMAdmin"}


class _Writers:
    """Clients that request tokens one after another and are refused."""

    def __init__(self, address: str) -> None:
        self._netloc = urlsplit(address).netloc
        self._going = True
        self.statuses: list[int] = []
        self._threads = [threading.Thread(target=self._run) for _ in range(WRITERS)]

    def __enter__(self) -> _Writers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._going = False
        for thread in self._threads:
            thread.join(PATIENCE)

    def _run(self) -> None:
        with closing(http.client.HTTPConnection(self._netloc, timeout=PATIENCE)) as connection:
            while self._going:
                connection.request("POST", "/auth/user_token", json.dumps(_ADMIN), _HEADERS)
                response = connection.getresponse()
                response.read()
                self.statuses.append(response.status)
                time.sleep(0.02)


def _times(address: str, method: str, path: str, body: str, headers: dict[str, str]) -> list[float]:
    """Repeat a request for SECONDS; return the duration of each in ms."""
    times, end = [], time.monotonic() + SECONDS
    while time.monotonic() < end:
        begun = time.perf_counter()
        with closing(http.client.HTTPConnection(urlsplit(address).netloc, timeout=PATIENCE)) as connection:
            connection.request(method, path, body or None, headers)
            response = connection.getresponse()
            response.read()
        if response.status != 200:
            raise SystemExit(f"{path} answers {response.status}")
        times.append((time.perf_counter() - begun) * 1000)
        time.sleep(0.005)
    return times


def measure() -> str:
    """Return the figures as a table in Markdown."""
    with tempfile.TemporaryDirectory() as name:
        instance = Path(name) / "instance"
        with serving("wsgi:app", Path(name), ROLLCALL_INSTANCE=str(instance)) as address:
            token = post(address, "/auth/user_token", _ADMIN, _HEADERS)["data"]["token"]
            requests = {
                "GET /healthz": ("GET", "/healthz", "", {}),
                "account_check": (
                    "POST",
                    "/user/account_check",
                    json.dumps({"checkUserIDs": ["openIMAdmin"]}),
                    {**_HEADERS, "token": token},
                ),
            }
            with (
                closing(sqlite3.connect(instance / "rollcall.db", isolation_level=None)) as other,
                _Writers(address) as writers,
            ):
                other.execute("BEGIN IMMEDIATE")
                time.sleep(1)
                writers.statuses.clear()
                lines = [_row(each, _times(address, *arguments)) for each, arguments in requests.items()]
                statuses = list(writers.statuses)
                refused = statuses.count(503)
                if refused < len(statuses):
                    raise SystemExit(f"writers were answered {set(statuses)}")
                other.execute("ROLLBACK")
    return "\n".join(
        [
            f"| database locked by another process, {WRITERS} writers | median | p99 | longest | target |",
            "|---|---|---|---|---|",
            *lines,
            f"| writers refused with 503, per second | {refused / len(requests) / SECONDS:.0f} | | | |",
        ]
    )


def _row(name: str, times: list[float]) -> str:
    p99 = statistics.quantiles(times, n=100)[98]
    return f"| {name} | {statistics.median(times):.1f} ms | {p99:.1f} ms | {max(times):.1f} ms | 50 ms |"


if __name__ == "__main__":
    print(measure())
