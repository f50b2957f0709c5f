"""Pages of users in both orders, and the counters behind them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from rollcall_server.capacity import MemoryBudget, ThreadAllowance
from rollcall_server.domain.answers import Answers
from rollcall_server.models import EVERYTHING, Page, User, UserFilter
from rollcall_server.storage.sqlite import migrate
from rollcall_server.storage.sqlite.users import UserStore

STORE = UserStore()

LEVELS = UserFilter(levels=(0, 1), without=("u3", "u5", "nobody", "level2-0"))


def meter() -> Any:
    return Answers(MemoryBudget("large", 10**9, ThreadAllowance(1))).users()


@pytest.fixture(name="connection")
def _connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    path = tmp_path / "rollcall.db"
    migrate.prepare(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        STORE.add(connection, [User(f"u{number}", level=number % 2) for number in range(12)])
        STORE.add(connection, [User(f"level2-{number}", level=2) for number in range(3)])
        STORE.delete_for_users(connection, ["u0", "u7", "level2-1"])
        yield connection


@pytest.mark.parametrize(
    "user_filter", [UserFilter(), LEVELS, UserFilter(nickname=""), UserFilter(or_id="u4")]
)
@pytest.mark.parametrize("newest_first", [False, True])
def test_each_page_is_a_slice_of_the_whole_list(
    connection: sqlite3.Connection, user_filter: UserFilter, newest_first: bool
) -> None:
    rows = connection.execute("SELECT user_id, level FROM users ORDER BY seq").fetchall()
    matches = {
        UserFilter(): lambda user_id, level: True,
        LEVELS: lambda user_id, level: level < 2 and user_id not in LEVELS.without,
        UserFilter(nickname=""): lambda user_id, level: True,
        UserFilter(or_id="u4"): lambda user_id, level: user_id == "u4",
    }[user_filter]
    whole = [user_id for user_id, level in rows if matches(user_id, level)]
    whole = whole[::-1] if newest_first else whole
    for offset in range(len(whole) + 3):
        for size in (-1, 0, 1, 2, 5, len(whole), 100, EVERYTHING.size):
            total, users = STORE.page(connection, Page(offset, size), user_filter, meter(), newest_first)
            assert total == len(whole)
            assert [user.user_id for user in users] == whole[offset:][: max(size, 0)]
            if user_filter == UserFilter() and not newest_first:
                total, ids = STORE.ids(connection, Page(offset, size), meter())
                assert (total, json.loads(ids)) == (len(whole), whole[offset:][: max(size, 0)])


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize(
    "user_filter", [UserFilter(), UserFilter(levels=(0, 1), without=("m5", "m9000", "m12999"))]
)
def test_pages_are_right_with_deleted_users_between(
    connection: sqlite3.Connection, user_filter: UserFilter, newest_first: bool
) -> None:
    connection.execute("BEGIN")
    for start in range(0, 20_000, 1000):
        users = [User(f"m{number}", level=number % 3) for number in range(start, start + 1000)]
        STORE.add(connection, users)
    # A whole stretch, and single users.
    STORE.delete_for_users(connection, [f"m{number}" for number in range(4000, 8300)])
    STORE.delete_for_users(connection, [f"m{number}" for number in range(12_000, 20_000, 7)])
    connection.execute("UPDATE users SET level = 2 WHERE user_id IN ('m8400', 'm8403')")
    connection.execute("COMMIT")
    rows = connection.execute("SELECT user_id, level FROM users ORDER BY seq").fetchall()
    matching = [
        user_id
        for user_id, level in rows
        if user_filter == UserFilter() or (level < 2 and user_id not in user_filter.without)
    ]
    whole = matching[::-1] if newest_first else matching
    for size in (1, 99, 4096):
        for offset in range(0, len(whole) + 1000, 499):
            total, users = STORE.page(connection, Page(offset, size), user_filter, meter(), newest_first)
            assert total == len(whole)
            assert [user.user_id for user in users] == whole[offset:][:size]


def check_counts(connection: sqlite3.Connection) -> None:
    counted = connection.execute("SELECT level, users FROM user_counts WHERE users <> 0").fetchall()
    assert counted == connection.execute("SELECT level, COUNT(*) FROM users GROUP BY 1 ORDER BY 1").fetchall()
    assert STORE.count(connection) == sum(users for _, users in counted)


def test_counts_match_the_table_after_every_change(connection: sqlite3.Connection) -> None:
    def check() -> None:
        check_counts(connection)

    check()
    STORE.add_missing(connection, [User("u1", level=9), User("new", level=9)])
    check()
    STORE.add(connection, [User(f"over{number}", level=number % 2) for number in range(4)])
    STORE.add_missing(connection, [User("last", level=3)])
    check()
    connection.execute("UPDATE users SET level = 4 WHERE level = 1")
    check()
    STORE.deactivate(connection, ["u1"], 5)
    STORE.delete_for_users(connection, ["u1"])
    check()
    STORE.reactivate(connection, ["u1"])
    check()
    connection.execute("BEGIN")
    STORE.add(connection, [User("lost")])
    connection.execute("ROLLBACK")
    check()
