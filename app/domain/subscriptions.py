"""Who follows whose presence."""

from __future__ import annotations

from collections.abc import Sequence

from app import ids
from app.domain import limits
from app.storage.database import Database
from app.storage.subscriptions import SubscriptionStore

#: Whom one may follow at the most (open-im-server v3.7.0 pkg/common/db/mgo/subscribe.go).
MOST = 3000


class Subscriptions:
    """The subscriptions, by subscriber; nobody in them need be registered."""

    def __init__(self, database: Database, store: SubscriptionStore) -> None:
        self._database = database
        self._store = store

    def add(self, subscriber_id: str, user_ids: Sequence[str]) -> None:
        """Follow users too; beyond MOST, the oldest are forgotten. Raises ArgumentTooLong.

        What can be nobody's id is not worth remembering.
        """
        limits.check_count(user_ids)
        wanted = [user_id for user_id in dict.fromkeys(user_ids) if ids.flaw(user_id) is None][-MOST:]
        if ids.flaw(subscriber_id) is None and wanted:
            self._database.write(
                lambda transaction: self._store.add(transaction, subscriber_id, wanted, MOST)
            )

    def remove(self, subscriber_id: str, user_ids: Sequence[str]) -> None:
        """Follow users no longer. Raises ArgumentTooLong."""
        limits.check_count(user_ids)
        self._database.write(lambda transaction: self._store.remove(transaction, subscriber_id, user_ids))

    def of(self, subscriber_id: str) -> list[str]:
        """Return whom somebody follows, in the order in which that began."""
        return self._database.read(lambda connection: self._store.of(connection, subscriber_id))
