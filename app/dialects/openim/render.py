"""Render the answer to a callback, for gateways of every version."""

from __future__ import annotations

from ...formats import go_json
from ...http.dialect import RequestContext
from ...http.responses import JSON, Answer


def envelope(action: int, code: int, name: str, detail: str, status: int = 200) -> Answer:
    """Return the answer to a callback; `actionCode` 0 and `nextCode` 0 mean to continue."""
    body: dict[str, object] = {
        "actionCode": action,
        "errCode": code,
        "errMsg": name,
        "errDlt": detail,
        "nextCode": 0,
    }
    return Answer(go_json.dumps(body), status, JSON)


def render_success(context: RequestContext, data: object) -> Answer:
    """Render that the callback was accepted."""
    return envelope(0, 0, "", "")
