"""The blocks table: user ids with the end of the block."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from .parameters import json_array


class BlockStore:
    """Ends of blocks (Unix seconds) by user id. Methods run within the caller's operation."""

    def put(self, connection: sqlite3.Connection, user_ids: Sequence[str], until: int, now: int) -> None:
        """Block users until `until`, replacing earlier blocks; delete the blocks that have ended by `now`."""
        connection.execute("DELETE FROM blocks WHERE until <= ?", (now,))
        connection.executemany(
            "INSERT INTO blocks VALUES (?, ?) ON CONFLICT DO UPDATE SET until = excluded.until",
            ((user_id, until) for user_id in user_ids),
        )

    def remove(self, connection: sqlite3.Connection, user_ids: Sequence[str]) -> None:
        """Delete the blocks of users."""
        connection.execute(
            "DELETE FROM blocks WHERE user_id IN (SELECT value FROM json_each(?))", (json_array(user_ids),)
        )

    def all(self, connection: sqlite3.Connection) -> dict[str, int]:
        """Return the end of every block, including past ones."""
        return dict(connection.execute("SELECT user_id, until FROM blocks").fetchall())
