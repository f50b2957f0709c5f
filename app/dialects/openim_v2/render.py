"""Domain to wire: one function for each shape that v2 answers with."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response

from app.dialects.openim_v2 import platforms
from app.dialects.openim_v2.call import Call
from app.models import Connection, Token
from app.wire import go_json, plain

ONLINE = "online"
OFFLINE = "offline"


def success(call: Call, data: object) -> Response:
    """Render the envelope of a call that has data."""
    return plain.json_answer(go_json.dumps({"errCode": 0, "errMsg": "", "data": data}))


def user_token(token: Token, text: str) -> dict[str, object]:
    """Render an issued token; `expiredTime` is its end in Unix seconds, not a duration."""
    return {"userID": token.user_id, "token": text, "expiredTime": token.exp}


def no_token(user_id: str) -> dict[str, object]:
    """Render what stands in the place of a token that was not issued."""
    return {"userID": user_id, "token": "", "expiredTime": 0}


def online_status(user_id: str, connections: Iterable[Connection]) -> dict[str, object]:
    """Render a user's status; a user who is offline has no details."""
    details: dict[int, dict[str, object]] = {}
    for connection in connections:
        details.setdefault(connection.platform_id, _detail(connection))
    if not details:
        return {"userID": user_id, "status": OFFLINE}
    return {"userID": user_id, "status": ONLINE, "detailPlatformStatus": list(details.values())}


def _detail(connection: Connection) -> dict[str, object]:
    """Render a platform by its first connection; upstream's struct omits whatever is empty."""
    detail: dict[str, object] = {
        "platform": platforms.NAMES.get(connection.platform_id, ""),
        "status": ONLINE,
        "connID": connection.connection_id,
        "isBackground": connection.is_background,
    }
    return {key: value for key, value in detail.items() if value}
