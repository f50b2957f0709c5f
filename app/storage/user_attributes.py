"""The user_attributes table: small things that are kept with a user, by kind and name."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from app.models import UserAttribute
from app.storage.parameters import json_array

_COLUMNS = ", ".join(UserAttribute._fields)
_THESE = "namespace = :namespace AND user_id = :user_id"


class UserAttributeStore:
    """Notes by kind, user and name. Every method takes the connection of the piece it is part of."""

    def put(
        self, connection: sqlite3.Connection, namespace: str, user_id: str, values: Mapping[str, str]
    ) -> None:
        """Write user_attributes; one that is there keeps its place and changes its value."""
        connection.executemany(
            "INSERT INTO user_attributes (namespace, user_id, name, value) VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET value = excluded.value",
            ((namespace, user_id, name, value) for name, value in values.items()),
        )

    def remove(
        self, connection: sqlite3.Connection, namespace: str, user_id: str, names: Iterable[str]
    ) -> None:
        """Remove those user_attributes that are there."""
        connection.executemany(
            f"DELETE FROM user_attributes WHERE {_THESE} AND name = :name",
            ({"namespace": namespace, "user_id": user_id, "name": name} for name in names),
        )

    def count(self, connection: sqlite3.Connection, namespace: str, user_id: str) -> int:
        """Return how many user_attributes of a kind a user has."""
        (count,) = connection.execute(
            f"SELECT COUNT(*) FROM user_attributes WHERE {_THESE}",
            {"namespace": namespace, "user_id": user_id},
        ).fetchone()
        return int(count)

    def of(
        self, connection: sqlite3.Connection, namespace: str, user_id: str, below: int, size: int
    ) -> list[UserAttribute]:
        """Return a user's user_attributes of a kind whose `seq` is below a number, the newest first."""
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM user_attributes WHERE {_THESE} AND seq < :below "
            "ORDER BY seq DESC LIMIT :size",
            {"namespace": namespace, "user_id": user_id, "below": below, "size": size},
        )
        return [UserAttribute(*row) for row in rows]

    def of_users(
        self, connection: sqlite3.Connection, namespace: str, user_ids: Iterable[str]
    ) -> list[UserAttribute]:
        """Return the user_attributes of a kind of several users."""
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM user_attributes "
            "WHERE namespace = ? AND user_id IN (SELECT value FROM json_each(?)) ORDER BY seq",
            (namespace, json_array(user_ids)),
        )
        return [UserAttribute(*row) for row in rows]

    def page(
        self, connection: sqlite3.Connection, namespace: str, offset: int, size: int, newest_first: bool
    ) -> tuple[int, list[UserAttribute]]:
        """Return how many user_attributes of a kind there are of all users, and a part of them."""
        (total,) = connection.execute(
            "SELECT COUNT(*) FROM user_attributes WHERE namespace = ?", (namespace,)
        ).fetchone()
        order = "DESC" if newest_first else "ASC"
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM user_attributes WHERE namespace = ? "
            f"ORDER BY seq {order} LIMIT ? OFFSET ?",
            (namespace, size, offset),
        )
        return int(total), [UserAttribute(*row) for row in rows]

    def delete_for_users(self, connection: sqlite3.Connection, user_ids: Iterable[str]) -> None:
        """Delete everything that is kept with users."""
        connection.execute(
            "DELETE FROM user_attributes WHERE user_id IN (SELECT value FROM json_each(?))",
            (json_array(user_ids),),
        )
