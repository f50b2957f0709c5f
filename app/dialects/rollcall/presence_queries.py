"""The `/presence` calls by which an application server asks and watches who is online."""

from __future__ import annotations

from app.dialects.rollcall import cursor, render
from app.dialects.rollcall.context import Context
from app.dialects.rollcall.guard import by_administrator
from app.dialects.rollcall.schemas import ChangesReq, CountsReq, OnlineReq, UserReq
from app.wire.dialect import Routes

routes = Routes("presence")


@routes.get("/presence/user", UserReq, access=by_administrator)
def user(context: Context, request: UserReq) -> dict[str, object]:
    """Answer where a registered user is online, and when there was last a sign of life."""
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


@routes.get("/presence/online", OnlineReq, access=by_administrator)
def online(context: Context, request: OnlineReq) -> dict[str, object]:
    """Answer with a part of those who are online, and the cursor of the next part; empty behind the last."""
    presence = context.services.presence
    after = cursor.decode(request.cursor, presence.epoch) if request.cursor else None
    page = presence.page(after, request.platform_id, request.limit)
    return {
        "epoch": page.epoch,
        "number": page.number,
        "users": [
            {"userID": user_id, "connections": render.connections(held)} for user_id, held in page.users
        ],
        "cursor": cursor.encode(page.epoch, page.cursor) if page.cursor else "",
    }


@routes.get("/presence/counts", CountsReq, access=by_administrator)
def counts(context: Context, request: CountsReq) -> dict[str, object]:
    """Answer how many are online."""
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


@routes.get("/presence/changes", ChangesReq, access=by_administrator)
def changes(context: Context, request: ChangesReq) -> dict[str, object]:
    """Answer with the changes after a number, or that it says nothing any more and where to begin again."""
    epoch, number, changes = context.services.presence.changes(request.epoch, request.since, request.limit)
    rows = [render.change(change) for change in changes or ()]
    return {
        "epoch": epoch,
        "number": number,
        "reset": changes is None,
        "changes": rows,
        "more": bool(rows) and rows[-1]["number"] != number,
    }
