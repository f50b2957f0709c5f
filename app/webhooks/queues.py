"""The queues of deliveries: the outbox of user events, and presence changes."""

from __future__ import annotations

import logging
from functools import partial

from ..domain.events import Events
from ..domain.presence import Presence
from ..models import OutboxEntry
from .delivery import Delivery, DeliveryDropped
from .senders import Sender

_log = logging.getLogger(__name__)


class OutboxQueue:
    """User events, which are stored until they are delivered."""

    def __init__(self, events: Events, sender: Sender, max_age: float) -> None:
        """Drop events older than `max_age` seconds of uptime."""
        self._events = events
        self._sender = sender
        self._max_age = max_age
        self.wait = events.wait
        self.wake = events.wake

    def pending(self, after: int, limit: int) -> tuple[list[Delivery], int]:
        """Return the undelivered events after a number, and the number after which to continue."""
        entries = self._events.pending(after, limit)
        return [self._delivery(entry) for entry in entries], entries[-1].number if entries else after

    def _delivery(self, entry: OutboxEntry) -> Delivery:
        return Delivery(entry.number, entry.user_ids, partial(self._send, entry), f"{entry.kind} {entry.id}")

    def _send(self, entry: OutboxEntry) -> str | None:
        event = self._events.event(entry.number)
        if event is None:
            raise DeliveryDropped
        return self._sender.notify_event(entry.id, event)

    def delivered(self, delivery: Delivery) -> None:
        """Remove a delivered event."""
        self._events.delivered(delivery.number)

    def purge_expired(self) -> int:
        """Drop expired events; return the number up to which none are left."""
        number, count = self._events.expire(self._max_age)
        if count:
            _log.error("%d events of users expired after %d s without delivery", count, self._max_age)
        return number

    def sequence(self) -> int:
        """Return a number that changes with every event."""
        return self._events.sequence


class PresenceQueue:
    """Presence changes, of which the newest are kept in memory."""

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
            _log.error("%d presence changes were dropped before they were delivered", number - after)
            return self._sender.reset_deliveries(epoch, number), number
        if not changes:
            return [], after
        return self._sender.presence_deliveries(changes, epoch), changes[-1].number

    def delivered(self, delivery: Delivery) -> None:
        """Do nothing: the worker keeps its own position."""

    def purge_expired(self) -> int:
        """Drop nothing: presence changes do not expire."""
        return -1

    def sequence(self) -> int:
        """Return a number that changes with every change."""
        return self._presence.sequence
