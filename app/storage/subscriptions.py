"""The subscriptions table: who follows whose presence."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from app.storage.parameters import id_list


class SubscriptionStore:
    """Subscriptions by subscriber. Every method takes the connection of the piece it is part of."""

    def add(
        self, connection: sqlite3.Connection, subscriber_id: str, user_ids: Sequence[str], most: int
    ) -> None:
        """Add those that are not there; beyond `most` in all, the oldest go."""
        connection.execute(
            """
            INSERT INTO subscriptions (subscriber_id, user_id)
            SELECT ?, value FROM json_each(?) WHERE true ORDER BY key
            ON CONFLICT DO NOTHING
            """,
            (subscriber_id, id_list(user_ids)),
        )
        connection.execute(
            """
            DELETE FROM subscriptions WHERE seq IN (
                SELECT seq FROM subscriptions WHERE subscriber_id = ? ORDER BY seq DESC LIMIT -1 OFFSET ?
            )
            """,
            (subscriber_id, most),
        )

    def remove(self, connection: sqlite3.Connection, subscriber_id: str, user_ids: Sequence[str]) -> None:
        """Remove those of `user_ids` that are there."""
        connection.execute(
            "DELETE FROM subscriptions "
            "WHERE subscriber_id = ? AND user_id IN (SELECT value FROM json_each(?))",
            (subscriber_id, id_list(user_ids)),
        )

    def delete_of(self, connection: sqlite3.Connection, subscriber_ids: Iterable[str]) -> None:
        """Forget whom users follow; those who follow them go on, as they may of somebody unknown."""
        connection.execute(
            "DELETE FROM subscriptions WHERE subscriber_id IN (SELECT value FROM json_each(?))",
            (id_list(subscriber_ids),),
        )

    def of(self, connection: sqlite3.Connection, subscriber_id: str) -> list[str]:
        """Return whom somebody follows, in the order in which that began."""
        rows = connection.execute(
            "SELECT user_id FROM subscriptions WHERE subscriber_id = ? ORDER BY seq", (subscriber_id,)
        )
        return [user_id for (user_id,) in rows]
