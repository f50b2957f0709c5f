"""Who follows whose presence."""

from __future__ import annotations

from collections.abc import Sequence

from app import ids
from app.clock import Clock
from app.domain import limits
from app.models import Subscription
from app.storage.database import Database
from app.storage.subscriptions import SubscriptionStore

#: Whom one may follow at the most (open-im-server v3.7.0 pkg/common/db/mgo/subscribe.go).
MAX_SUBSCRIPTIONS = 3000


class Subscriptions:
    """The subscriptions, by subscriber; nobody in them need be registered."""

    def __init__(self, database: Database, store: SubscriptionStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._clock = clock

    def add(self, subscriber_id: str, user_ids: Sequence[str], seconds: int | None = None) -> None:
        """Follow users too, for so long or for good; beyond MAX_SUBSCRIPTIONS, the oldest are forgotten.

        Raises ArgumentTooLong.

        What can be nobody's id is not worth remembering.
        """
        limits.check_count(user_ids)
        wanted = [user_id for user_id in dict.fromkeys(user_ids) if ids.invalid_reason(user_id) is None][
            -MAX_SUBSCRIPTIONS:
        ]
        now = self._clock.now()
        since, until = int(now * 1000), 0 if seconds is None else int(now) + seconds
        if ids.invalid_reason(subscriber_id) is None and wanted:
            self._database.write(
                lambda transaction: self._store.add(
                    transaction, subscriber_id, wanted, since, until, MAX_SUBSCRIPTIONS
                )
            )

    def remove(self, subscriber_id: str, user_ids: Sequence[str]) -> None:
        """Follow users no longer. Raises ArgumentTooLong."""
        limits.check_count(user_ids)
        self._database.write(lambda transaction: self._store.remove(transaction, subscriber_id, user_ids))

    def of(self, subscriber_id: str, above: int = 0, size: int = MAX_SUBSCRIPTIONS) -> list[Subscription]:
        """Return up to `size` whom somebody follows, in the order in which that began, from a `seq` on."""
        now = self._clock.now()
        return self._database.read(
            lambda connection: self._store.of(connection, subscriber_id, now, above, size)
        )
