"""The users table: its SQL, and the line between a row and a User."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from app.errors import UserExists, UserNotFound
from app.models import Page, Registrations, User, UserChanges, UserFilter
from app.storage import user_count_buckets
from app.storage.parameters import json_array

_COLUMNS = ", ".join(User._fields)
_PARAMETERS = ", ".join("?" for _ in User._fields)
# Rows that are handed on at a time where all of them are walked through.
_CHUNK = 1000
# Characters of a nickname that are looked through: one long one would take up all the time that there is.
_SEARCHED = 256


class UserStore:
    """Users by id. Every method takes the connection of the piece it is part of."""

    def add(self, connection: sqlite3.Connection, users: Sequence[User]) -> None:
        """Insert all of `users` or none. Raises UserExists for the first whose id is taken."""
        self._refuse_deactivated(connection, users)
        before = connection.total_changes
        try:
            connection.executemany(f"INSERT INTO users ({_COLUMNS}) VALUES ({_PARAMETERS})", users)
        except sqlite3.IntegrityError as error:
            raise UserExists(users[connection.total_changes - before].user_id) from error
        (last,) = connection.execute("SELECT last_insert_rowid()").fetchone()
        # One after the other, they have been numbered without a gap.
        user_count_buckets.add_users(connection, last - len(users) + 1, users)

    def _refuse_deactivated(self, connection: sqlite3.Connection, users: Sequence[User]) -> None:
        if not connection.execute("SELECT 1 FROM deactivated LIMIT 1").fetchone():
            return
        taken = connection.execute(
            "SELECT user_id FROM deactivated WHERE user_id IN (SELECT value FROM json_each(?)) LIMIT 1",
            (json_array(user.user_id for user in users),),
        ).fetchone()
        if taken:
            raise UserExists(taken[0])

    def deactivate(self, connection: sqlite3.Connection, user_ids: Iterable[str], now: int) -> None:
        """Keep ids of users, who are to be deleted next, from being registered again; `now` in Unix ms."""
        connection.execute(
            "INSERT INTO deactivated (user_id, created_at, deactivated_at) "
            "SELECT user_id, created_at, ? FROM users WHERE user_id IN (SELECT value FROM json_each(?))",
            (now, json_array(user_ids)),
        )

    def deactivated_after(self, connection: sqlite3.Connection, user_ids: Iterable[str], time: int) -> bool:
        """Tell whether one of the users was deactivated after a time (Unix ms)."""
        row = connection.execute(
            "SELECT 1 FROM deactivated WHERE deactivated_at > ? "
            "AND user_id IN (SELECT value FROM json_each(?)) LIMIT 1",
            (time, json_array(user_ids)),
        ).fetchone()
        return row is not None

    def reactivate(self, connection: sqlite3.Connection, user_ids: Iterable[str]) -> None:
        """Make those who are deactivated users again, with empty profiles."""
        rows = connection.execute(
            "DELETE FROM deactivated WHERE user_id IN (SELECT value FROM json_each(?)) "
            "RETURNING user_id, created_at",
            (json_array(user_ids),),
        ).fetchall()
        self.add(connection, [User(user_id, created_at=created_at) for user_id, created_at in rows])

    def deactivated(self, connection: sqlite3.Connection, page: Page) -> list[str]:
        """Return a page of the ids of deactivated users, in the order of their deactivation."""
        rows = connection.execute(
            "SELECT user_id FROM deactivated ORDER BY seq LIMIT ? OFFSET ?", (page.size, page.offset)
        )
        return [user_id for (user_id,) in rows]

    def count(self, connection: sqlite3.Connection) -> int:
        """Return how many users there are."""
        return user_count_buckets.count(connection)

    def add_missing(self, connection: sqlite3.Connection, users: Sequence[User]) -> None:
        """Insert those of `users` whose ids are free."""
        insert = f"INSERT INTO users ({_COLUMNS}) VALUES ({_PARAMETERS}) ON CONFLICT (user_id) DO NOTHING"
        for user in users:
            cursor = connection.execute(insert, user)
            if cursor.rowcount:
                user_count_buckets.add_users(connection, cast(int, cursor.lastrowid), [user])

    def rename(self, connection: sqlite3.Connection, user_id: str, nickname: str, face_url: str) -> None:
        """Write the nickname, and the face URL unless it is empty."""
        connection.execute(
            """
            UPDATE users
            SET nickname = :nickname, face_url = CASE :face_url WHEN '' THEN face_url ELSE :face_url END
            WHERE user_id = :user_id
            """,
            {"user_id": user_id, "nickname": nickname, "face_url": face_url},
        )

    def update(self, connection: sqlite3.Connection, user_id: str, changes: UserChanges) -> None:
        """Write what is not None. Raises UserNotFound."""
        columns = ", ".join(f"{name} = COALESCE(:{name}, {name})" for name in UserChanges._fields)
        updated = connection.execute(
            f"UPDATE users SET {columns} WHERE user_id = :user_id", {**changes._asdict(), "user_id": user_id}
        )
        if not updated.rowcount:
            raise UserNotFound(user_id)

    def delete_for_users(self, connection: sqlite3.Connection, user_ids: Iterable[str]) -> None:
        """Delete those of `user_ids` that are registered, and with them their tokens."""
        connection.execute(
            "DELETE FROM users WHERE user_id IN (SELECT value FROM json_each(?))",
            (json_array(user_ids),),
        )

    def get(self, connection: sqlite3.Connection, user_id: str) -> User | None:
        """Return one user, or None."""
        row = connection.execute(f"SELECT {_COLUMNS} FROM users WHERE user_id = ?", (user_id,)).fetchone()
        return User(*row) if row else None

    def existing_ids(self, connection: sqlite3.Connection, user_ids: Iterable[str]) -> frozenset[str]:
        """Return those of `user_ids` that are registered."""
        # One row, as other threads are let in before each.
        (found,) = connection.execute(
            "SELECT json_group_array(user_id) FROM json_each(?) CROSS JOIN users ON user_id = value",
            (json_array(user_ids),),
        ).fetchone()
        return frozenset(json.loads(found))

    def find(self, connection: sqlite3.Connection, user_ids: Iterable[str]) -> dict[str, User]:
        """Return those of `user_ids` that are registered, by id."""
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM users WHERE user_id IN (SELECT value FROM json_each(?))",
            (json_array(user_ids),),
        )
        return {row[0]: User(*row) for row in rows}

    def ids(self, connection: sqlite3.Connection, page: Page) -> tuple[int, list[str]]:
        """Return how many users there are, and the ids of a page in the order of registration."""
        total, rows = self._part(connection, "user_id", page, UserFilter(), newest_first=False)
        return total, [user_id for (user_id,) in rows]

    def page(
        self, connection: sqlite3.Connection, page: Page, which: UserFilter, newest_first: bool = False
    ) -> tuple[int, list[User]]:
        """Return how many users are meant, and a page of them in the order of registration, or backwards."""
        total, rows = self._part(connection, _COLUMNS, page, which, newest_first)
        return total, [User(*row) for row in rows]

    def _part(
        self,
        connection: sqlite3.Connection,
        columns: str,
        page: Page,
        which: UserFilter,
        newest_first: bool,
    ) -> tuple[int, list[tuple[Any, ...]]]:
        where, values = _where(which)
        # Who is meant by the level alone has been counted.
        is_counted = which._replace(levels=None, without=()) == UserFilter()
        if is_counted:
            total = user_count_buckets.total(connection, values)
        else:
            (total,) = connection.execute(f"SELECT COUNT(*) FROM users {where}", values).fetchone()
        size = max(min(page.size, total - page.offset), 0)
        # How many of those who are meant were registered before the page, and how many after it.
        before, after = page.offset, max(total - page.offset - size, 0)
        if newest_first:
            before, after = after, before
        values |= {"size": size, "first": 0, "offset": after}
        from_behind = after < (min(before, user_count_buckets.SIZE) if is_counted else before)
        if not from_behind:
            first, passed = user_count_buckets.find(connection, before, values) if is_counted else (0, 0)
            values |= {"first": first, "offset": before - passed}
        rows = connection.execute(
            f"SELECT {columns} FROM users {where} {'AND' if where else 'WHERE'} seq >= :first "
            f"ORDER BY seq {'DESC' if from_behind else ''} LIMIT :size OFFSET :offset",
            values,
        ).fetchall()
        return total, rows[::-1] if from_behind != newest_first else rows

    def names(self, connection: sqlite3.Connection, which: UserFilter) -> Iterator[list[tuple[str, str]]]:
        """Yield id and (the first part of the) nickname of all who are meant, many at a time."""
        where, values = _where(which)
        rows = connection.execute(
            f"SELECT user_id, substr(nickname, 1, {_SEARCHED}) FROM users {where} ORDER BY seq", values
        )
        while chunk := rows.fetchmany(_CHUNK):
            yield chunk

    def registrations(
        self, connection: sqlite3.Connection, start: int, end: int, without: Sequence[str]
    ) -> Registrations:
        """Count who was registered before `start` and from then to before `end` (Unix ms).

        Those of `without` were always there.
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


# A part that is not given is NULL, which no text contains. SQLite's lower() knows ASCII only.
_CONTAINS = """
    (instr(lower(user_id), lower(nullif(:id_part, ''))) > 0
    OR instr(lower(nickname), lower(nullif(:nickname_part, ''))) > 0
    OR user_id = nullif(:or_id, ''))
"""


def _where(which: UserFilter) -> tuple[str, dict[str, object]]:
    """Word a filter as SQL, with the values that it names."""
    low, high = which.levels or (None, None)
    conditions = {
        "level BETWEEN :low AND :high": which.levels is not None,
        "nickname = :nickname": which.nickname is not None,
        "user_id IN (SELECT value FROM json_each(:user_ids))": which.user_ids is not None,
        "user_id NOT IN (SELECT value FROM json_each(:without))": bool(which.without),
        _CONTAINS: bool(which.id_part or which.nickname_part or which.or_id),
    }
    wanted = [condition for condition, is_wanted in conditions.items() if is_wanted]
    lists = {
        "user_ids": json_array(which.user_ids or ()),
        "without": json_array(which.without),
    }
    values = {**which._asdict(), "low": low, "high": high, **lists}
    del values["levels"]
    return f"WHERE {' AND '.join(wanted)}" if wanted else "", values
