"""Send RongCloud's online-status callback (docs.rongcloud.cn, platform-chat-api/user/onlinestatus)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from functools import partial
from urllib.parse import urlencode

from ...models import PresenceChange, PresenceStatus
from ...webhooks.delivery import Delivery
from ...webhooks.http_client import DeliveryFailed
from ...webhooks.senders import Sender, SenderSetup
from ...webhooks.signing import change_headers, signed_headers
from . import platforms
from .settings import RongCloudApp, RongCloudSettings
from .signatures import signature_of

#: Seconds to wait for an answer; the vendor's page gives none, the authors of its SDKs say five.
TIMEOUT = 5
# "0" means online here, but offline in checkOnline. A revoked token counts as a logout ("2").
_STATUSES = {
    PresenceStatus.ONLINE: "0",
    PresenceStatus.LEFT: "1",
    PresenceStatus.LAPSED: "1",
    PresenceStatus.KICKED: "2",
}


def senders(setup: SenderSetup) -> Sequence[Sender]:
    """Return a sender for each app with a receiver."""
    settings = setup.settings.groups[RongCloudSettings]
    apps = {app.key: app for app in settings.rongcloud_apps}
    return [RongCloudWebhooks(setup, url, apps[key]) for key, url in settings.rongcloud_callback_urls]


class RongCloudWebhooks(Sender):
    """The sender of an app's online-status callback."""

    wants_presence = True

    def __init__(self, setup: SenderSetup, url: str, app: RongCloudApp) -> None:
        self.url = url
        self._app = app
        self._secret = setup.settings.webhook_secret
        self._http = setup.http
        self._clock = setup.clock

    def presence_deliveries(self, changes: Sequence[PresenceChange], epoch: str) -> list[Delivery]:
        """Return one delivery of all changes, in order."""
        users = frozenset(change.user_id for change in changes)
        number = changes[-1].number
        return [Delivery(number, users, partial(self._send, changes, epoch), f"online status up to {number}")]

    def _send(self, changes: Sequence[PresenceChange], epoch: str) -> str | None:
        """Send the callback; return the reason of a failure, or None."""
        body = json.dumps([_status(change) for change in changes], ensure_ascii=False).encode()
        delivery_id = f"{epoch}-{changes[0].number}-{changes[-1].number}"
        headers = {
            "Content-Type": "application/json",
            **signed_headers(self._secret, delivery_id, int(self._clock.now()), body),
            **change_headers(epoch, changes[-1].number),
        }
        try:
            status = self._http.post(self._signed_url(), headers, body, TIMEOUT).status
        except DeliveryFailed as error:
            return str(error)
        return None if 200 <= status < 300 else f"the answer has status {status}"

    def _signed_url(self) -> str:
        """Return the URL with the parameters of all generations, which share the signature."""
        nonce, timestamp = secrets.token_hex(8), str(int(self._clock.now() * 1000))
        query = urlencode(
            {
                "appKey": self._app.key,
                "nonce": nonce,
                "timestamp": timestamp,
                "signTimestamp": timestamp,
                "signature": signature_of(self._app.secrets[0], nonce, timestamp),
            }
        )
        return f"{self.url}{'&' if '?' in self.url else '?'}{query}"


def _status(change: PresenceChange) -> dict[str, object]:
    return {
        "userid": change.user_id,
        "status": _STATUSES[change.status],
        "os": platforms.name_of(change.platform_id),
        "time": change.time,
        "clientIp": "",
        "sessionId": change.connection_id or f"platform-{change.platform_id}",
    }
