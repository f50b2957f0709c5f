"""The user_commands table: its SQL, and the line between a row and a UserCommand."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from app.errors import CommandNotFound
from app.models import UserCommand
from app.storage.parameters import json_array

_COLUMNS = ", ".join(UserCommand._fields)
# A user may have several of one type and uuid; the oldest is meant.
_OLDEST = """
    seq = (
        SELECT seq FROM user_commands WHERE user_id = :user_id AND type = :type AND uuid = :uuid
        ORDER BY seq LIMIT 1
    )
"""


class CommandStore:
    """Commands by user, type and uuid. Every method takes the connection of the piece it is part of."""

    def add(self, connection: sqlite3.Connection, user_id: str, command: UserCommand) -> None:
        """Insert a command; there may be others of its type and uuid."""
        connection.execute(
            f"INSERT INTO user_commands (user_id, {_COLUMNS}) "
            "VALUES (:user_id, :type, :uuid, :value, :ex, :created_at)",
            {"user_id": user_id, **command._asdict()},
        )

    def delete(self, connection: sqlite3.Connection, user_id: str, type_: int, uuid: str) -> None:
        """Delete one command. Raises CommandNotFound."""
        _expect_one(
            connection.execute(
                f"DELETE FROM user_commands WHERE {_OLDEST}",
                {"user_id": user_id, "type": type_, "uuid": uuid},
            )
        )

    def update(
        self,
        connection: sqlite3.Connection,
        user_id: str,
        type_: int,
        uuid: str,
        value: str | None,
        ex: str | None,
    ) -> None:
        """Write value and ex of one command, each unless it is None. Raises CommandNotFound."""
        _expect_one(
            connection.execute(
                "UPDATE user_commands SET value = COALESCE(:value, value), ex = COALESCE(:ex, ex) "
                f"WHERE {_OLDEST}",
                {"user_id": user_id, "type": type_, "uuid": uuid, "value": value, "ex": ex},
            )
        )

    def delete_for_users(self, connection: sqlite3.Connection, user_ids: Iterable[str]) -> None:
        """Delete all commands of users."""
        connection.execute(
            "DELETE FROM user_commands WHERE user_id IN (SELECT value FROM json_each(?))",
            (json_array(user_ids),),
        )

    def count(self, connection: sqlite3.Connection, user_id: str) -> int:
        """Return how many commands a user has."""
        (count,) = connection.execute(
            "SELECT COUNT(*) FROM user_commands WHERE user_id = ?", (user_id,)
        ).fetchone()
        return int(count)

    def of(self, connection: sqlite3.Connection, user_id: str, type_: int | None) -> list[UserCommand]:
        """Return a user's commands, those of one type unless that is None, in the order of their adding."""
        # Two statements: one for both could not use the whole index.
        which = "" if type_ is None else "AND type = :type"
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM user_commands WHERE user_id = :user_id {which} ORDER BY seq",
            {"user_id": user_id, "type": type_},
        )
        return [UserCommand(*row) for row in rows]


def _expect_one(changed: sqlite3.Cursor) -> None:
    if not changed.rowcount:
        raise CommandNotFound
