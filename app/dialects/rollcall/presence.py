"""The `/presence` calls: how a client that has no gateway says that it is there."""

from __future__ import annotations

from app.dialects.rollcall import render
from app.dialects.rollcall.call import Call
from app.dialects.rollcall.guard import by_any_token, subject
from app.dialects.rollcall.schemas import HeartbeatReq, LeaveReq
from app.wire.dialect import Routes

routes = Routes("presence")


@routes.post("/presence/heartbeat", HeartbeatReq, access=by_any_token)
def heartbeat(call: Call, request: HeartbeatReq) -> dict[str, object]:
    """Put a connection online, or keep it there, for `ttl` seconds."""
    user_id, platform_id = subject(call, request.user_id, request.platform_id)
    connection_id = request.conn_id or ""
    call.services.heartbeats.keep_online(
        call.caller, user_id, platform_id, request.ttl, connection_id, request.is_background
    )
    epoch = call.services.presence.epoch
    return render.heartbeat(user_id, platform_id, connection_id, request.ttl, epoch)


@routes.post("/presence/leave", LeaveReq, access=by_any_token)
def leave(call: Call, request: LeaveReq) -> None:
    """Take a connection offline, or all of the platform's."""
    user_id, platform_id = subject(call, request.user_id, request.platform_id)
    call.services.presence.leave(user_id, platform_id, request.conn_id)
