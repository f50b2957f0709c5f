"""RongCloud's calls about presence subscriptions, which are shared with OpenIM v3."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from ...errors import ArgumentMissing
from . import schemas
from .context import Context
from .errors import SUBSCRIPTIONS
from .guard import SignedRoutes
from .page_tokens import next_page_token, position

routes = SignedRoutes()


@routes.signed("/user/subscribe/set", schemas.SetSubscription, errors=SUBSCRIPTIONS)
def set_subscription(context: Context, request: schemas.SetSubscription) -> dict[str, Any]:
    """Subscribe a user to others for some seconds, or unsubscribe."""
    if request.operation == "1":
        context.services.subscriptions.remove(request.user_id, request.others)
    elif request.expiry is None:
        raise ArgumentMissing("expiry is required", "expiry")
    else:
        context.services.subscriptions.add(request.user_id, request.others, request.expiry)
    return {}


@routes.signed("/user/subscribe/query", schemas.QuerySubscriptions, errors=SUBSCRIPTIONS)
def query_subscriptions(context: Context, request: schemas.QuerySubscriptions) -> dict[str, Any]:
    """Answer with a page of a user's subscriptions; users subscribed to by one call share an entry."""
    start = position(context, request.page_token) or 0
    found = context.services.subscriptions.of(request.user_id, start, request.size + 1)
    rows = [
        {
            "subUserIds": [each.user_id for each in together],
            "subType": 1,
            "subTime": since,
            "expiry": until - since // 1000 if until else 0,
        }
        for (since, until), together in groupby(found[: request.size], lambda each: (each.since, each.until))
    ]
    token = next_page_token(found, request.size)
    return {"hasNext": bool(token), "pageToken": token, "subscriptions": rows}
