"""The notes table: small things that are kept with a user, by kind and name."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from app.models import Note
from app.storage.parameters import id_list

_COLUMNS = ", ".join(Note._fields)
_THESE = "kind = :kind AND user_id = :user_id"


class NoteStore:
    """Notes by kind, user and name. Every method takes the connection of the piece it is part of."""

    def put(self, connection: sqlite3.Connection, kind: str, user_id: str, values: Mapping[str, str]) -> None:
        """Write notes; one that is there keeps its place and changes its value."""
        connection.executemany(
            "INSERT INTO notes (kind, user_id, name, value) VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET value = excluded.value",
            ((kind, user_id, name, value) for name, value in values.items()),
        )

    def remove(self, connection: sqlite3.Connection, kind: str, user_id: str, names: Iterable[str]) -> None:
        """Remove those notes that are there."""
        connection.executemany(
            f"DELETE FROM notes WHERE {_THESE} AND name = :name",
            ({"kind": kind, "user_id": user_id, "name": name} for name in names),
        )

    def count(self, connection: sqlite3.Connection, kind: str, user_id: str) -> int:
        """Return how many notes of a kind a user has."""
        (count,) = connection.execute(
            f"SELECT COUNT(*) FROM notes WHERE {_THESE}", {"kind": kind, "user_id": user_id}
        ).fetchone()
        return int(count)

    def of(
        self, connection: sqlite3.Connection, kind: str, user_id: str, below: int, size: int
    ) -> list[Note]:
        """Return a user's notes of a kind whose `seq` is below a number, the newest first."""
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM notes WHERE {_THESE} AND seq < :below ORDER BY seq DESC LIMIT :size",
            {"kind": kind, "user_id": user_id, "below": below, "size": size},
        )
        return [Note(*row) for row in rows]

    def of_users(self, connection: sqlite3.Connection, kind: str, user_ids: Iterable[str]) -> list[Note]:
        """Return the notes of a kind of several users."""
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM notes "
            "WHERE kind = ? AND user_id IN (SELECT value FROM json_each(?)) ORDER BY seq",
            (kind, id_list(user_ids)),
        )
        return [Note(*row) for row in rows]

    def page(
        self, connection: sqlite3.Connection, kind: str, offset: int, size: int, newest_first: bool
    ) -> tuple[int, list[Note]]:
        """Return how many notes of a kind there are of all users, and a part of them."""
        (total,) = connection.execute("SELECT COUNT(*) FROM notes WHERE kind = ?", (kind,)).fetchone()
        order = "DESC" if newest_first else "ASC"
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM notes WHERE kind = ? ORDER BY seq {order} LIMIT ? OFFSET ?",
            (kind, size, offset),
        )
        return int(total), [Note(*row) for row in rows]

    def delete_of(self, connection: sqlite3.Connection, user_ids: Iterable[str]) -> None:
        """Delete everything that is kept with users."""
        connection.execute(
            "DELETE FROM notes WHERE user_id IN (SELECT value FROM json_each(?))", (id_list(user_ids),)
        )
