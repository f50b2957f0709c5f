"""RongCloud's calls about who follows whose presence; the subscriptions are those of OpenIM v3's calls."""

from __future__ import annotations

from typing import Any

from app.dialects.rongcloud import schemas
from app.dialects.rongcloud.binding import next_page_token
from app.dialects.rongcloud.context import Context
from app.dialects.rongcloud.errors import ANY_PROFILE, SUBSCRIPTIONS
from app.dialects.rongcloud.routes import RongCloudRoutes
from app.errors import ArgumentMissing

routes = RongCloudRoutes()


@routes.post("/user/subscribe/set", schemas.SetSubscription, rows={ANY_PROFILE: SUBSCRIPTIONS})
def set_subscription(context: Context, request: schemas.SetSubscription) -> dict[str, Any]:
    """Follow the presence of others for some seconds, or follow it no longer."""
    if request.operation == "1":
        context.services.subscriptions.remove(request.user_id, request.others)
    elif request.expiry is None:
        raise ArgumentMissing("expiry is required", "expiry")
    else:
        context.services.subscriptions.add(request.user_id, request.others, request.expiry)
    return {}


@routes.post("/user/subscribe/query", schemas.QuerySubscriptions, rows={ANY_PROFILE: SUBSCRIPTIONS})
def query_subscriptions(context: Context, request: schemas.QuerySubscriptions) -> dict[str, Any]:
    """Answer with a page of whom somebody follows, since when and for how long."""
    found = context.services.subscriptions.of(request.user_id, request.page_token, request.size + 1)
    rows = [
        {
            "subUserIds": [each.user_id],
            "subType": 1,
            "subTime": each.since,
            "expiry": each.until - each.since // 1000 if each.until else 0,
        }
        for each in found[: request.size]
    ]
    token = next_page_token(found, request.size)
    return {"hasNext": bool(token), "pageToken": token, "subscriptions": rows}
