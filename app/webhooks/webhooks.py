"""All outgoing webhooks: start and stop the workers that deliver them."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from ..clock import Clock
from ..domain.events import Events, Hooks
from ..domain.presence import Presence
from ..models import User, UserChanges, UserUpdated
from ..settings import Settings
from .delivery import DeliveryWorker, Queue
from .http_client import HttpClient
from .queues import OutboxQueue, PresenceQueue
from .senders import Sender


class Webhooks:
    """The senders, and a worker for each queue of deliveries."""

    def __init__(self, settings: Settings, http: HttpClient, senders: Sequence[Sender], clock: Clock) -> None:
        self._settings = settings
        self._http = http
        self._senders = senders
        self._clock = clock
        self._workers: list[DeliveryWorker] = []

    def serve_others(self, are_served: bool) -> None:
        """Set whether other machines are served; if not, deliveries may go to private addresses."""
        self._http.allow_private = self._settings.webhook_allow_private or not are_served

    @property
    def hooks(self) -> Hooks:
        """The hooks of all senders, to call before users are registered or updated."""
        return _AllHooks([sender.hooks for sender in self._senders if sender.hooks is not None])

    @property
    def wanted_events(self) -> frozenset[str]:
        """The kinds of user events that any receiver wants."""
        return frozenset().union(*(sender.wanted_events for sender in self._senders))

    def connect(self, events: Events, presence: Presence) -> None:
        """Create the workers."""
        for sender in self._senders:
            if sender.wanted_events:
                self._add(sender.url, OutboxQueue(events, sender, self._settings.webhook_max_age))
            if sender.wants_presence:
                self._add(sender.url, PresenceQueue(presence, sender))

    def _add(self, url: str, queue: Queue) -> None:
        # The rest of the URL may contain a secret.
        name = f"the receiver at {urlsplit(url).netloc}"
        self._workers.append(DeliveryWorker(name, queue, self._settings.webhook_max_backoff, self._clock))

    def start(self) -> None:
        """Start the workers."""
        self._http.start()
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """Abort the requests in progress; user events are delivered after the next start."""
        self._http.stop()
        for worker in self._workers:
            worker.stop()


class _AllHooks:
    """Hooks called in turn, each with the result of the one before it."""

    def __init__(self, hooks: Sequence[Hooks]) -> None:
        self._hooks = hooks
        self.asks_before_registering = any(each.asks_before_registering for each in hooks)

    def before_registering(self, users: Sequence[User]) -> Sequence[User]:
        for each in self._hooks:
            users = each.before_registering(users)
        return users

    def before_updating(self, event: UserUpdated) -> UserChanges:
        for each in self._hooks:
            changes = each.before_updating(event)
            event = UserUpdated(event.user_id, changes, event.exact)
        return event.changes
