"""Calls about a thousand users, compared with a bare `executemany` and with a bare Flask view.

One client sends one request after another over one connection, so this measures the duration of a request and
not concurrency.
"""

from __future__ import annotations

import http.client
import json
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from rollcall_server.models import User
from rollcall_server.storage.sqlite import migrate

from benchmarks.servers import post

BATCH = 1_000
CALLS = 20
SECRET = {"secret": "openIM123"}
REGISTER = "/user/user_register"

T = TypeVar("T")
Round = Callable[[], float]
"""Make CALLS calls; return the rate in users or requests per second."""


class Client:
    """A persistent connection, all of whose answers must start with `beginning`."""

    def __init__(self, address: str, headers: dict[str, str], beginning: bytes) -> None:
        self._beginning = beginning
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
        self._headers = headers

    def send(self, path: str, body: bytes | None) -> bytes:
        """Send a POST, or a GET without a body; return the answer, which must be a success."""
        self._connection.request("POST" if body else "GET", path, body, self._headers)
        response = self._connection.getresponse()
        answer = response.read()
        if response.status != 200 or not answer.startswith(self._beginning):
            raise SystemExit(f"{path} answers {response.status} {answer[:200]!r}")
        return answer

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _users(prefix: str) -> Iterator[list[dict[str, Any]]]:
    number = 0
    while True:
        yield [
            {
                "userID": f"{prefix}{each}",
                "nickname": f"Nickname {each}",
                "faceURL": "https://face.example/1.png",
            }
            for each in range(number, number + BATCH)
        ]
        number += BATCH


def _rate(count: int, work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return count / (time.perf_counter() - begun)


def _each(do: Callable[[T], None], things: Sequence[T]) -> None:
    for thing in things:
        do(thing)


def registering(client: Client) -> Round:
    """Register users by the server's call."""
    batches = _users("batch")

    def round_() -> float:
        bodies = [json.dumps({**SECRET, "users": next(batches)}).encode() for _ in range(CALLS)]
        return _rate(CALLS * BATCH, lambda: _each(lambda body: client.send(REGISTER, body), bodies))

    return round_


def inserting(connection: sqlite3.Connection) -> Round:
    """Insert the same rows into the same table, a thousand per transaction, synced like the server's."""
    batches = _users("batch")
    columns, placeholders = ", ".join(User._fields), ", ".join("?" for _ in User._fields)

    def write(rows: list[User]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(f"INSERT INTO users ({columns}) VALUES ({placeholders})", rows)
        connection.execute("COMMIT")

    def round_() -> float:
        batched = [
            [User(row["userID"], row["nickname"], row["faceURL"]) for row in next(batches)]
            for _ in range(CALLS)
        ]
        return _rate(CALLS * BATCH, lambda: _each(write, batched))

    return round_


def querying(client: Client, path: str, key: str) -> Round:
    """Query a thousand registered users."""
    body = json.dumps({key: [f"u{number}" for number in range(BATCH)]}).encode()
    return lambda: _rate(CALLS, lambda: _each(lambda body: client.send(path, body), [body] * CALLS))


def measure(bare: str, rollcall: str, folder: Path, rounds: int) -> str:
    """Return the figures as a table in Markdown."""
    header = {"operationID": "bench"}
    login = {**SECRET, "userID": "imAdmin"}
    token = post(rollcall, "/auth/get_admin_token", login, header)["data"]["token"]
    prepared = folder / "bare.db"
    migrate.prepare(prepared)
    done = b'{"errCode":0,'
    admin, without_token = Client(rollcall, {**header, "token": token}, done), Client(rollcall, header, done)
    view = Client(bare, {"Content-Type": "application/json"}, b'{"userIDs":')
    with (
        closing(admin),
        closing(without_token),
        closing(view),
        closing(sqlite3.connect(prepared, isolation_level=None)) as connection,
    ):
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        figures: list[tuple[str, str, Round, int]] = [
            ("bare executemany", "users", inserting(connection), 0),
            ("user_register", "users", registering(without_token), 0),
            ("bare Flask view", "requests", querying(view, "/echo", "userIDs"), 2),
            ("account_check", "requests", querying(admin, "/user/account_check", "checkUserIDs"), 2),
            ("get_users_info", "requests", querying(admin, "/user/get_users_info", "userIDs"), 2),
            (
                "get_users_online_status, v3",
                "requests",
                querying(admin, "/user/get_users_online_status", "userIDs"),
                2,
            ),
            ("get_users_status", "requests", querying(admin, "/user/get_users_status", "userIDs"), 2),
        ]
        rates: list[list[float]] = [[] for _ in figures]
        for _ in range(rounds):
            for (_, _, round_, _), results in zip(figures, rates, strict=True):
                results.append(round_())
    medians = [statistics.median(results) for results in rates]
    lines = [
        "| 1,000 users per call | per second (median) | lowest | highest | vs. bare |",
        "|---|---|---|---|---|",
    ]
    for (name, unit, _, against), results, median in zip(figures, rates, medians, strict=True):
        spread = f"{min(results):.0f} | {max(results):.0f}"
        lines.append(f"| {name} | {median:.0f} {unit} | {spread} | {median / medians[against]:.2f} |")
    return "\n".join(lines)
