"""The user_commands table: its SQL, and the conversion between rows and UserCommand."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from ...errors import CommandNotFound
from ...models import UserCommand
from .parameters import json_array
from .rows import Meter, fetch

_COLUMNS = ", ".join(UserCommand._fields)
# A user may have several commands of one type and uuid; the calls apply to the oldest.
_OLDEST = """
    seq = (
        SELECT seq FROM user_commands WHERE user_id = :user_id AND type = :type AND uuid = :uuid
        ORDER BY seq LIMIT 1
    )
"""


class CommandStore:
    """Commands by user id, type and uuid. Methods run within the caller's operation."""

    def add(self, connection: sqlite3.Connection, user_id: str, command: UserCommand) -> None:
        """Insert a command; type and uuid need not be unique."""
        connection.execute(
            f"INSERT INTO user_commands (user_id, {_COLUMNS}) "
            "VALUES (:user_id, :type, :uuid, :value, :ex, :created_at)",
            {"user_id": user_id, **command._asdict()},
        )

    def delete(self, connection: sqlite3.Connection, user_id: str, type_: int, uuid: str) -> None:
        """Delete the oldest command with this type and uuid. Raises CommandNotFound."""
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
        """Overwrite value and ex, unless None, of the oldest such command. Raises CommandNotFound."""
        _expect_one(
            connection.execute(
                "UPDATE user_commands SET value = COALESCE(:value, value), ex = COALESCE(:ex, ex) "
                f"WHERE {_OLDEST}",
                {"user_id": user_id, "type": type_, "uuid": uuid, "value": value, "ex": ex},
            )
        )

    def delete_for_users(self, connection: sqlite3.Connection, user_ids: Iterable[str]) -> None:
        """Delete all commands of these users."""
        connection.execute(
            "DELETE FROM user_commands WHERE user_id IN (SELECT value FROM json_each(?))",
            (json_array(user_ids),),
        )

    def size(self, connection: sqlite3.Connection, user_id: str) -> tuple[int, int]:
        """Return the number of a user's commands, and the bytes of their texts."""
        count, size = connection.execute(
            "SELECT COUNT(*), COALESCE(SUM(LENGTH(CAST(uuid || value || ex AS BLOB))), 0) "
            "FROM user_commands WHERE user_id = ?",
            (user_id,),
        ).fetchone()
        return count, size

    def of(
        self,
        connection: sqlite3.Connection,
        user_id: str,
        type_: int | None,
        meter: Meter[UserCommand],
    ) -> list[UserCommand]:
        """Return a user's commands, of all types if `type_` is None, oldest first.

        Raises what `meter` raises.
        """
        # Two statements, as a single one for both cases could not use the whole index.
        type_condition = "" if type_ is None else "AND type = :type"
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM user_commands WHERE user_id = :user_id {type_condition} ORDER BY seq",
            {"user_id": user_id, "type": type_},
        )
        return fetch(rows, UserCommand, meter)


def _expect_one(cursor: sqlite3.Cursor) -> None:
    if not cursor.rowcount:
        raise CommandNotFound
