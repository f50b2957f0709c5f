"""A million users online: memory per user, and the duration of queries and lists.

All requests go to a real server, so the figures include JSON and HTTP.
"""

from __future__ import annotations

import json
import re
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks.batches import Client
from benchmarks.servers import post, serving

USERS = 1_000_000
BATCH = 1_000
#: Number of ids in a query, and of repetitions.
QUERIED, TIMES = 500, 50
CHANGES = 10_000
_REGISTERED_AT_ONCE = 10_000


def measure(folder: Path) -> str:
    """Return the figures as a table in Markdown."""
    instance = str(folder / "crowd")
    with serving("wsgi:app", folder, ROLLCALL_INSTANCE=instance) as address:
        worker = worker_of(folder / "wsgi-app.log")
        login = {"secret": "openIM123", "userID": "imAdmin"}
        header = {"operationID": "bench"}
        token = post(address, "/auth/get_admin_token", login, header)["data"]["token"]
        with closing(Client(address, {**header, "token": token}, b'{"errCode":0,')) as client:
            _each_batch(_REGISTERED_AT_ONCE, lambda users: _register(address, header, users))
            before = resident(worker)
            put_online = _seconds(lambda: _each_batch(BATCH, lambda users: _put_online(client, users)))
            bytes_each = (resident(worker) - before) / USERS
            query = _query(client)
            listing, found = _list(client)
            if found != USERS:
                raise SystemExit(f"{found} users are listed, not {USERS}")
            watching = _watch(client)
            scaled = _against_few(address, token, folder)
    rows = [
        ("memory of one user online on one platform", f"{bytes_each:.0f} bytes"),
        ("put online by `/presence/heartbeats`, 1,000 per call", f"{USERS / put_online:.0f} users/s"),
        (f"get_users_online_status, v3, of {QUERIED}", f"{query * 1000:.1f} ms (median of {TIMES})"),
        ("all listed by `/presence/online`, 10,000 per call", f"{listing:.1f} s"),
        (f"{CHANGES:,} changes read by `/presence/changes`, 1,000 per call", f"{watching * 1000:.0f} ms"),
    ]
    lines = [
        "| 1,000,000 users online | |",
        "|---|---|",
        *(f"| {name} | {figure} |" for name, figure in rows),
    ]
    return "\n".join([*lines, "", *scaled])


def _against_few(address: str, token: str, folder: Path) -> list[str]:
    """Return a table of the durations of calls with a thousand and with a million users."""
    header = {"operationID": "bench"}
    with serving("wsgi:app", folder, ROLLCALL_INSTANCE=str(folder / "few")) as few:
        few_token = post(few, "/auth/get_admin_token", {"secret": "openIM123", "userID": "imAdmin"}, header)
        _register(few, header, [f"user{number:07d}" for number in range(1000)])
        begin = b'{"errCode":0,'
        with (
            closing(Client(address, {**header, "token": token}, begin)) as many_client,
            closing(Client(few, {**header, "token": few_token["data"]["token"]}, begin)) as few_client,
        ):
            login = {"secret": "openIM123", "platformID": 1}
            calls = {
                "user_token": ("/auth/user_token", lambda number: {**login, "userID": f"user{number:07d}"}),
                "get_users, first page of 100": ("/user/get_users", lambda number: _page(1)),
                "get_users, middle page of 100 (5,000th, or 5th of 1,000 users)": (
                    "/user/get_users",
                    lambda number: _page(5_000),
                ),
                "get_users, last page of 100 (10,000th, or 10th of 1,000 users)": (
                    "/user/get_users",
                    lambda number: _page(10_000),
                ),
            }
            lines = ["| call | 1,000 users | 1,000,000 users | ratio | target |", "|---|---|---|---|---|"]
            for name, (path, body) in calls.items():
                times: tuple[list[float], list[float]] = ([], [])
                for number in range(300):
                    for client, taken, share in ((few_client, times[0], 1000), (many_client, times[1], 1)):
                        request = body(number)
                        if "pagination" in request:
                            request = _page(max(request["pagination"]["pageNumber"] // share, 1))
                        data = json.dumps(request).encode()
                        taken.append(_seconds(lambda: client.send(path, data)))  # noqa: B023
                small, large = map(statistics.median, times)
                lines.append(
                    f"| {name} | {small * 1000:.2f} ms | {large * 1000:.2f} ms | {large / small:.2f} | 1.2 |"
                )
            return lines


def _page(number: int) -> dict[str, Any]:
    return {"pagination": {"pageNumber": number, "showNumber": 100}}


def _each_batch(size: int, do: Callable[[list[str]], None]) -> None:
    for start in range(0, USERS, size):
        do([f"user{number:07d}" for number in range(start, start + size)])


def _register(address: str, header: dict[str, str], user_ids: list[str]) -> None:
    users = [{"userID": user_id} for user_id in user_ids]
    post(address, "/user/user_register", {"secret": "openIM123", "users": users}, header)


def _put_online(client: Client, user_ids: list[str]) -> None:
    users = [{"userID": user_id, "platformID": 1 + number % 5} for number, user_id in enumerate(user_ids)]
    client.send("/presence/heartbeats", json.dumps({"ttl": 86400, "users": users}).encode())


def _query(client: Client) -> float:
    user_ids = [f"user{number * 1999 % USERS:07d}" for number in range(QUERIED)]
    body = json.dumps({"userIDs": user_ids}).encode()
    path = "/user/get_users_online_status"
    return statistics.median(_seconds(lambda: client.send(path, body)) for _ in range(TIMES))


def _list(client: Client) -> tuple[float, int]:
    found = 0
    begun = time.perf_counter()
    for page in _pages(client):
        found += len(page["users"])
    return time.perf_counter() - begun, found


def _pages(client: Client) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        page = _get(client, "/presence/online", limit=10_000, cursor=cursor)
        yield page
        cursor = page["cursor"]
        if not cursor:
            return


def _watch(client: Client) -> float:
    newest = _get(client, "/presence/counts")
    number = newest["number"] - CHANGES

    def read() -> None:
        nonlocal number
        while number < newest["number"]:
            data = _get(client, "/presence/changes", epoch=newest["epoch"], since=number, limit=1000)
            number = data["changes"][-1]["number"]

    return _seconds(read)


def _get(client: Client, path: str, **query: object) -> dict[str, Any]:
    answer = client.send(f"{path}?{urlencode(query)}", None)
    data: dict[str, Any] = json.loads(answer)["data"]
    return data


def _seconds(do: Callable[[], object]) -> float:
    begun = time.perf_counter()
    do()
    return time.perf_counter() - begun


def worker_of(log: Path) -> int:
    return int(re.findall(r"Booting worker with pid: (\d+)", log.read_text())[-1])


def resident(pid: int) -> int:
    """Return the resident memory of a process in bytes."""
    (kilobytes,) = re.findall(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(kilobytes) * 1024
