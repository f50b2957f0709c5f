"""v3's calls about who is online (internal/api/user.go, rpc/user/online.go, v3.4.0 and 3.8.3-patch)."""

from __future__ import annotations

from collections.abc import Sequence

from app.dialects.openim_v3 import render
from app.dialects.openim_v3.context import Context
from app.dialects.openim_v3.errors import ARGS, NO_PERMISSION, ErrorRow, error_message
from app.dialects.openim_v3.generations import in_both
from app.dialects.openim_v3.guard import ADMINISTRATOR, TOKEN, is_administrator
from app.dialects.openim_v3.schemas.presence import (
    SUBSCRIBE,
    GetSubscribeUsersStatusReq,
    GetUsersOnlineStatusReq,
    GetUserStatusReq,
    SubscribeOrCancelUsersStatusReq,
)
from app.errors import BodyInvalid, NotAdministrator
from app.models import Connection
from app.wire.dialect import Routes
from app.wire.go_json import RawJson

routes = Routes("user")

# Both are bound by gin in every version, which says 400 to what it cannot bind.
_BOUND_BY_GIN = {BodyInvalid: ErrorRow(1001, ARGS, error_message, status=400, bare=True)}
_FOR_MANAGERS = {NotAdministrator: ErrorRow(1002, NO_PERMISSION, lambda error: "only app manager")}

_Tokens = dict[str, dict[int, list[str]]]


@routes.post(
    "/user/get_users_online_status",
    GetUsersOnlineStatusReq,
    access=in_both(ADMINISTRATOR),
    body_keys=("userIDs",),
    rows=in_both({**_BOUND_BY_GIN, **_FOR_MANAGERS}),
)
def get_users_online_status(context: Context, request: GetUsersOnlineStatusReq) -> RawJson | None:
    """Answer with the connections of each id, in the order asked; an id that nobody has is offline."""
    user_ids = request.user_ids or ()
    connections = context.services.presence.connections(user_ids)
    tokens = _tokens(context, user_ids, connections, max_per_platform=1)
    return render.online_status(user_ids, connections, tokens, context.generation)


@routes.post(
    "/user/get_users_online_token_detail",
    GetUsersOnlineStatusReq,
    access=in_both(TOKEN),
    rows=in_both(_BOUND_BY_GIN),
)
def get_users_online_token_detail(
    context: Context, request: GetUsersOnlineStatusReq
) -> list[dict[str, object]] | None:
    """Answer with the tokens of those who are online; to anybody but an administrator, with nobody's."""
    if not is_administrator(context):
        return None
    user_ids = request.user_ids or ()
    connections = context.services.presence.connections(user_ids)
    tokens = _tokens(context, user_ids, connections)
    return render.or_null(
        render.token_detail(
            user_id, dict.fromkeys(each.platform_id for each in held), tokens[user_id], context.generation
        )
        for user_id, held in zip(user_ids, connections, strict=True)
        if held
    )


def _tokens(
    context: Context,
    user_ids: Sequence[str],
    connections: Sequence[Sequence[Connection]],
    max_per_platform: int | None = None,
) -> _Tokens:
    """Return the valid tokens of users for where they are online, spelled, the newest first."""
    online = {
        user_id: {connection.platform_id for connection in held}
        for user_id, held in zip(user_ids, connections, strict=True)
        if held
    }
    if not online:
        return {}
    encode, tokens = (
        context.services.codecs.encode,
        context.services.tokens.active_tokens(list(online), max_per_platform),
    )
    return {
        user_id: {
            platform_id: [encode(token) for token in tokens[user_id].get(platform_id, ())]
            for platform_id in platform_ids
        }
        for user_id, platform_ids in online.items()
    }


@routes.post("/user/get_users_status", GetUserStatusReq, access=in_both(TOKEN))
def get_users_status(context: Context, request: GetUserStatusReq) -> RawJson:
    """Answer on which platforms each id is online, in the order asked."""
    return _statuses(context, request.user_ids or ())


@routes.post("/user/subscribe_users_status", SubscribeOrCancelUsersStatusReq, access=in_both(TOKEN))
def subscribe_users_status(context: Context, request: SubscribeOrCancelUsersStatusReq) -> RawJson:
    """Remember whom a user follows and answer with their status; or forget it and answer with nothing."""
    user_ids = request.user_ids or ()
    if request.genre == SUBSCRIBE:
        context.services.subscriptions.add(request.user_id, user_ids)
        return _statuses(context, user_ids)
    context.services.subscriptions.remove(request.user_id, user_ids)
    return _statuses(context, ())


#: The same call under another name up to 3.3.
unsubscribe_users_status = routes.post(
    "/user/unsubscribe_users_status", SubscribeOrCancelUsersStatusReq, access=in_both(TOKEN)
)(subscribe_users_status)


@routes.post("/user/get_subscribe_users_status", GetSubscribeUsersStatusReq, access=in_both(TOKEN))
def get_subscribe_users_status(context: Context, request: GetSubscribeUsersStatusReq) -> RawJson:
    """Answer with the status of those whom a user follows."""
    followed = context.services.subscriptions.of(request.user_id)
    return _statuses(context, [subscription.user_id for subscription in followed])


def _statuses(context: Context, user_ids: Sequence[str]) -> RawJson:
    return render.status_list(user_ids, context.services.presence.connections(user_ids))
