"""The `/presence` calls by which an application server reads presence and follows its changes."""

from __future__ import annotations

from ...http.dialect import RequestContext, Routes
from . import cursor, render
from .guard import ADMINISTRATOR, authorize_and_bind
from .schemas import ChangesReq, CountsReq, OnlineReq, UserReq

routes = Routes("presence", authorize_and_bind)


@routes.get("/presence/user", UserReq, access=ADMINISTRATOR)
def user(context: RequestContext, request: UserReq) -> dict[str, object]:
    """Answer with a registered user's connections and last-seen time."""
    services = context.services
    services.users.get(request.user_id)
    details = services.presence.details(request.user_id)
    return {
        "userID": request.user_id,
        "status": 1 if details.connections else 0,
        "connections": render.connections(details.connections),
        "lastSeen": details.last_seen,
        "epoch": services.presence.epoch,
    }


@routes.get("/presence/online", OnlineReq, access=ADMINISTRATOR)
def online(context: RequestContext, request: OnlineReq) -> dict[str, object]:
    """Answer with a page of online users, and the cursor of the next page (empty on the last page)."""
    presence = context.services.presence
    after = cursor.decode(request.cursor, presence.epoch) if request.cursor else 0
    page = presence.page(after, request.platform_id, request.limit)
    return {
        "epoch": page.epoch,
        "number": page.number,
        "users": [
            {"userID": user_id, "connections": render.connections(live)} for user_id, live in page.users
        ],
        "cursor": cursor.encode(page.epoch, page.cursor) if page.cursor else "",
    }


@routes.get("/presence/counts", CountsReq, access=ADMINISTRATOR)
def counts(context: RequestContext, request: CountsReq) -> dict[str, object]:
    """Answer how many users are online."""
    counts = context.services.presence.counts()
    return {
        "epoch": counts.epoch,
        "number": counts.number,
        "users": counts.users,
        "connections": counts.connections,
        "platforms": [
            {"platformID": platform_id, "users": users} for platform_id, users in counts.by_platform.items()
        ],
    }


@routes.get("/presence/changes", ChangesReq, access=ADMINISTRATOR)
def changes(context: RequestContext, request: ChangesReq) -> dict[str, object]:
    """Answer with the changes after a number, or a reset if some of them are no longer kept."""
    epoch, number, changes = context.services.presence.changes(request.epoch, request.since, request.limit)
    rows = [render.change(change) for change in changes or ()]
    return {
        "epoch": epoch,
        "number": number,
        "reset": changes is None,
        "changes": rows,
        "more": bool(rows) and rows[-1]["number"] != number,
    }
