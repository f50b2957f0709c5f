"""v2's `/user` calls (open-im-server v2.3 internal/api/{user/user,manage/management_user}.go)."""

from __future__ import annotations

from app.dialects.openim_v2 import render
from app.dialects.openim_v2.call import Call
from app.dialects.openim_v2.errors import token_refused
from app.dialects.openim_v2.guard import by_token
from app.dialects.openim_v2.schemas import GetUsersOnlineStatusReq
from app.wire.dialect import Routes

routes = Routes("user")


@routes.post(
    "/user/get_users_online_status",
    GetUsersOnlineStatusReq,
    access=by_token,
    marks=("userIDList",),
    rows=token_refused(200),
)
def get_users_online_status(call: Call, request: GetUsersOnlineStatusReq) -> list[dict[str, object]]:
    """Answer with the status of each id in the order asked; an id that nobody has is offline."""
    user_ids = request.user_id_list or ()
    connections = call.services.presence.connections(user_ids)
    return [render.online_status(user_id, held) for user_id, held in zip(user_ids, connections, strict=True)]
