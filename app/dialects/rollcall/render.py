"""Domain to wire for our own calls."""

from __future__ import annotations

import math
from collections.abc import Iterable

from flask import Response

from app.dialects.rollcall.context import Context
from app.models import Connection, PresenceChange, PresenceStatus
from app.wire import go_json, responses


def render_success(context: Context, data: dict[str, object] | None) -> Response:
    """Render the envelope; a call without data has no `data`."""
    body: dict[str, object] = {"errCode": 0, "errMsg": "", "errDlt": ""}
    if data is not None:
        body["data"] = data
    return responses.json_answer(go_json.dumps(body))


def heartbeat(user_id: str, platform_id: int, connection_id: str, ttl: int, epoch: str) -> dict[str, object]:
    """Render a connection that is online for `ttl` seconds; another `epoch` means that presence was reset."""
    return {"userID": user_id, "platformID": platform_id, "connID": connection_id, "ttl": ttl, "epoch": epoch}


def connections(held: Iterable[Connection]) -> list[dict[str, object]]:
    """Render connections; `expiresIn` is the whole seconds after which one will have lapsed."""
    return [
        {
            "platformID": one.platform_id,
            "connID": one.connection_id,
            "isBackground": one.is_background,
            "expiresIn": math.ceil(one.expires_in),
        }
        for one in held
    ]


def change(change: PresenceChange) -> dict[str, object]:
    """Render a change: `status` is OpenIM's, `reason` says why."""
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
