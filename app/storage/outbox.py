"""The outbox table: what has yet to be told of users, and the line between a row and an event."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from app.models import OutboxEntry, User, UserChanges, UserEvent, UserRegistered, UserUpdated


class OutboxStore:
    """Events in the order in which they happened. Every method takes the connection of its piece."""

    def add(self, connection: sqlite3.Connection, entry_id: str, event: UserEvent, served: float) -> None:
        """Keep an event that happens in the same transaction."""
        connection.execute(
            "INSERT INTO outbox (id, event, payload, recorded_at) VALUES (?, ?, ?, ?)",
            (entry_id, event.kind, json.dumps(_payload(event)), served),
        )

    def pending(self, connection: sqlite3.Connection, after: int, most: int) -> list[OutboxEntry]:
        """Return up to `most` events behind a number."""
        rows = connection.execute(
            "SELECT seq, id, event, payload FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?", (after, most)
        )
        return [OutboxEntry(seq, entry_id, _event(kind, payload)) for seq, entry_id, kind, payload in rows]

    def remove(self, connection: sqlite3.Connection, seq: int) -> None:
        """Forget an event that was delivered."""
        connection.execute("DELETE FROM outbox WHERE seq = ?", (seq,))

    def give_up(self, connection: sqlite3.Connection, before: float) -> tuple[int, int]:
        """Forget what was recorded before a time; return the newest number of that, and the count."""
        (newest,) = connection.execute(
            "SELECT COALESCE(MAX(seq), 0) FROM outbox WHERE recorded_at < ?", (before,)
        ).fetchone()
        return newest, connection.execute("DELETE FROM outbox WHERE seq <= ?", (newest,)).rowcount

    def remove_unwanted(self, connection: sqlite3.Connection, wanted: list[str]) -> int:
        """Forget events that nobody asks for any more; return how many there were."""
        return connection.execute(
            "DELETE FROM outbox WHERE event NOT IN (SELECT value FROM json_each(?))", (json.dumps(wanted),)
        ).rowcount

    def served(self, connection: sqlite3.Connection) -> float:
        """Return how many seconds have been served, as far as that is on record."""
        (seconds,) = connection.execute(
            "SELECT MAX(seconds, COALESCE((SELECT MAX(recorded_at) FROM outbox), 0)) FROM served"
        ).fetchone()
        return float(seconds)

    def note_served(self, connection: sqlite3.Connection, seconds: float) -> None:
        """Put on record how many seconds have been served."""
        connection.execute("UPDATE served SET seconds = ?", (seconds,))


def _payload(event: UserEvent) -> dict[str, Any]:
    if isinstance(event, UserRegistered):
        return {"users": [user._asdict() for user in event.users]}
    return {"user_id": event.user_id, "changes": event.changes._asdict(), "exact": event.exact}


def _event(kind: str, payload: str) -> UserEvent:
    fields = json.loads(payload)
    if kind == UserRegistered.kind:
        return UserRegistered(tuple(User(**user) for user in fields["users"]))
    return UserUpdated(fields["user_id"], UserChanges(**fields["changes"]), fields["exact"])
