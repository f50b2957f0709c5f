"""The users and deactivated tables: their SQL, and the conversion between rows and User."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...errors import UserExists, UserNotFound
from ...models import Page, Registrations, User, UserChanges, UserFilter
from .parameters import json_array
from .rows import Meter, fetch

_COLUMNS = ", ".join(User._fields)
_PARAMETERS = ", ".join("?" for _ in User._fields)


class UserStore:
    """Users by id. Methods run within the caller's operation."""

    def __init__(self) -> None:
        #: Users added since the start of the process. Only the writer's thread changes it.
        self.added = 0

    def add(self, connection: sqlite3.Connection, users: Sequence[User]) -> None:
        """Insert users. Raises UserExists for the first whose id is taken or reserved."""
        self._refuse_deactivated(connection, users)
        before = connection.total_changes
        try:
            connection.executemany(f"INSERT INTO users ({_COLUMNS}) VALUES ({_PARAMETERS})", users)
        except sqlite3.IntegrityError as error:
            raise UserExists(users[connection.total_changes - before].user_id) from error
        _count(connection, users)
        self.added += len(users)

    def _refuse_deactivated(self, connection: sqlite3.Connection, users: Sequence[User]) -> None:
        if not connection.execute("SELECT 1 FROM deactivated LIMIT 1").fetchone():
            return
        taken = connection.execute(
            "SELECT user_id FROM deactivated WHERE user_id IN (SELECT value FROM json_each(?)) LIMIT 1",
            (json_array(user.user_id for user in users),),
        ).fetchone()
        if taken:
            raise UserExists(taken[0], is_reserved=True)

    def deactivate(self, connection: sqlite3.Connection, user_ids: Iterable[str], now: int) -> None:
        """Reserve the ids of users that the caller deletes next; `now` in Unix ms."""
        connection.execute(
            "INSERT INTO deactivated (user_id, created_at, deactivated_at) "
            "SELECT user_id, created_at, ? FROM users WHERE user_id IN (SELECT value FROM json_each(?))",
            (now, json_array(user_ids)),
        )

    def deactivated_after(self, connection: sqlite3.Connection, user_ids: Iterable[str], time: int) -> bool:
        """Return whether any of the users was deactivated after a time (Unix ms)."""
        row = connection.execute(
            "SELECT 1 FROM deactivated WHERE deactivated_at > ? "
            "AND user_id IN (SELECT value FROM json_each(?)) LIMIT 1",
            (time, json_array(user_ids)),
        ).fetchone()
        return row is not None

    def reactivate(self, connection: sqlite3.Connection, user_ids: Iterable[str]) -> None:
        """Register the deactivated ones among `user_ids` again, with empty profiles."""
        rows = connection.execute(
            "DELETE FROM deactivated WHERE user_id IN (SELECT value FROM json_each(?)) "
            "RETURNING user_id, created_at",
            (json_array(user_ids),),
        ).fetchall()
        self.add(connection, [User(user_id, created_at=created_at) for user_id, created_at in rows])

    def deactivated(self, connection: sqlite3.Connection, page: Page) -> list[str]:
        """Return a page of the ids of deactivated users, in order of deactivation."""
        rows = connection.execute(
            "SELECT user_id FROM deactivated ORDER BY seq LIMIT ? OFFSET ?", (page.size, page.offset)
        )
        return [user_id for (user_id,) in rows]

    def count(self, connection: sqlite3.Connection, without: Sequence[str] = ()) -> int:
        """Return the number of users whose id is not one of `without`."""
        return _counted(connection, {"low": None, "high": None, "without": json_array(without)})

    def add_missing(self, connection: sqlite3.Connection, users: Sequence[User]) -> None:
        """Insert the users whose ids are not registered. Raises UserExists for one that is reserved."""
        self._refuse_deactivated(connection, users)
        insert = f"INSERT INTO users ({_COLUMNS}) VALUES ({_PARAMETERS}) ON CONFLICT (user_id) DO NOTHING"
        _count(connection, [user for user in users if connection.execute(insert, user).rowcount])

    def rename(self, connection: sqlite3.Connection, user_id: str, nickname: str, face_url: str) -> None:
        """Set the nickname, and the face URL unless it is empty."""
        connection.execute(
            """
            UPDATE users
            SET nickname = :nickname, face_url = CASE :face_url WHEN '' THEN face_url ELSE :face_url END
            WHERE user_id = :user_id
            """,
            {"user_id": user_id, "nickname": nickname, "face_url": face_url},
        )

    def update(self, connection: sqlite3.Connection, user_id: str, changes: UserChanges) -> None:
        """Write the fields that are not None. Raises UserNotFound."""
        columns = ", ".join(f"{name} = COALESCE(:{name}, {name})" for name in UserChanges._fields)
        updated = connection.execute(
            f"UPDATE users SET {columns} WHERE user_id = :user_id", {**changes._asdict(), "user_id": user_id}
        )
        if not updated.rowcount:
            raise UserNotFound(user_id)

    def delete_for_users(self, connection: sqlite3.Connection, user_ids: Iterable[str]) -> None:
        """Delete users, if registered, and their tokens."""
        connection.execute(
            "DELETE FROM users WHERE user_id IN (SELECT value FROM json_each(?))",
            (json_array(user_ids),),
        )

    def get(self, connection: sqlite3.Connection, user_id: str) -> User | None:
        """Return one user, or None."""
        row = connection.execute(f"SELECT {_COLUMNS} FROM users WHERE user_id = ?", (user_id,)).fetchone()
        return User(*row) if row else None

    def existing_ids(self, connection: sqlite3.Connection, user_ids: Iterable[str]) -> frozenset[str]:
        """Return the ids that are registered."""
        # A single row, because sqlite3 releases the interpreter lock for every row.
        (found,) = connection.execute(
            "SELECT json_group_array(user_id) FROM json_each(?) CROSS JOIN users ON user_id = value",
            (json_array(user_ids),),
        ).fetchone()
        return frozenset(json.loads(found))

    def find(
        self,
        connection: sqlite3.Connection,
        user_ids: Iterable[str],
        meter: Meter[User],
    ) -> dict[str, User]:
        """Return the registered users among `user_ids`, by id. Raises what `meter` raises."""
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM users WHERE user_id IN (SELECT value FROM json_each(?))",
            (json_array(user_ids),),
        )
        return {user.user_id: user for user in fetch(rows, User, meter)}

    def _number(self, connection: sqlite3.Connection, which: UserFilter) -> int:
        where, values = _where(which)
        # A filter by level alone can be answered from the counts.
        if which._replace(levels=None, without=()) == UserFilter():
            return _counted(connection, values)
        (total,) = connection.execute(f"SELECT COUNT(*) FROM users {where}", values).fetchone()
        return int(total)

    def ids(self, connection: sqlite3.Connection, page: Page, meter: Meter[str]) -> tuple[int, str]:
        """Return the number of all users, and a page of their ids as JSON, in order of registration.

        JSON, because a list of a million texts takes five times the memory. Raises what `meter` raises.
        """
        total = self._number(connection, UserFilter())
        part = page.within(total)
        meter.expect(part.size)
        query, values = _part(part, total, UserFilter(), newest_first=False)
        (found,) = connection.execute(
            f"SELECT json_group_array(user_id) FROM (SELECT user_id FROM users {query})", values
        ).fetchone()
        return total, str(found)

    def page(
        self,
        connection: sqlite3.Connection,
        page: Page,
        which: UserFilter,
        meter: Meter[User],
        newest_first: bool = False,
    ) -> tuple[int, list[User]]:
        """Return the number of users that match, and a page of them in order of registration or reversed.

        Raises what `meter` raises.
        """
        total = self._number(connection, which)
        part = page.within(total)
        meter.expect(part.size)
        query, values = _part(part, total, which, newest_first)
        rows = connection.execute(f"SELECT {_COLUMNS} FROM users {query}", values)
        return total, fetch(rows, User, meter)

    def after(
        self, connection: sqlite3.Connection, seq: int, limit: int, which: UserFilter, meter: Meter[User]
    ) -> list[tuple[int, User]]:
        """Return up to `limit` users that match behind a place in the order of registration, with theirs.

        Raises what `meter` raises.
        """
        where, values = _where(which)
        rows = connection.execute(
            f"SELECT seq, {_COLUMNS} FROM users {where or 'WHERE TRUE'} AND seq > :after "
            "ORDER BY seq LIMIT :limit",
            {**values, "after": seq, "limit": limit},
        )
        seqs: list[int] = []

        def user(seq: int, *columns: Any) -> User:
            seqs.append(seq)
            return User(*columns)

        return list(zip(seqs, fetch(rows, user, meter), strict=True))

    def registrations(
        self, connection: sqlite3.Connection, start: int, end: int, without: Sequence[str]
    ) -> Registrations:
        """Count users registered before `start`, and by day from `start` to before `end` (Unix ms).

        The ids `without` count as registered before `start`.
        """
        values = {"start": start, "end": end, "without": json_array(without)}
        others = "user_id NOT IN (SELECT value FROM json_each(:without))"
        total, before = connection.execute(
            f"SELECT COUNT(*), COUNT(*) FILTER (WHERE created_at < :start OR NOT {others}) FROM users", values
        ).fetchone()
        days = connection.execute(
            f"""
            SELECT date(created_at / 1000, 'unixepoch') AS day, COUNT(*) FROM users
            WHERE created_at >= :start AND created_at < :end AND {others}
            GROUP BY day ORDER BY day
            """,
            values,
        )
        return Registrations(total, before, dict(days.fetchall()))


