"""Send RongCloud's online-status callback (docs.rongcloud.cn, platform-chat-api/user/onlinestatus)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from urllib.parse import urlencode

from app.clock import Clock
from app.models import PresenceChange, PresenceStatus
from app.signatures import rongcloud_signature
from app.webhooks.http_client import DeliveryFailed, HttpClient
from app.webhooks.signing import change_headers, signed_headers

#: Seconds for an answer; the vendor's page has none, its SDKs' authors say five.
TIMEOUT = 5
# "0" is online here, and offline in checkOnline. A token that was cancelled is a log-out.
_STATUSES = {
    PresenceStatus.ONLINE: "0",
    PresenceStatus.LEFT: "1",
    PresenceStatus.LAPSED: "1",
    PresenceStatus.KICKED: "2",
}
_SYSTEMS = {
    1: "iOS",
    2: "Android",
    5: "Websocket",
    6: "MiniProgram",
    8: "Android",
    9: "iOS",
    11: "HarmonyOS",
}
_OTHER_SYSTEM = "PC"


class RongCloudWebhooks:
    """The receiver of an app's online-status callback."""

    def __init__(
        self, url: str, app_key: str, app_secret: str, secret: str, http: HttpClient, clock: Clock
    ) -> None:
        self._url = url
        self._app_key = app_key
        self._app_secret = app_secret
        self._secret = secret
        self._http = http
        self._clock = clock

    def notify_presence(self, changes: Sequence[PresenceChange], epoch: str) -> str | None:
        """Tell of connections that came or went, in order; return why that failed, or None."""
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
        """Return the address with the parameters of every generation; one signature is right for all."""
        nonce, timestamp = secrets.token_hex(8), str(int(self._clock.now() * 1000))
        query = urlencode(
            {
                "appKey": self._app_key,
                "nonce": nonce,
                "timestamp": timestamp,
                "signTimestamp": timestamp,
                "signature": rongcloud_signature(self._app_secret, nonce, timestamp),
            }
        )
        return f"{self._url}{'&' if '?' in self._url else '?'}{query}"


def _status(change: PresenceChange) -> dict[str, object]:
    return {
        "userid": change.user_id,
        "status": _STATUSES[change.status],
        "os": _SYSTEMS.get(change.platform_id, _OTHER_SYSTEM),
        "time": change.time,
        "clientIp": "",
        "sessionId": change.connection_id or f"platform-{change.platform_id}",
    }
