"""What the bench costs: calls with it and without it, resets, and reading the journal under load.

`python -m benchmarks.bench` measures this alone.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.figure import Figure
from benchmarks.servers import PATIENCE, post, serving

_HEADERS = {"operationID": "bench"}
#: How many times the server is reset, and the journal read.
_TIMES = 200
_USERS = 100


def measure(rounds: int, seconds: int, connections: int) -> str:
    """Return the figures as tables in Markdown."""
    with (
        tempfile.TemporaryDirectory() as on,
        tempfile.TemporaryDirectory() as off,
        serving("wsgi:app", Path(on), ROLLCALL_INSTANCE=f"{on}/instance", ROLLCALL_BENCH="1") as with_bench,
        serving("wsgi:app", Path(off), ROLLCALL_INSTANCE=f"{off}/instance", ROLLCALL_BENCH="0") as without,
    ):
        pairs = list(zip(_figures(with_bench), _figures(without), strict=True))
        for number in range(rounds):
            for pair in pairs:
                # In turn, as the first of two often is the slower.
                for figure in pair if number % 2 else reversed(pair):
                    figure.measure(seconds, connections)
        return f"{_table(pairs)}\n\n{_control(with_bench)}"


def _figures(address: str) -> list[Figure]:
    token = post(address, "/auth/get_admin_token", {"secret": "openIM123", "userID": "imAdmin"}, _HEADERS)[
        "data"
    ]["token"]
    admin = {**_HEADERS, "token": token}
    v2 = json.dumps({"secret": "tuoyun", "platform": 1, "userID": "imAdmin", "operationID": "bench"})
    check = json.dumps({"checkUserIDs": ["imAdmin"]})
    wrong = json.dumps({"secret": "wrong", "userID": "imAdmin"})
    return [
        Figure("user_token, OpenIM v2", address, "/auth/user_token", v2),
        Figure("account_check of 1", address, "/user/account_check", check, 0, admin),
        Figure("heartbeat", address, "/presence/heartbeat", "{}", 0, admin),
        Figure("get_admin_token, refused", address, "/auth/get_admin_token", wrong, 0, _HEADERS),
    ]


def _table(pairs: list[tuple[Figure, Figure]]) -> str:
    lines = [
        "| call | requests/s with the bench | without | ratio of medians | lowest, highest | p99 |",
        "|---|---|---|---|---|---|",
    ]
    for on, off in pairs:
        with_bench, without = statistics.median(on.rates), statistics.median(off.rates)
        ratios = [one / other for one, other in zip(on.rates, off.rates, strict=True)]
        slow = [statistics.median(wait[1] for wait in figure.waits) for figure in (on, off)]
        lines.append(
            f"| {on.name} | {with_bench:.0f} | {without:.0f} | {with_bench / without:.3f} "
            f"| {min(ratios):.2f} to {max(ratios):.2f} | {slow[0]:.1f} and {slow[1]:.1f} ms |"
        )
    return "\n".join(lines)


def _control(address: str) -> str:
    """Measure calls of the control API, the last of them under load."""
    with closing(http.client.HTTPConnection(urlsplit(address).netloc, timeout=PATIENCE)) as connection:

        def send(method: str, path: str, body: object = None) -> None:
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data, {"Content-Type": "application/json"})
            response = connection.getresponse()
            text = response.read()
            if response.status != 200:
                raise SystemExit(f"{path} answers {response.status} {text!r}")

        def reset() -> float:
            send("POST", "/_rollcall/seed", {"generate": {"count": _USERS}})
            return _timed(lambda: send("POST", "/_rollcall/reset"))

        resets = [reset() for _ in range(_TIMES)]
        lines = ["| call of the control API | median | p99 | a second |", "|---|---|---|---|"]
        lines.append(_row(f"reset, with {_USERS} users", resets))
        with _Load(address):
            time.sleep(1)
            # The journal is full by now.
            reads = [_timed(lambda: send("GET", "/_rollcall/requests?limit=1000")) for _ in range(_TIMES)]
            finds = [_timed(lambda: send("GET", "/_rollcall/requests/count?userID=u")) for _ in range(_TIMES)]
        lines.append(_row("1,000 requests of the journal, under load", reads))
        lines.append(_row("requests of one user counted among 1,000, under load", finds))
        return "\n".join(lines)


def _timed(send: Callable[[], None]) -> float:
    begun = time.perf_counter()
    send()
    return (time.perf_counter() - begun) * 1000


def _row(name: str, times: list[float]) -> str:
    ordered = sorted(times)
    middle, slow = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
    return f"| {name} | {middle:.1f} ms | {slow:.1f} ms | {1000 / statistics.mean(ordered):.0f} |"


class _Load:
    """A client that sends requests of one kind with wrk until the end of the block."""

    def __init__(self, address: str) -> None:
        self._figure = _figures(address)[1]
        self._is_over = False
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *unused: object) -> None:
        self._is_over = True
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        while not self._is_over:
            self._figure.measure(2, 8)


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=4, help="seconds of one measurement")
    parser.add_argument("--connections", type=int, default=64)
    options = parser.parse_args()
    print(measure(options.rounds, options.seconds, options.connections))


if __name__ == "__main__":
    main()
