"""The `/presence` calls by which clients, or an application server for them, say that they are there."""

from __future__ import annotations

from app.dialects.rollcall import render
from app.dialects.rollcall.context import Context
from app.dialects.rollcall.errors import error_body
from app.dialects.rollcall.guard import by_administrator, by_any_token, target
from app.dialects.rollcall.schemas import HeartbeatReq, HeartbeatsReq, LeaveReq
from app.models import Heartbeat
from app.wire.dialect import Routes

routes = Routes("presence")


@routes.post("/presence/heartbeat", HeartbeatReq, access=by_any_token)
def heartbeat(context: Context, request: HeartbeatReq) -> dict[str, object]:
    """Put a connection online, or keep it there, for `ttl` seconds."""
    user_id, platform_id = target(context, request.user_id, request.platform_id)
    connection_id = request.conn_id or ""
    heartbeat = Heartbeat(user_id, platform_id, request.ttl, connection_id, request.is_background)
    context.services.heartbeats.record(context.caller, heartbeat)
    epoch = context.services.presence.epoch
    return render.heartbeat(user_id, platform_id, connection_id, request.ttl, epoch)


@routes.post("/presence/heartbeats", HeartbeatsReq, access=by_administrator)
def heartbeats(context: Context, request: HeartbeatsReq) -> dict[str, object]:
    """Put many connections online, or keep them; answer which were refused."""
    heartbeats = [
        Heartbeat(each.user_id, each.platform_id, each.ttl or request.ttl, each.conn_id, each.is_background)
        for each in request.users or ()
    ]
    refused = context.services.heartbeats.record_many(heartbeats)
    return {
        "epoch": context.services.presence.epoch,
        "refused": [
            {"userID": heartbeat.user_id, "platformID": heartbeat.platform_id, **error_body(error)}
            for heartbeat, error in refused
        ],
    }


@routes.post("/presence/leave", LeaveReq, access=by_any_token)
def leave(context: Context, request: LeaveReq) -> None:
    """Take a connection offline, or all of the platform's."""
    user_id, platform_id = target(context, request.user_id, request.platform_id)
    context.services.presence.leave(user_id, platform_id, request.conn_id)
