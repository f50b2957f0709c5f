"""Domain to wire: what every version of the gateways takes for an answer."""

from __future__ import annotations

from flask import Response

from app.wire import go_json, responses
from app.wire.context import RequestContext as Context


def answer(action: int, code: int, name: str, detail: str, status: int = 200) -> Response:
    """Return the envelope of an answer to a callback; `actionCode` 0 and `nextCode` 0 say to go on."""
    body: dict[str, object] = {
        "actionCode": action,
        "errCode": code,
        "errMsg": name,
        "errDlt": detail,
        "nextCode": 0,
    }
    return responses.json_answer(go_json.dumps(body), status)


def render_success(context: Context, data: None) -> Response:
    """Render that all is well."""
    return answer(0, 0, "", "")
