"""Subscriptions of users to the presence of other users."""

from __future__ import annotations

from collections.abc import Sequence

from .. import limits
from ..clock import Clock
from ..models import Subscription
from ..storage import Storage, Transaction

#: Maximum subscriptions of a user (open-im-server v3.7.0 pkg/common/db/mgo/subscribe.go).
MAX_SUBSCRIPTIONS = 3000


class Subscriptions:
    """The subscriptions by subscriber, between registered users."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._database = storage.database
        self._users = storage.users
        self._store = storage.subscriptions
        self._clock = clock

    def add(self, subscriber_id: str, user_ids: Sequence[str], seconds: int | None = None) -> None:
        """Subscribe to users for `seconds`, or without end; beyond MAX_SUBSCRIPTIONS, drop the oldest.

        Ignores unknown users. Raises ArgumentTooLong.
        """
        limits.check_count(user_ids)
        now = self._clock.now()
        since, until = int(now * 1000), 0 if seconds is None else int(now) + seconds

        def operation(transaction: Transaction) -> None:
            known = self._users.existing_ids(transaction, {subscriber_id, *user_ids})
            added = [user_id for user_id in dict.fromkeys(user_ids) if user_id in known]
            if subscriber_id in known and added:
                newest = added[-MAX_SUBSCRIPTIONS:]
                self._store.add(transaction, subscriber_id, newest, since, until, MAX_SUBSCRIPTIONS)

        self._database.write(operation)

    def remove(self, subscriber_id: str, user_ids: Sequence[str]) -> None:
        """Remove subscriptions, if there are any. Raises ArgumentTooLong."""
        limits.check_count(user_ids)
        self._database.write(lambda transaction: self._store.remove(transaction, subscriber_id, user_ids))

    def of(self, subscriber_id: str, above: int = 0, size: int = MAX_SUBSCRIPTIONS) -> list[Subscription]:
        """Return up to `size` active subscriptions whose `seq` is greater than `above`, oldest first."""
        now = self._clock.now()
        return self._database.read(
            lambda connection: self._store.of(connection, subscriber_id, now, above, size)
        )
