"""What happens to users: who is asked before, and who is told afterwards.

An event that is to be told is written into the outbox in the same transaction as what it tells of, so there
is never one without the other. Its age is counted in seconds of serving, which no clock's jump and no restart
makes older.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Collection, Sequence
from typing import Protocol

from app.clock import Clock
from app.models import OutboxEntry, User, UserChanges, UserEvent, UserUpdated
from app.storage.database import Database, Transaction
from app.storage.outbox import OutboxStore

_log = logging.getLogger(__name__)


class Hooks(Protocol):
    """Who is asked before something is done; runs in the thread of whoever does it."""

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
        self, database: Database, store: OutboxStore, hooks: Hooks, wanted: Collection[str], clock: Clock
    ) -> None:
        """Keep those events whose `kind` is `wanted`."""
        self._database = database
        self._store = store
        self._wanted = wanted
        self._clock = clock
        self._changed = threading.Condition()
        self._sequence = 0
        # Seconds of serving are elapsed seconds with this added.
        self._offset = 0.0
        self.asks_before_registering = hooks.asks_before_registering
        self.before_registering = hooks.before_registering
        self.before_updating = hooks.before_updating

    def load(self) -> None:
        """Go on counting the seconds of serving, and forget events that nobody wants to be told of any more.

        To be called when the database has been opened.
        """
        self._offset = self._database.read(self._store.uptime) - self._clock.elapsed()
        count = self._database.write(
            lambda transaction: self._store.remove_unwanted(transaction, list(self._wanted))
        )
        if count:
            _log.warning("%d events that were to be told are forgotten, as no setting asks for them", count)

    @property
    def _uptime(self) -> float:
        return self._clock.elapsed() + self._offset

    def record_uptime(self) -> None:
        """Put on record how long has been served: a write that hurts nobody. Raises StorageUnavailable."""
        self._database.write(lambda transaction: self._store.record_uptime(transaction, self._uptime))

    def record(self, transaction: Transaction, event: UserEvent) -> None:
        """Keep an event with what it tells of, if anybody wants to be told."""
        if event.kind in self._wanted:
            self._store.add(transaction, secrets.token_hex(16), event, self._uptime)

    def publish(self) -> None:
        """Wake whoever delivers, after the commit."""
        if self._wanted:
            self.wake()

    def wake(self) -> None:
        """Have everybody who waits look again."""
        with self._changed:
            self._sequence += 1
            self._changed.notify_all()

    @property
    def sequence(self) -> int:
        """A number that changes when there may be something new."""
        return self._sequence

    def wait(self, sequence: int, seconds: float | None) -> None:
        """Wait until `news` is another number, or `seconds` are over."""
        with self._changed:
            self._changed.wait_for(lambda: self._sequence != sequence, seconds)

    def pending(self, after: int, limit: int) -> list[OutboxEntry]:
        """Return up to `most` events that have yet to be delivered, behind a number."""
        return self._database.read(lambda connection: self._store.pending(connection, after, limit))

    def count(self) -> int:
        """Return how many events have yet to be delivered. Raises StorageUnavailable."""
        return self._database.read(self._store.count)

    def event(self, number: int) -> UserEvent | None:
        """Return what happened; None if that is no longer kept."""
        return self._database.read(lambda connection: self._store.event(connection, number))

    def delivered(self, number: int) -> None:
        """Forget an event that was delivered."""
        self._database.write(lambda transaction: self._store.remove(transaction, number))

    def expire(self, seconds: float) -> tuple[int, int]:
        """Forget what is older than so many seconds of serving, and note how many have been served.

        Return the number up to which everything is forgotten, and how many events that were.
        """

        def operation(transaction: Transaction) -> tuple[int, int]:
            self._store.record_uptime(transaction, self._uptime)
            return self._store.expire(transaction, self._uptime - seconds)

        return self._database.write(operation)
