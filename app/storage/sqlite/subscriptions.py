"""The subscriptions table: which subscriber follows which users."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from ...models import Subscription
from .parameters import json_array


class SubscriptionStore:
    """Subscriptions by subscriber. Methods run within the caller's operation."""

    def add(
        self,
        connection: sqlite3.Connection,
        subscriber_id: str,
        user_ids: Sequence[str],
        since: int,
        until: int,
        max_count: int,
    ) -> None:
        """Insert subscriptions, or update their end, then delete the oldest beyond `max_count`.

        `since` in Unix ms, `until` in Unix seconds (0: no end).
        """
        connection.execute(
            """
            INSERT INTO subscriptions (subscriber_id, user_id, since, until)
            SELECT ?, value, ?, ? FROM json_each(?) WHERE true ORDER BY key
            ON CONFLICT DO UPDATE SET until = excluded.until
            """,
            (subscriber_id, since, until, json_array(user_ids)),
        )
        connection.execute(
            """
            DELETE FROM subscriptions WHERE seq IN (
                SELECT seq FROM subscriptions WHERE subscriber_id = ? ORDER BY seq DESC LIMIT -1 OFFSET ?
            )
            """,
            (subscriber_id, max_count),
        )

    def remove(self, connection: sqlite3.Connection, subscriber_id: str, user_ids: Sequence[str]) -> None:
        """Delete subscriptions to these users, if there are any."""
        connection.execute(
            "DELETE FROM subscriptions "
            "WHERE subscriber_id = ? AND user_id IN (SELECT value FROM json_each(?))",
            (subscriber_id, json_array(user_ids)),
        )

    def delete_for_users(self, connection: sqlite3.Connection, subscriber_ids: Iterable[str]) -> None:
        """Delete the subscriptions of these subscribers. Subscriptions to them remain."""
        connection.execute(
            "DELETE FROM subscriptions WHERE subscriber_id IN (SELECT value FROM json_each(?))",
            (json_array(subscriber_ids),),
        )

    def of(
        self, connection: sqlite3.Connection, subscriber_id: str, now: float, above: int, size: int
    ) -> list[Subscription]:
        """Return up to `size` subscriptions active at `now` with `seq` greater than `above`, oldest first."""
        rows = connection.execute(
            "SELECT seq, user_id, since, until FROM subscriptions "
            "WHERE subscriber_id = ? AND (until = 0 OR until > ?) AND seq > ? ORDER BY seq LIMIT ?",
            (subscriber_id, now, above, size),
        )
        return [Subscription(*row) for row in rows]
