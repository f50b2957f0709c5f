"""How many users of each level there are among every 4,096 numbers, so that a long list is quick to count in.

Counting a million users takes milliseconds, and walking to a page in their middle takes ten times that.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence

from ...models import User

# As the migration has it.
_BITS = 12
#: Numbers in a bucket.
SIZE = 1 << _BITS

_IN_LEVELS = "(:low IS NULL OR level BETWEEN :low AND :high)"
# How many of the levels that are meant each bucket has, without those who are not.
_COUNTED = f"""
    SELECT bucket, users FROM user_count_buckets WHERE {_IN_LEVELS}
    UNION ALL
    SELECT seq >> {_BITS}, -1 FROM users
    WHERE user_id IN (SELECT value FROM json_each(:without)) AND {_IN_LEVELS}
"""


def count(connection: sqlite3.Connection) -> int:
    """Return how many users there are."""
    (users,) = connection.execute("SELECT COALESCE(SUM(users), 0) FROM user_count_buckets").fetchone()
    return int(users)


def add_users(connection: sqlite3.Connection, first: int, users: Sequence[User]) -> None:
    """Count users who were just numbered from `first` on; who is deleted is counted out by a trigger."""
    for bucket in range(first >> _BITS, ((first + len(users) - 1) >> _BITS) + 1):
        begin, end = (max((each << _BITS) - first, 0) for each in (bucket, bucket + 1))
        connection.executemany(
            "INSERT INTO user_count_buckets (bucket, level, users) VALUES (?, ?, ?) "
            "ON CONFLICT (bucket, level) DO UPDATE SET users = users + excluded.users",
            ((bucket, *each) for each in Counter(user.level for user in users[begin:end]).items()),
        )


def total(connection: sqlite3.Connection, which: Mapping[str, object]) -> int:
    """Return how many users have a level from `low` to `high` (or any, if that is None).

    Those of `without`, ids as `id_list` returns them, do not count.
    """
    (users,) = connection.execute(f"SELECT COALESCE(SUM(users), 0) FROM ({_COUNTED})", which).fetchone()
    return int(users)


def find(connection: sqlite3.Connection, place: int, which: Mapping[str, object]) -> tuple[int, int]:
    """Return where the bucket with the user at a place (from 0) begins, and how many users are before it.

    `which` is that of `total`, and the place less than that.
    """
    if place < SIZE:
        return 0, 0
    bucket, before = connection.execute(
        f"""
        SELECT bucket, before FROM (
            SELECT bucket, SUM(SUM(users)) OVER (ORDER BY bucket) - SUM(users) AS before
            FROM ({_COUNTED}) GROUP BY bucket
        )
        WHERE before <= :place ORDER BY bucket DESC LIMIT 1
        """,
        {**which, "place": place},
    ).fetchone()
    return bucket << _BITS, before