def _part(part: Page, total: int, which: UserFilter, newest_first: bool) -> tuple[str, dict[str, object]]:
    """Return the WHERE and ORDER BY clauses of a part of a list with `total` users, and their parameters."""
    where, values = _where(which)
    # Matching users behind the part: it is read from the nearer end.
    behind = max(total - part.offset - part.size, 0)
    is_from_end = behind < part.offset
    order = "DESC" if newest_first else "ASC"
    inner_order = "DESC" if newest_first != is_from_end else "ASC"
    values |= {"size": part.size, "offset": behind if is_from_end else part.offset}
    # Only the numbers of the users before the part are read, not their rows.
    numbers = f"SELECT seq FROM users {where} ORDER BY seq {inner_order} LIMIT :size OFFSET :offset"
    return f"WHERE seq IN ({numbers}) ORDER BY seq {order}", values


def _count(connection: sqlite3.Connection, users: Iterable[User]) -> None:
    """Count users who were just inserted; triggers count deleted ones, and would take longer for these."""
    connection.executemany(
        "INSERT INTO user_counts VALUES (?, ?) "
        "ON CONFLICT (level) DO UPDATE SET users = users + excluded.users",
        Counter(user.level for user in users).items(),
    )


_IN_LEVELS = "(:low IS NULL OR level BETWEEN :low AND :high)"


