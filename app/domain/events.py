"""Events of users: hooks that run before a change, and an outbox of events to deliver after it.

An event is written to the outbox in the same transaction as the change it reports. Its age is measured in
uptime, the seconds that Rollcall has been serving, so neither downtime nor a clock change expires it. When
the outbox is full, the oldest events are dropped.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Collection, Sequence
from typing import Protocol

from ..clock import Clock
from ..models import OutboxEntry, OutboxTotals, User, UserChanges, UserEvent, UserUpdated
from ..storage import Storage, Transaction
from .outbox_limits import OutboxLimits, OutboxMonitor

_log = logging.getLogger(__name__)


class Hooks(Protocol):
    """Hooks that run before a change, in the thread of the request."""

    asks_before_registering: bool

    def before_registering(self, users: Sequence[User]) -> Sequence[User]:
        """Return the users to register instead. Raises WebhookRejected or WebhookUnavailable."""
        ...

    def before_updating(self, event: UserUpdated) -> UserChanges:
        """Return the changes to write instead. Raises WebhookRejected or WebhookUnavailable."""
        ...


class Events:
    """The events of users."""

    def __init__(
        self, storage: Storage, hooks: Hooks, wanted: Collection[str], limits: OutboxLimits, clock: Clock
    ) -> None:
        """Record the events whose `kind` is in `wanted`; others are ignored."""
        self._database = storage.database
        self._store = storage.outbox
        self._wanted = wanted
        self.limits = limits
        self._monitor = OutboxMonitor(limits)
        self._clock = clock
        self._changed = threading.Condition()
        self._sequence = 0
        # Uptime is elapsed time plus this.
        self._offset = 0.0
        self.asks_before_registering = hooks.asks_before_registering
        self.before_registering = hooks.before_registering
        self.before_updating = hooks.before_updating

    def load(self) -> None:
        """Continue the uptime from the database, which has to be open, and drop events no longer wanted.

        Raises StorageUnavailable.
        """
        self._offset = self._database.read(self._store.uptime) - self._clock.elapsed()

        def operation(transaction: Transaction) -> int:
            count = self._store.remove_unwanted(transaction, list(self._wanted))
            self._bound(transaction)
            return count

        count = self._database.write(operation)
        if count:
            _log.warning("%d events that were to be told are forgotten, as no setting asks for them", count)

    @property
    def _uptime(self) -> float:
        return self._clock.elapsed() + self._offset

    def record_uptime(self) -> None:
        """Persist the uptime; this also serves as a harmless test write. Raises StorageUnavailable."""
        self._database.write(lambda transaction: self._store.record_uptime(transaction, self._uptime))

    def record(self, transaction: Transaction, event: UserEvent) -> None:
        """Write an event to the outbox if it is wanted, in the transaction of the change it reports."""
        if event.kind in self._wanted:
            self._store.add(transaction, secrets.token_hex(16), event, self._uptime)
            self._bound(transaction)

    def _bound(self, transaction: Transaction) -> None:
        """Drop the oldest events beyond the limits."""
        totals, dropped = self._store.drop_oldest(transaction, self.limits.entries, self.limits.bytes)
        self._monitor.observe(totals, dropped)

    def publish(self) -> None:
        """Wake the delivery worker; call after the commit."""
        if self._wanted:
            self.wake()

    def wake(self) -> None:
        """Change `sequence` and wake all threads in `wait`."""
        with self._changed:
            self._sequence += 1
            self._changed.notify_all()

    @property
    def sequence(self) -> int:
        """A number that changes when there may be new events."""
        return self._sequence

    def wait(self, sequence: int, seconds: float | None) -> None:
        """Wait until `self.sequence` differs from `sequence`, for at most `seconds` (None: no limit)."""
        with self._changed:
            self._changed.wait_for(lambda: self._sequence != sequence, seconds)

    def pending(self, after: int, limit: int) -> list[OutboxEntry]:
        """Return up to `limit` undelivered events after entry number `after`, oldest first."""
        return self._database.read(lambda connection: self._store.pending(connection, after, limit))

    def totals(self) -> OutboxTotals:
        """Return how many undelivered events there are, and how large. Raises StorageUnavailable."""
        return self._database.read_one(self._store.totals)

    def event(self, number: int) -> UserEvent | None:
        """Return the event of an outbox entry; None if it has been removed."""
        return self._database.read(lambda connection: self._store.event(connection, number))

    def delivered(self, number: int) -> None:
        """Remove a delivered event from the outbox."""
        self._database.write(lambda transaction: self._store.remove(transaction, number))

    def expire(self, seconds: float) -> tuple[int, int]:
        """Drop events older than `seconds` of uptime, and persist the uptime.

        Return the entry number up to which all are dropped, and the count of those dropped now.
        """

        def operation(transaction: Transaction) -> tuple[int, int]:
            self._store.record_uptime(transaction, self._uptime)
            expired = self._store.expire(transaction, self._uptime - seconds)
            self._monitor.observe(self._store.totals(transaction), dropped=0)
            return expired

        return self._database.write(operation)
