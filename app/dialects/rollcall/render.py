"""Render the answers of Rollcall's own calls."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ...formats import go_json
from ...http.dialect import RequestContext
from ...http.responses import JSON, NO_DATA, Answer
from ...models import Connection, PresenceChange, PresenceStatus


def render_success(context: RequestContext, data: object) -> Answer:
    """Render the envelope; NO_DATA omits `data`."""
    body: dict[str, object] = {"errCode": 0, "errMsg": "", "errDlt": ""}
    if data is not NO_DATA:
        body["data"] = data
    return Answer(go_json.dumps(body), 200, JSON)


def heartbeat(user_id: str, platform_id: int, connection_id: str, ttl: int, epoch: str) -> dict[str, object]:
    """Render a connection that is online for `ttl` seconds; a new `epoch` means that presence was reset."""
    return {"userID": user_id, "platformID": platform_id, "connID": connection_id, "ttl": ttl, "epoch": epoch}


def connections(live: Iterable[Connection]) -> list[dict[str, object]]:
    """Render connections; `expiresIn` is in seconds, rounded up."""
    return [
        {
            "platformID": one.platform_id,
            "connID": one.connection_id,
            "isBackground": one.is_background,
            "expiresIn": math.ceil(one.expires_in),
        }
        for one in live
    ]


def change(change: PresenceChange) -> dict[str, object]:
    """Render a change; `status` is 1 for online and 0 for offline, as in OpenIM."""
    return {
        "number": change.number,
        "userID": change.user_id,
        "platformID": change.platform_id,
        "connID": change.connection_id,
        "status": 1 if change.status is PresenceStatus.ONLINE else 0,
        "reason": change.status.name.lower(),
        "isBackground": change.is_background,
        "time": change.time,
    }
