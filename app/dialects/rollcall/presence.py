"""The `/presence` calls by which clients, or an application server for them, report that they are online."""

from __future__ import annotations

from ...http.dialect import RequestContext, Routes
from ...http.responses import NO_DATA
from ...models import Heartbeat
from . import render
from .errors import error_body
from .guard import ADMINISTRATOR, TOKEN, authorize_and_bind, bearer, target
from .schemas import HeartbeatReq, HeartbeatsReq, LeaveReq

routes = Routes("presence", authorize_and_bind)


@routes.post("/presence/heartbeat", HeartbeatReq, access=TOKEN)
def heartbeat(context: RequestContext, request: HeartbeatReq) -> dict[str, object]:
    """Put a connection online, or keep it online, for `ttl` seconds."""
    user_id, platform_id = target(context, request.user_id, request.platform_id)
    connection_id = request.conn_id or ""
    heartbeat = Heartbeat(user_id, platform_id, request.ttl, connection_id, request.is_background)
    context.services.heartbeats.record(bearer(context), heartbeat)
    epoch = context.services.presence.epoch
    return render.heartbeat(user_id, platform_id, connection_id, request.ttl, epoch)


@routes.post("/presence/heartbeats", HeartbeatsReq, access=ADMINISTRATOR)
def heartbeats(context: RequestContext, request: HeartbeatsReq) -> dict[str, object]:
    """Put many connections online, or keep them online; answer with the refused ones."""
    heartbeats = [
        Heartbeat(each.user_id, each.platform_id, each.ttl or request.ttl, each.conn_id, each.is_background)
        for each in request.users or ()
    ]
    refused = context.services.heartbeats.record_many(heartbeats)
    return {
        "epoch": context.services.presence.epoch,
        "refused": [
            {
                "userID": each.user_id,
                "platformID": each.platform_id,
                "connID": each.connection_id,
                **error_body(context, error),
            }
            for each, error in refused
        ],
    }


@routes.post("/presence/leave", LeaveReq, access=TOKEN)
def leave(context: RequestContext, request: LeaveReq) -> object:
    """Take a connection offline, or all connections on the platform."""
    user_id, platform_id = target(context, request.user_id, request.platform_id)
    context.services.presence.leave(user_id, platform_id, request.conn_id)
    return NO_DATA
