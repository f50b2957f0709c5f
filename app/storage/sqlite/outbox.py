"""The outbox and uptime tables: their SQL, and the conversion between rows and events."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from ...models import OutboxEntry, OutboxTotals, User, UserChanges, UserEvent, UserRegistered, UserUpdated

#: Characters of user ids (as JSON) after which a batch ends.
_MAX_ID_CHARS = 1_000_000


class OutboxStore:
    """Undelivered events, oldest first. Methods run within the caller's operation."""

    def add(self, connection: sqlite3.Connection, entry_id: str, event: UserEvent, uptime: float) -> None:
        """Insert an event; `uptime` in seconds."""
        connection.execute(
            "INSERT INTO outbox (id, event, user_ids, payload, recorded_at) VALUES (?, ?, ?, ?, ?)",
            (entry_id, event.kind, json.dumps(list(event.user_ids)), json.dumps(_payload(event)), uptime),
        )

    def pending(self, connection: sqlite3.Connection, after: int, limit: int) -> list[OutboxEntry]:
        """Return up to `limit` entries after a number, fewer if they concern very many users."""
        rows = connection.execute(
            "SELECT seq, id, event, user_ids FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit)
        )
        found: list[OutboxEntry] = []
        length = 0
        for seq, entry_id, kind, user_ids in rows:
            found.append(OutboxEntry(seq, entry_id, kind, frozenset(json.loads(user_ids))))
            length += len(user_ids)
            if length > _MAX_ID_CHARS:
                break
        return found

    def totals(self, connection: sqlite3.Connection) -> OutboxTotals:
        """Return the number and the bytes of the entries, which triggers count."""
        row = connection.execute("SELECT entries, bytes, dropped FROM outbox_totals").fetchone()
        return OutboxTotals(*row)

    def drop_oldest(
        self, connection: sqlite3.Connection, max_entries: int, max_bytes: int
    ) -> tuple[OutboxTotals, int]:
        """Delete the oldest entries beyond a limit, but never the newest one.

        Return what is left, and the count of those deleted now.
        """
        dropped = 0
        totals = self.totals(connection)
        while totals.entries > 1 and (totals.entries > max_entries or totals.bytes > max_bytes):
            connection.execute("DELETE FROM outbox WHERE seq = (SELECT MIN(seq) FROM outbox)")
            dropped += 1
            totals = self.totals(connection)
        if dropped:
            connection.execute("UPDATE outbox_totals SET dropped = dropped + ?", (dropped,))
        return totals._replace(dropped=totals.dropped + dropped), dropped

    def event(self, connection: sqlite3.Connection, seq: int) -> UserEvent | None:
        """Return the event of an entry; None if there is no such entry."""
        row = connection.execute("SELECT event, payload FROM outbox WHERE seq = ?", (seq,)).fetchone()
        return _event(*row) if row else None

    def remove(self, connection: sqlite3.Connection, seq: int) -> None:
        """Delete an entry."""
        connection.execute("DELETE FROM outbox WHERE seq = ?", (seq,))

    def expire(self, connection: sqlite3.Connection, before: float) -> tuple[int, int]:
        """Delete entries older than an uptime; return the number up to which none remains, and the count."""
        # Uptime never decreases, so the oldest entries have the lowest numbers.
        (newest,) = connection.execute(
            """
            SELECT COALESCE(
                (SELECT seq - 1 FROM outbox WHERE recorded_at >= ? ORDER BY seq LIMIT 1),
                (SELECT MAX(seq) FROM outbox),
                0
            )
            """,
            (before,),
        ).fetchone()
        return newest, connection.execute("DELETE FROM outbox WHERE seq <= ?", (newest,)).rowcount

    def remove_unwanted(self, connection: sqlite3.Connection, wanted: list[str]) -> int:
        """Delete entries whose kind is not in `wanted`; return the count."""
        return connection.execute(
            "DELETE FROM outbox WHERE event NOT IN (SELECT value FROM json_each(?))", (json.dumps(wanted),)
        ).rowcount

    def uptime(self, connection: sqlite3.Connection) -> float:
        """Return the highest recorded uptime in seconds."""
        (seconds,) = connection.execute(
            "SELECT MAX(seconds, COALESCE((SELECT MAX(recorded_at) FROM outbox), 0)) FROM uptime"
        ).fetchone()
        return float(seconds)

    def record_uptime(self, connection: sqlite3.Connection, seconds: float) -> None:
        """Record the uptime in seconds."""
        connection.execute("UPDATE uptime SET seconds = ?", (seconds,))


def _payload(event: UserEvent) -> dict[str, Any]:
    if isinstance(event, UserRegistered):
        return {"users": [user._asdict() for user in event.users]}
    return {"user_id": event.user_id, "changes": event.changes._asdict(), "exact": event.exact}


def _event(kind: str, payload: str) -> UserEvent:
    fields = json.loads(payload)
    if kind == UserRegistered.kind:
        return UserRegistered(tuple(User(**user) for user in fields["users"]))
    return UserUpdated(fields["user_id"], UserChanges(**fields["changes"]), fields["exact"])
