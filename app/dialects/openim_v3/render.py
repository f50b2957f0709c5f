"""Domain to wire: one function for each shape that v3 answers with."""

from __future__ import annotations

from collections.abc import Sequence, Set

from flask import Response

from app.dialects.openim_v3.call import Call
from app.dialects.openim_v3.generations import Generation
from app.wire import go_json, plain

#: What a view returns whose answer has no `data`.
NOTHING = object()


def success(call: Call, data: object) -> Response:
    """Render the envelope; a call whose upstream message has no fields has no `data`."""
    body = {"errCode": 0, "errMsg": "", "errDlt": ""}
    return plain.json_answer(go_json.dumps(body if data is NOTHING else {**body, "data": data}))


def token(text: str, lifetime: int) -> dict[str, object]:
    """Render an issued token and its lifetime in seconds; here `expireTimeSeconds` is a duration."""
    return {"token": text, "expireTimeSeconds": lifetime}


def account_check(user_ids: Sequence[str], known: Set[str], generation: Generation) -> dict[str, object]:
    """Render who is registered, in the order asked."""
    status = generation.account_status
    return {
        "results": [{"userID": user_id, "accountStatus": status[user_id in known]} for user_id in user_ids]
    }
