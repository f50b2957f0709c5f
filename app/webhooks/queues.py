"""Where deliveries come from: the outbox, and the changes of presence."""

from __future__ import annotations

import logging
from functools import partial

from ..domain.events import Events
from ..domain.presence import Presence
from ..models import OutboxEntry
from .delivery import Delivery
from .senders import Sender

_log = logging.getLogger(__name__)


class OutboxQueue:
    """The events of users, which are stored until they are delivered."""

    def __init__(self, events: Events, sender: Sender, max_age: float) -> None:
        """Drop events older than `max_age` seconds of uptime."""
        self._events = events
        self._sender = sender
        self._max_age = max_age
        self.wait = events.wait
        self.wake = events.wake

    def pending(self, after: int, limit: int) -> tuple[list[Delivery], int]:
        """Return the events after a number that have yet to be delivered."""
        entries = self._events.pending(after, limit)
        return [self._delivery(entry) for entry in entries], entries[-1].number if entries else after

    def _delivery(self, entry: OutboxEntry) -> Delivery:
        return Delivery(entry.number, entry.user_ids, partial(self._send, entry), f"{entry.kind} {entry.id}")

    def _send(self, entry: OutboxEntry) -> str | None:
        event = self._events.event(entry.number)
        return None if event is None else self._sender.notify_event(entry.id, event)

    def delivered(self, delivery: Delivery) -> None:
        """Remove a delivered event."""
        self._events.delivered(delivery.number)

    def purge_expired(self) -> int:
        """Drop events that are too old; return the number up to which there is nothing left."""
        number, count = self._events.expire(self._max_age)
        if count:
            _log.error("%d events of users expired after %d s without delivery", count, self._max_age)
        return number

    def sequence(self) -> int:
        """Return a number that changes with every event."""
        return self._events.sequence


class PresenceQueue:
    """The changes of presence, which are kept in memory as long as there is room for them."""

    def __init__(self, presence: Presence, sender: Sender) -> None:
        self._presence = presence
        self._sender = sender
        self._epoch = ""
        self.wait = presence.wait
        self.wake = presence.wake

    def pending(self, after: int, limit: int) -> tuple[list[Delivery], int]:
        """Return the changes after a number, or a reset if the epoch changed or some are no longer kept."""
        epoch, number, changes = self._presence.changes(self._presence.epoch, after, limit)
        if epoch != self._epoch:
            self._epoch = epoch
            if reset := self._sender.reset_deliveries(epoch, 0):
                return reset, after
        if changes is None:
            _log.error("%d changes of presence came too fast to be delivered", number - after)
            return self._sender.reset_deliveries(epoch, number), number
        if not changes:
            return [], after
        return self._sender.presence_deliveries(changes, epoch), changes[-1].number

    def delivered(self, delivery: Delivery) -> None:
        """Do nothing: the worker knows how far it is."""

    def purge_expired(self) -> int:
        """Drop nothing: changes of presence do not expire."""
        return -1

    def sequence(self) -> int:
        """Return a number that changes with every change."""
        return self._presence.sequence
