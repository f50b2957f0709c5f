"""The blocks table: who is blocked until when."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from app.storage.parameters import json_array


class BlockStore:
    """Ends of blocks (Unix seconds) by user. Every method takes the connection of the piece it is part of."""

    def put(self, connection: sqlite3.Connection, user_ids: Sequence[str], until: int, now: int) -> None:
        """Block users until a time, whatever it was before; drop the blocks that have lapsed."""
        connection.execute("DELETE FROM blocks WHERE until <= ?", (now,))
        connection.executemany(
            "INSERT INTO blocks VALUES (?, ?) ON CONFLICT DO UPDATE SET until = excluded.until",
            ((user_id, until) for user_id in user_ids),
        )

    def remove(self, connection: sqlite3.Connection, user_ids: Sequence[str]) -> None:
        """Lift the blocks of users."""
        connection.execute(
            "DELETE FROM blocks WHERE user_id IN (SELECT value FROM json_each(?))", (json_array(user_ids),)
        )

    def all(self, connection: sqlite3.Connection) -> dict[str, int]:
        """Return every end, lapsed ones too."""
        return dict(connection.execute("SELECT user_id, until FROM blocks").fetchall())
