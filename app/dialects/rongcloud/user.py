"""RongCloud's calls about users, tokens and presence (docs.rongcloud.cn, platform-chat-api/user)."""

from __future__ import annotations

import secrets
from typing import Any

from ...models import User, UserChanges, UserFilter
from . import platforms, render, schemas
from .context import Context
from .errors import DOCUMENTED
from .guard import SignedRoutes
from .tokens import FORMAT

routes = SignedRoutes()

#: The characters of an operateId, which is four groups of four.
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@routes.signed("/user/getToken", schemas.GetToken, errors=DOCUMENTED)
def get_token(context: Context, request: schemas.GetToken) -> dict[str, Any]:
    """Register the user if necessary, write name and portrait, answer with a token.

    A `live` app issues a new token at every call. A `documented` one refuses a user who has a valid token of
    this app.
    """
    if context.app.is_documented:
        schemas.check_documented(request)
    services = context.services
    token = services.registration.get_or_register(
        User(request.user_id, nickname=request.name, face_url=request.portrait_uri),
        services.codecs[FORMAT].request(request.user_id, issuer=context.app.key),
        once=context.app.is_documented,
        new_id_error=schemas.new_id_error(request.user_id),
        max_users=context.settings.rongcloud_max_users,
    )
    return {"userId": token.user_id, "token": services.codecs[token.format].encode(token)}


@routes.signed("/user/refresh", schemas.Refresh)
def refresh(context: Context, request: schemas.Refresh) -> dict[str, Any]:
    """Write name and portrait unless they are empty; ignore administrators.

    A `live` app refuses an unknown user, a `documented` one ignores it.
    """
    users = context.services.users
    changes = UserChanges(nickname=request.name or None, face_url=request.portrait_uri or None)
    if not users.is_administrator(request.user_id):
        users.update_profile(request.user_id, changes, unknown=context.app.is_documented)
    return {}


@routes.signed("/user/info", schemas.OneUser)
def info(context: Context, request: schemas.OneUser) -> dict[str, Any]:
    """Answer with name, portrait and the time of registration; all empty for an unknown user."""
    for user in context.services.users.get_many([request.user_id], unknown=True):
        return {
            "userName": user.nickname,
            "userPortrait": user.face_url,
            "createTime": render.local_time(user.created_at / 1000),
        }
    return {"userName": "", "userPortrait": "", "createTime": ""}


@routes.signed("/user/checkOnline", schemas.OneUser)
def check_online(context: Context, request: schemas.OneUser) -> dict[str, Any]:
    """Answer whether a user is online on any platform: "1" or "0", as text."""
    (connections,) = context.services.presence.connections([request.user_id])
    return {"status": "1" if connections else "0"}


@routes.signed("/user/online/platforms", schemas.OneUser)
def online_platforms(context: Context, request: schemas.OneUser) -> dict[str, Any]:
    """Answer with the platforms on which a user is online (server-sdk-java, CodeUtil.OnlinePlatform)."""
    (connections,) = context.services.presence.connections([request.user_id])
    return {"list": sorted({platforms.number_of(each.platform_id) for each in connections})}


@routes.signed("/user/token/expire", schemas.TokenExpire)
def expire(context: Context, request: schemas.TokenExpire) -> dict[str, Any]:
    """Revoke the users' tokens, of every dialect, that are issued before a time, even a future one.

    Ignore administrators.
    """
    is_administrator = context.services.users.is_administrator
    user_ids = [user_id for user_id in request.user_ids if not is_administrator(user_id)]
    context.services.tokens.expire(user_ids, request.time)
    return {}


@routes.signed("/user/block", schemas.Block)
def block(context: Context, request: schemas.Block) -> dict[str, Any]:
    """Block users for some minutes, replacing any earlier block; they need not be registered."""
    context.services.blocks.block(request.user_ids, request.minute * 60)
    return {}


@routes.signed("/user/unblock", schemas.Unblock)
def unblock(context: Context, request: schemas.Unblock) -> dict[str, Any]:
    """Lift the blocks of users."""
    context.services.blocks.unblock(request.user_ids)
    return {}


@routes.signed("/user/block/query", schemas.BlockQuery)
def query_block(context: Context, request: schemas.BlockQuery) -> dict[str, Any]:
    """Answer with a page of blocked users, those whose block ends last first."""
    start, size = request.part()
    return {
        "users": [
            {"userId": user_id, "blockEndTime": render.local_time(until)}
            for user_id, until in context.services.blocks.active()[start : start + size]
        ]
    }


@routes.signed("/user/deactivate", schemas.Several)
def deactivate(context: Context, request: schemas.Several) -> dict[str, Any]:
    """Delete users and reserve their ids; ignore unknown users."""
    context.services.users.refuse_administrators(request.user_ids)
    context.services.deletion.deactivate(request.user_ids)
    return {"operateId": _operate_id()}


@routes.signed("/user/deactivate/query", schemas.QueryDeactivated)
def query_deactivated(context: Context, request: schemas.QueryDeactivated) -> dict[str, Any]:
    """Answer with a page of deactivated ids."""
    return {"users": context.services.deletion.deactivated(request.part())}


@routes.signed("/user/reactivate", schemas.Several, "/user/activate")
def reactivate(context: Context, request: schemas.Several) -> dict[str, Any]:
    """Register deactivated ids again, with empty profiles; ignore other ids. One SDK calls it activate."""
    context.services.deletion.reactivate(request.user_ids)
    return {"operateId": _operate_id()}


@routes.signed("/user/query", schemas.QueryUsers)
def query(context: Context, request: schemas.QueryUsers) -> dict[str, Any]:
    """Answer with a page of all users but administrators."""
    users, which = context.services.users, UserFilter(without=context.services.users.administrators)
    total, page = users.page(request.part(), which, newest_first=request.order == "1")
    found = [
        {
            "userId": user.user_id,
            "userName": user.nickname,
            "userPortrait": user.face_url,
            "regTime": render.local_time(user.created_at / 1000),
        }
        for user in page
    ]
    return {"total": total, "users": found}


@routes.signed("/user/delusers", schemas.Several)
def delete_users(context: Context, request: schemas.Several) -> dict[str, Any]:
    """Delete users; ignore unknown ones."""
    context.services.users.refuse_administrators(request.user_ids)
    context.services.deletion.delete(request.user_ids)
    return {}


@routes.signed("/user/group/query", schemas.OneUser)
def query_groups(context: Context, request: schemas.OneUser) -> dict[str, Any]:
    """Answer that the user is in no group: Rollcall has none."""
    return {"groups": []}


def _operate_id() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
