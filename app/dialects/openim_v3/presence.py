"""v3's calls about presence (internal/api/user.go, rpc/user/online.go, v3.4.0 and 3.8.3-patch)."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import NotAdministrator
from ...formats.go_json import RawJson
from ...http.dialect import Access, Routes
from ...http.error_rows import ErrorRow, ErrorTable
from ...models import Connection
from ..openim.access import administrator
from . import render
from .context import Context
from .errors import NO_PERMISSION, bound_by_gin
from .guard import TOKEN, authorize_and_bind, by_token
from .schemas import presence as schemas

routes = Routes("user", authorize_and_bind)

_Tokens = dict[str, dict[int, list[str]]]


def _administrator_if_any(context: Context, request: schemas.GetUsersOnlineStatusReq) -> None:
    # Upstream's API asks the gateways, which check the caller, only if there is an id to ask for.
    if request.user_ids:
        administrator(context, request)


#: A valid token, and an administrator's if the list has any id.
_ADMINISTRATOR_IF_ANY: Access[Context, schemas.GetUsersOnlineStatusReq] = Access(
    by_token, _administrator_if_any
)


@routes.post(
    "/user/get_users_online_status",
    schemas.GetUsersOnlineStatusReq,
    access=_ADMINISTRATOR_IF_ANY,
    body_keys=("userIDs",),
    errors=ErrorTable(
        bound_by_gin(), ErrorRow(NotAdministrator, 200, 1002, "only app manager", NO_PERMISSION)
    ),
)
def get_users_online_status(context: Context, request: schemas.GetUsersOnlineStatusReq) -> RawJson | None:
    """Answer with the connections of each id, in the requested order; unknown ids are offline."""
    user_ids = request.user_ids or ()
    connections = context.services.presence.connections(user_ids)
    tokens = _tokens(context, user_ids, connections, max_per_platform=1)
    return render.online_status(user_ids, connections, tokens, context.generation)


@routes.post(
    "/user/get_users_online_token_detail",
    schemas.GetUsersOnlineStatusReq,
    access=TOKEN,
    errors=ErrorTable(bound_by_gin()),
)
def get_users_online_token_detail(
    context: Context, request: schemas.GetUsersOnlineStatusReq
) -> list[dict[str, object]] | None:
    """Answer with the tokens of online users; callers other than administrators get null."""
    if not context.is_administrator:
        return None
    user_ids = request.user_ids or ()
    connections = context.services.presence.connections(user_ids)
    tokens = _tokens(context, user_ids, connections)
    return render.or_null(
        render.token_detail(
            user_id, dict.fromkeys(each.platform_id for each in live), tokens[user_id], context.generation
        )
        for user_id, live in zip(user_ids, connections, strict=True)
        if live
    )


def _tokens(
    context: Context,
    user_ids: Sequence[str],
    connections: Sequence[Sequence[Connection]],
    max_per_platform: int | None = None,
) -> _Tokens:
    """Return the valid tokens of users for the platforms where they are online, the newest first."""
    online = {
        user_id: {connection.platform_id for connection in live}
        for user_id, live in zip(user_ids, connections, strict=True)
        if live
    }
    if not online:
        return {}
    codecs = context.services.codecs
    tokens = context.services.tokens.active_tokens(list(online), max_per_platform)
    return {
        user_id: {
            platform_id: [
                codecs[token.format].encode(token) for token in tokens[user_id].get(platform_id, ())
            ]
            for platform_id in platform_ids
        }
        for user_id, platform_ids in online.items()
    }


@routes.post("/user/get_users_status", schemas.GetUserStatusReq, access=TOKEN)
def get_users_status(context: Context, request: schemas.GetUserStatusReq) -> RawJson:
    """Answer with the platforms on which each id is online, in the requested order."""
    return _statuses(context, request.user_ids or ())


@routes.post("/user/subscribe_users_status", schemas.SubscribeOrCancelUsersStatusReq, access=TOKEN)
def subscribe_users_status(context: Context, request: schemas.SubscribeOrCancelUsersStatusReq) -> RawJson:
    """Subscribe a user to others and answer with their status; or unsubscribe, and answer without any."""
    user_ids = request.user_ids or ()
    if request.genre == schemas.SUBSCRIBE:
        context.services.subscriptions.add(request.user_id, user_ids)
        return _statuses(context, user_ids)
    context.services.subscriptions.remove(request.user_id, user_ids)
    return _statuses(context, ())


#: The same call under another name up to 3.3.
unsubscribe_users_status = routes.post(
    "/user/unsubscribe_users_status", schemas.SubscribeOrCancelUsersStatusReq, access=TOKEN
)(subscribe_users_status)


@routes.post("/user/get_subscribe_users_status", schemas.GetSubscribeUsersStatusReq, access=TOKEN)
def get_subscribe_users_status(context: Context, request: schemas.GetSubscribeUsersStatusReq) -> RawJson:
    """Answer with the status of the users to whom a user is subscribed."""
    subscriptions = context.services.subscriptions.of(request.user_id)
    return _statuses(context, [subscription.user_id for subscription in subscriptions])


def _statuses(context: Context, user_ids: Sequence[str]) -> RawJson:
    return render.status_list(user_ids, context.services.presence.connections(user_ids))
