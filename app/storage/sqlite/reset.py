"""Empty the database, as after a first start."""

from __future__ import annotations

import sqlite3

#: Tables of one row, which stays.
_KEPT = ("migrated_by", "uptime", "outbox_totals")


def clear(connection: sqlite3.Connection) -> None:
    """Delete what requests have written, within the caller's transaction."""
    tables = [
        name
        for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        if name not in _KEPT and not name.startswith("sqlite_")
    ]
    for table in tables:
        connection.execute(f"DELETE FROM {table}")
    connection.execute("UPDATE outbox_totals SET dropped = 0")
