"""Everything that is sent, as the settings have it."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from app.clock import Clock
from app.domain.events import Events
from app.domain.presence import Presence
from app.settings import Settings
from app.webhooks.delivery import DeliveryWorker, Queue
from app.webhooks.http_client import HttpClient
from app.webhooks.openim import OpenIMWebhooks
from app.webhooks.queues import OpenIMPresenceQueue, OutboxQueue, RongCloudPresenceQueue
from app.webhooks.rongcloud import RongCloudWebhooks
from app.wire.loopback import is_loopback

_log = logging.getLogger(__name__)


class Webhooks:
    """The receivers, and the couriers that go to them."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        #: Whether only this machine is served; whoever opens the sockets knows better than the setting.
        self.on_loopback = is_loopback(settings.bind.rpartition(":")[0].strip("[]"))
        self._http = HttpClient(lambda: settings.webhook_allow_private or self.on_loopback)
        #: Who is asked before something is done, and told afterwards.
        self.openim = OpenIMWebhooks(
            settings.openim_callback_url,
            settings.openim_callback_generation,
            settings.openim_callbacks,
            settings.webhook_secret,
            self._http,
            clock,
        )
        self._workers: list[DeliveryWorker] = []

    def connect(self, events: Events, presence: Presence) -> None:
        """Have couriers for what is to be told."""
        settings, openim = self._settings, self.openim
        if openim.wanted_events():
            queue = OutboxQueue(events, openim, settings.webhook_max_age)
            self._add(settings.openim_callback_url, queue)
        if openim.wants("afterUserOnline", "afterUserOffline", "afterUserKickOff", "presenceReset"):
            self._add(settings.openim_callback_url, OpenIMPresenceQueue(presence, openim))
        secrets = {app.key: app.secrets[0] for app in settings.rongcloud_apps}
        for key, url in settings.rongcloud_callback_urls:
            receiver = RongCloudWebhooks(
                url, key, secrets[key], settings.webhook_secret, self._http, self._clock
            )
            self._add(url, RongCloudPresenceQueue(presence, receiver))

    def _add(self, url: str, queue: Queue) -> None:
        # The rest of an address may hold a secret.
        name = f"the receiver at {urlsplit(url).netloc}"
        self._workers.append(DeliveryWorker(name, queue, self._settings.webhook_max_backoff, self._clock))

    def start(self) -> None:
        """Begin to deliver."""
        self._http.start()
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """Break off what is under way; events of users are delivered after the next start."""
        self._http.stop()
        for worker in self._workers:
            worker.stop()
