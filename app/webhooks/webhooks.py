"""Everything that is sent, as the settings have it."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from app.clock import Clock
from app.domain.events import Events
from app.domain.presence import Presence
from app.settings import Settings
from app.webhooks.courier import Courier, Source
from app.webhooks.openim import OpenIMReceiver
from app.webhooks.post import Poster
from app.webhooks.rongcloud import RongCloudReceiver
from app.webhooks.sources import OpenIMPresenceSource, OutboxSource, RongCloudPresenceSource
from app.wire.loopback import is_loopback

_log = logging.getLogger(__name__)


class Webhooks:
    """The receivers, and the couriers that go to them."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        #: Whether only this machine is served; whoever opens the sockets knows better than the setting.
        self.on_loopback = is_loopback(settings.bind.rpartition(":")[0].strip("[]"))
        self._poster = Poster(lambda: settings.webhook_private or self.on_loopback)
        #: Who is asked before something is done, and told afterwards.
        self.openim = OpenIMReceiver(
            settings.openim_callback_url,
            settings.openim_callback_generation,
            settings.openim_callbacks,
            settings.webhook_secret,
            self._poster,
            clock,
        )
        self._couriers: list[Courier] = []

    def attend(self, events: Events, presence: Presence) -> None:
        """Have couriers for what is to be told."""
        settings, openim = self._settings, self.openim
        if openim.wanted_events():
            source = OutboxSource(events, openim, settings.webhook_give_up)
            self._add(settings.openim_callback_url, source)
        if openim.wants("afterUserOnline", "afterUserOffline", "afterUserKickOff", "presenceReset"):
            self._add(settings.openim_callback_url, OpenIMPresenceSource(presence, openim))
        secrets = {app.key: app.secrets[0] for app in settings.rongcloud_apps}
        for key, url in settings.rongcloud_callback_urls:
            receiver = RongCloudReceiver(
                url, key, secrets[key], settings.webhook_secret, self._poster, self._clock
            )
            self._add(url, RongCloudPresenceSource(presence, receiver))

    def _add(self, url: str, source: Source) -> None:
        # The rest of an address may hold a secret.
        name = f"the receiver at {urlsplit(url).netloc}"
        self._couriers.append(Courier(name, source, self._settings.webhook_longest_pause, self._clock))

    def start(self) -> None:
        """Begin to deliver."""
        self._poster.start()
        for courier in self._couriers:
            courier.start()

    def stop(self) -> None:
        """Break off what is under way; events of users are delivered after the next start."""
        self._poster.stop()
        for courier in self._couriers:
            courier.stop()