def _counted(connection: sqlite3.Connection, values: Mapping[str, object]) -> int:
    """Return how many users have a level from `low` to `high` (None: any), not counting those of `without`.

    Counting a million rows takes milliseconds.
    """
    (users,) = connection.execute(
        f"""
        SELECT COALESCE(SUM(users), 0) - (
            SELECT COUNT(*) FROM users
            WHERE user_id IN (SELECT value FROM json_each(:without)) AND {_IN_LEVELS}
        )
        FROM user_counts WHERE {_IN_LEVELS}
        """,
        values,
    ).fetchone()
    return int(users)


# An empty text becomes NULL, which matches nothing. SQLite's lower() changes ASCII letters only.
_CONTAINS = """
    (instr(lower(user_id), lower(nullif(:id_part, ''))) > 0
    OR instr(lower(nickname), lower(nullif(:nickname_part, ''))) > 0
    OR user_id = nullif(:or_id, ''))
"""
# By number, as the numbers of a page are read from an index or the table's own order.
_NOT_WITHOUT = "seq NOT IN (SELECT seq FROM users WHERE user_id IN (SELECT value FROM json_each(:without)))"


def _where(which: UserFilter) -> tuple[str, dict[str, object]]:
    """Return the WHERE clause of a filter (empty if it has no condition) and its parameters."""
    low, high = which.levels or (None, None)
    conditions = {
        "level BETWEEN :low AND :high": which.levels is not None,
        # So that the index of these few users is used.
        "level > 1": low is not None and low > 1,
        "nickname = :nickname": which.nickname is not None,
        "user_id IN (SELECT value FROM json_each(:user_ids))": which.user_ids is not None,
        _NOT_WITHOUT: bool(which.without),
        _CONTAINS: bool(which.id_part or which.nickname_part or which.or_id),
    }
    used = [condition for condition, is_used in conditions.items() if is_used]
    lists = {
        "user_ids": json_array(which.user_ids or ()),
        "without": json_array(which.without),
    }
    values = {**which._asdict(), "low": low, "high": high, **lists}
    del values["levels"]
    return f"WHERE {' AND '.join(used)}" if used else "", values
