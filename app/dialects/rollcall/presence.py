"""The `/presence` calls by which clients, or an application server for them, say that they are there."""

from __future__ import annotations

from app.dialects.rollcall import render
from app.dialects.rollcall.call import Call
from app.dialects.rollcall.errors import worded
from app.dialects.rollcall.guard import by_administrator, by_any_token, subject
from app.dialects.rollcall.schemas import HeartbeatReq, HeartbeatsReq, LeaveReq
from app.models import Beat
from app.wire.dialect import Routes

routes = Routes("presence")


@routes.post("/presence/heartbeat", HeartbeatReq, access=by_any_token)
def heartbeat(call: Call, request: HeartbeatReq) -> dict[str, object]:
    """Put a connection online, or keep it there, for `ttl` seconds."""
    user_id, platform_id = subject(call, request.user_id, request.platform_id)
    connection_id = request.conn_id or ""
    beat = Beat(user_id, platform_id, request.ttl, connection_id, request.is_background)
    call.services.heartbeats.keep_online(call.caller, beat)
    epoch = call.services.presence.epoch
    return render.heartbeat(user_id, platform_id, connection_id, request.ttl, epoch)


@routes.post("/presence/heartbeats", HeartbeatsReq, access=by_administrator)
def heartbeats(call: Call, request: HeartbeatsReq) -> dict[str, object]:
    """Put many connections online, or keep them; answer which were refused."""
    beats = [
        Beat(each.user_id, each.platform_id, each.ttl or request.ttl, each.conn_id, each.is_background)
        for each in request.users or ()
    ]
    refused = call.services.heartbeats.keep_all_online(beats)
    return {
        "epoch": call.services.presence.epoch,
        "refused": [
            {"userID": beat.user_id, "platformID": beat.platform_id, **worded(error)}
            for beat, error in refused
        ],
    }


@routes.post("/presence/leave", LeaveReq, access=by_any_token)
def leave(call: Call, request: LeaveReq) -> None:
    """Take a connection offline, or all of the platform's."""
    user_id, platform_id = subject(call, request.user_id, request.platform_id)
    call.services.presence.leave(user_id, platform_id, request.conn_id)
