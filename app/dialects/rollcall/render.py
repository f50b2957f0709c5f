"""Domain to wire for our own calls."""

from __future__ import annotations

from flask import Response

from app.dialects.rollcall.call import Call
from app.wire import go_json, plain


def success(call: Call, data: dict[str, object] | None) -> Response:
    """Render the envelope; a call without data has no `data`."""
    body: dict[str, object] = {"errCode": 0, "errMsg": "", "errDlt": ""}
    if data is not None:
        body["data"] = data
    return plain.json_answer(go_json.dumps(body))


def heartbeat(user_id: str, platform_id: int, connection_id: str, ttl: int, epoch: str) -> dict[str, object]:
    """Render a connection that is online for `ttl` seconds; another `epoch` means that presence was reset."""
    return {"userID": user_id, "platformID": platform_id, "connID": connection_id, "ttl": ttl, "epoch": epoch}
