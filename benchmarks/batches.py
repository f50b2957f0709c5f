"""A thousand users at a time: registered against a bare `executemany`, asked about against a bare Flask view.

One client sends one request after the other over a connection that it keeps, so what is measured is the time
of a request and not how many fit beside each other.
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

from app.models import User
from app.storage import migrate
from benchmarks.servers import post

BATCH = 1_000
CALLS = 20
SECRET = {"secret": "openIM123"}
REGISTER = "/user/user_register"

T = TypeVar("T")
Round = Callable[[], float]
"""Do CALLS calls, and return how many users or requests that makes a second."""


class Client:
    """One kept connection, whose answers begin as those of a success do."""

    def __init__(self, address: str, headers: dict[str, str], beginning: bytes) -> None:
        self._beginning = beginning
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
        self._headers = headers

    def send(self, path: str, body: bytes | None) -> bytes:
        """Send a request, a GET without a body, and return its answer, which has to be a success."""
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
    """Register through the server."""
    batches = _users("batch")

    def round_() -> float:
        bodies = [json.dumps({**SECRET, "users": next(batches)}).encode() for _ in range(CALLS)]
        return _rate(CALLS * BATCH, lambda: _each(lambda body: client.send(REGISTER, body), bodies))

    return round_


def inserting(connection: sqlite3.Connection) -> Round:
    """Write the same rows into the same table, each thousand in a transaction, synced like ours."""
    batches = _users("batch")
    columns, marks = ", ".join(User._fields), ", ".join("?" for _ in User._fields)

    def write(rows: list[User]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(f"INSERT INTO users ({columns}) VALUES ({marks})", rows)
        connection.execute("COMMIT")

    def round_() -> float:
        batched = [
            [User(row["userID"], row["nickname"], row["faceURL"]) for row in next(batches)]
            for _ in range(CALLS)
        ]
        return _rate(CALLS * BATCH, lambda: _each(write, batched))

    return round_


def asking(client: Client, path: str, key: str) -> Round:
    """Ask about a thousand users, all of them registered."""
    body = json.dumps({key: [f"u{number}" for number in range(BATCH)]}).encode()
    return lambda: _rate(CALLS, lambda: _each(lambda body: client.send(path, body), [body] * CALLS))


def measure(bare: str, rollcall: str, folder: Path, rounds: int) -> str:
    """Return the figures as a table in Markdown."""
    header = {"operationID": "bench"}
    ask = {**SECRET, "userID": "imAdmin"}
    token = post(rollcall, "/auth/get_admin_token", ask, header)["data"]["token"]
    prepared = folder / "bare.db"
    migrate.prepare(prepared)
    done = b'{"errCode":0,'
    ours, anybody = Client(rollcall, {**header, "token": token}, done), Client(rollcall, header, done)
    view = Client(bare, {"Content-Type": "application/json"}, b'{"userIDs":')
    with (
        closing(ours),
        closing(anybody),
        closing(view),
        closing(sqlite3.connect(prepared, isolation_level=None)) as connection,
    ):
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        figures: list[tuple[str, str, Round, int]] = [
            ("bare executemany", "users", inserting(connection), 0),
            ("user_register", "users", registering(anybody), 0),
            ("bare Flask view", "requests", asking(view, "/echo", "userIDs"), 2),
            ("account_check", "requests", asking(ours, "/user/account_check", "checkUserIDs"), 2),
            ("get_users_info", "requests", asking(ours, "/user/get_users_info", "userIDs"), 2),
            (
                "get_users_online_status, v3",
                "requests",
                asking(ours, "/user/get_users_online_status", "userIDs"),
                2,
            ),
            ("get_users_status", "requests", asking(ours, "/user/get_users_status", "userIDs"), 2),
        ]
        rates: list[list[float]] = [[] for _ in figures]
        for _ in range(rounds):
            for (_, _, round_, _), kept in zip(figures, rates, strict=True):
                kept.append(round_())
    medians = [statistics.median(kept) for kept in rates]
    lines = [
        "| 1,000 at a time | a second (median) | lowest | highest | against bare |",
        "|---|---|---|---|---|",
    ]
    for (name, unit, _, against), kept, median in zip(figures, rates, medians, strict=True):
        spread = f"{min(kept):.0f} | {max(kept):.0f}"
        lines.append(f"| {name} | {median:.0f} {unit} | {spread} | {median / medians[against]:.2f} |")
    return "\n".join(lines)
