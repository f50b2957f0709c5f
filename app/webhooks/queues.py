"""Where deliveries come from: the outbox, and the changes of presence."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial

from app.domain.events import Events
from app.domain.presence import Presence
from app.models import OutboxEntry, PresenceChange
from app.webhooks.delivery import Delivery
from app.webhooks.openim import OpenIMWebhooks
from app.webhooks.rongcloud import RongCloudWebhooks

_log = logging.getLogger(__name__)


class OutboxQueue:
    """The events of users, which last until they were delivered."""

    def __init__(self, events: Events, receiver: OpenIMWebhooks, expire: float) -> None:
        """Give up what is older than so many seconds of serving."""
        self._events = events
        self._receiver = receiver
        self._give_up = expire
        self.wait = events.wait
        self.wake = events.wake

    def pending(self, after: int, limit: int) -> tuple[list[Delivery], int]:
        """Return events that have yet to be delivered."""
        entries = self._events.pending(after, limit)
        return [self._delivery(entry) for entry in entries], entries[-1].number if entries else after

    def _delivery(self, entry: OutboxEntry) -> Delivery:
        return Delivery(
            entry.number, entry.user_ids, partial(self._notify, entry), f"{entry.kind} {entry.id}"
        )

    def _notify(self, entry: OutboxEntry) -> str | None:
        event = self._events.event(entry.number)
        return None if event is None else self._receiver.notify(entry.id, event)

    def delivered(self, delivery: Delivery) -> None:
        """Forget an event."""
        self._events.delivered(delivery.number)

    def purge_expired(self) -> int:
        """Give up what is too old."""
        number, count = self._events.expire(self._give_up)
        if count:
            _log.error("%d events of users were given up after %d s without delivery", count, self._give_up)
        return number

    def sequence(self) -> int:
        """Return a number that changes with every event."""
        return self._events.sequence


class _PresenceQueue:
    """The changes of presence, which are kept in memory as long as there is room for them."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence
        self._epoch = ""
        self.wait = presence.wait
        self.wake = presence.wake

    def pending(self, after: int, limit: int) -> tuple[list[Delivery], int]:
        """Return changes; where some are no longer kept, that everything before is void."""
        epoch, number, changes = self._presence.changes(self._presence.epoch, after, limit)
        if epoch != self._epoch:
            self._epoch = epoch
            if reset := self._reset(epoch, 0):
                return reset, after
        if changes is None:
            _log.error("%d changes of presence came too fast to be delivered", number - after)
            return self._reset(epoch, number), number
        return self._deliveries(changes, epoch), changes[-1].number if changes else after

    def delivered(self, delivery: Delivery) -> None:
        """Take no note: the courier knows how far it is."""

    def purge_expired(self) -> int:
        """Give nothing up as long as it is kept."""
        return -1

    def sequence(self) -> int:
        """Return a number that changes with every change."""
        return self._presence.sequence

    def _reset(self, epoch: str, number: int) -> list[Delivery]:
        return []

    def _deliveries(self, changes: Sequence[PresenceChange], epoch: str) -> list[Delivery]:
        raise NotImplementedError


class OpenIMPresenceQueue(_PresenceQueue):
    """Each change by itself, under the names of OpenIM's callbacks."""

    def __init__(self, presence: Presence, receiver: OpenIMWebhooks) -> None:
        super().__init__(presence)
        self._receiver = receiver

    def _reset(self, epoch: str, number: int) -> list[Delivery]:
        if not self._receiver.wants("presenceReset"):
            return []
        send: Callable[[], str | None] = partial(self._receiver.notify_reset, epoch, number)
        return [Delivery(number, frozenset(), send, "presenceReset")]

    def _deliveries(self, changes: Sequence[PresenceChange], epoch: str) -> list[Delivery]:
        return [
            Delivery(
                change.number,
                frozenset({change.user_id}),
                partial(self._receiver.notify_presence, name, change, epoch),
                f"{name} {change.number}",
            )
            for change in changes
            for name in self._receiver.presence_names(change)
        ]


class RongCloudPresenceQueue(_PresenceQueue):
    """Many changes at a time, as RongCloud sends them."""

    def __init__(self, presence: Presence, receiver: RongCloudWebhooks) -> None:
        super().__init__(presence)
        self._receiver = receiver

    def _deliveries(self, changes: Sequence[PresenceChange], epoch: str) -> list[Delivery]:
        if not changes:
            return []
        users = frozenset(change.user_id for change in changes)
        send = partial(self._receiver.notify_presence, changes, epoch)
        return [Delivery(changes[-1].number, users, send, f"online status up to {changes[-1].number}")]
