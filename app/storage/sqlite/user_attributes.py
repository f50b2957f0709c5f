"""The user_attributes table: values by namespace, user id and name."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from ...models import Page, UserAttribute
from .parameters import json_array
from .rows import Meter, fetch

_COLUMNS = ", ".join(UserAttribute._fields)
_OF_USER = "namespace = :namespace AND user_id = :user_id"


class UserAttributeStore:
    """Attributes by namespace, user id and name. Methods run within the caller's operation."""

    def put(
        self, connection: sqlite3.Connection, namespace: str, user_id: str, values: Mapping[str, str]
    ) -> None:
        """Set attributes of a user; an existing one keeps its `seq`."""
        connection.executemany(
            "INSERT INTO user_attributes (namespace, user_id, name, value) VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET value = excluded.value",
            ((namespace, user_id, name, value) for name, value in values.items()),
        )

    def remove(
        self, connection: sqlite3.Connection, namespace: str, user_id: str, names: Iterable[str]
    ) -> None:
        """Delete attributes of a user by name, where they exist."""
        connection.executemany(
            f"DELETE FROM user_attributes WHERE {_OF_USER} AND name = :name",
            ({"namespace": namespace, "user_id": user_id, "name": name} for name in names),
        )

    def size(self, connection: sqlite3.Connection, namespace: str, user_id: str) -> tuple[int, int]:
        """Return the number of a user's attributes in a namespace, and the bytes of names and values."""
        count, size = connection.execute(
            "SELECT COUNT(*), COALESCE(SUM(LENGTH(CAST(name || value AS BLOB))), 0) "
            f"FROM user_attributes WHERE {_OF_USER}",
            {"namespace": namespace, "user_id": user_id},
        ).fetchone()
        return count, size

    def of(
        self, connection: sqlite3.Connection, namespace: str, user_id: str, below: int, size: int
    ) -> list[UserAttribute]:
        """Return up to `size` attributes of a user with `seq` less than `below`, newest first."""
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM user_attributes WHERE {_OF_USER} AND seq < :below "
            "ORDER BY seq DESC LIMIT :size",
            {"namespace": namespace, "user_id": user_id, "below": below, "size": size},
        )
        return [UserAttribute(*row) for row in rows]

    def of_users(
        self, connection: sqlite3.Connection, namespace: str, user_ids: Iterable[str]
    ) -> list[UserAttribute]:
        """Return all attributes of several users in a namespace, oldest first."""
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM user_attributes "
            "WHERE namespace = ? AND user_id IN (SELECT value FROM json_each(?)) ORDER BY seq",
            (namespace, json_array(user_ids)),
        )
        return [UserAttribute(*row) for row in rows]

    def page(
        self,
        connection: sqlite3.Connection,
        which: Mapping[str, str],
        page: Page,
        meter: Meter[UserAttribute],
        *,
        newest_first: bool,
    ) -> tuple[int, list[UserAttribute]]:
        """Return the number of attributes that match, and a page of them in order of creation or reversed.

        `which` holds values of columns; an empty one matches all. Raises what `meter` raises.
        """
        where = " AND ".join(f"{column} = :{column}" for column, value in which.items() if value)
        (total,) = connection.execute(f"SELECT COUNT(*) FROM user_attributes WHERE {where}", which).fetchone()
        order = "DESC" if newest_first else "ASC"
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM user_attributes WHERE {where} "
            f"ORDER BY seq {order} LIMIT :size OFFSET :offset",
            {**which, "size": max(page.size, 0), "offset": max(page.offset, 0)},
        )
        return int(total), fetch(rows, UserAttribute, meter)

    def delete_for_users(self, connection: sqlite3.Connection, user_ids: Iterable[str]) -> None:
        """Delete all attributes of these users."""
        connection.execute(
            "DELETE FROM user_attributes WHERE user_id IN (SELECT value FROM json_each(?))",
            (json_array(user_ids),),
        )
