"""RongCloud's calls about users, tokens and presence (docs.rongcloud.cn, platform-chat-api/user)."""

from __future__ import annotations

import secrets
from typing import Any

from app.dialects.rongcloud import render, schemas
from app.dialects.rongcloud.context import Context
from app.dialects.rongcloud.errors import DOCUMENTED
from app.dialects.rongcloud.routes import RongCloudRoutes
from app.models import User, UserChanges, UserFilter
from app.setting_types import PROFILES

routes = RongCloudRoutes()

#: Letters and digits of an operateId, four groups of four.
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@routes.post("/user/getToken", schemas.GetToken, rows={PROFILES[0]: DOCUMENTED})
def get_token(context: Context, request: schemas.GetToken) -> dict[str, Any]:
    """Register the user if need be, write name and portrait, answer with a token.

    A `live` app issues another token at every call. A `documented` one refuses a user who holds a valid
    token of this app: an id registers once.
    """
    services = context.services
    user = User(request.user_id, nickname=request.name, face_url=request.portrait_uri)
    token = services.registration.get_or_register(
        user,
        services.codecs.request_opaque(context.app.key, request.user_id),
        once=context.app.is_documented,
        new_id_error=schemas.new_id_error(request.user_id),
        max_users=services.settings.rongcloud_max_users,
    )
    return render.get_token(token.user_id, services.codecs.encode(token))


@routes.post("/user/refresh", schemas.Refresh)
def refresh(context: Context, request: schemas.Refresh) -> dict[str, Any]:
    """Write name and portrait where they are given; a user who is not there is fine."""
    changes = UserChanges(nickname=request.name or None, face_url=request.portrait_uri or None)
    context.services.users.update_profile(request.user_id, changes, unknown=True)
    return {}


@routes.post("/user/info", schemas.OneUser)
def info(context: Context, request: schemas.OneUser) -> dict[str, Any]:
    """Answer with name, portrait and the time of registration; all empty of a user who is not there."""
    for user in context.services.users.get_many([request.user_id], unknown=True):
        return {
            "userName": user.nickname,
            "userPortrait": user.face_url,
            "createTime": render.local_time(user.created_at / 1000),
        }
    return {"userName": "", "userPortrait": "", "createTime": ""}


@routes.post("/user/checkOnline", schemas.OneUser)
def check_online(context: Context, request: schemas.OneUser) -> dict[str, Any]:
    """Answer whether somebody is online anywhere: "1" or "0", in quotes."""
    (connections,) = context.services.presence.connections([request.user_id])
    return {"status": "1" if connections else "0"}


@routes.post("/user/token/expire", schemas.TokenExpire)
def expire(context: Context, request: schemas.TokenExpire) -> dict[str, Any]:
    """Cancel the tokens of users, of every dialect, that are issued before a time."""
    if request.time > context.services.clock.now() * 1000:
        # They could not get any that is valid until then.
        context.services.users.refuse_administrators(request.user_ids)
    context.services.tokens.expire(request.user_ids, request.time)
    return {}


@routes.post("/user/block", schemas.Block)
def block(context: Context, request: schemas.Block) -> dict[str, Any]:
    """Block users for some minutes from now, whatever was before; nobody by that name is fine."""
    context.services.blocks.block(request.user_ids, request.minute * 60)
    return {}


@routes.post("/user/unblock", schemas.Unblock)
def unblock(context: Context, request: schemas.Unblock) -> dict[str, Any]:
    """Lift the blocks of users."""
    context.services.blocks.unblock(request.user_ids)
    return {}


@routes.post("/user/block/query", schemas.BlockQuery)
def query_block(context: Context, request: schemas.BlockQuery) -> dict[str, Any]:
    """Answer who is blocked until when, the last to end first."""
    start, size = request.part()
    return {
        "users": [
            {"userId": user_id, "blockEndTime": render.local_time(until)}
            for user_id, until in context.services.blocks.active()[start : start + size]
        ]
    }


@routes.post("/user/deactivate", schemas.Several)
def deactivate(context: Context, request: schemas.Several) -> dict[str, Any]:
    """Delete users and keep their ids from being registered again; nobody by that name is fine."""
    context.services.users.refuse_administrators(request.user_ids)
    context.services.deletion.deactivate(request.user_ids)
    return {"operateId": _operate_id()}


@routes.post("/user/deactivate/query", schemas.QueryDeactivated)
def query_deactivated(context: Context, request: schemas.QueryDeactivated) -> dict[str, Any]:
    """Answer with a page of those who are deactivated."""
    return {"users": context.services.deletion.deactivated(request.part())}


@routes.post("/user/reactivate", schemas.Several)
def reactivate(context: Context, request: schemas.Several) -> dict[str, Any]:
    """Give ids back, with empty profiles; those that are not deactivated do not matter."""
    context.services.deletion.reactivate(request.user_ids)
    return {"operateId": _operate_id()}


#: A name for it that one SDK has, and no page.
activate = routes.post("/user/activate", schemas.Several)(reactivate)


@routes.post("/user/query", schemas.QueryUsers)
def query(context: Context, request: schemas.QueryUsers) -> dict[str, Any]:
    """Answer with a page of all users."""
    total, users = context.services.users.page(
        request.part(), UserFilter(), newest_first=request.order == "1"
    )
    rows = [
        {
            "userId": user.user_id,
            "userName": user.nickname,
            "userPortrait": user.face_url,
            "regTime": render.local_time(user.created_at / 1000),
        }
        for user in users
    ]
    return {"total": total, "users": rows}


@routes.post("/user/delusers", schemas.Several)
def delete_users(context: Context, request: schemas.Several) -> dict[str, Any]:
    """Delete users; nobody by that name is fine."""
    context.services.users.refuse_administrators(request.user_ids)
    context.services.deletion.delete(request.user_ids)
    return {}


@routes.post("/user/group/query", schemas.OneUser)
def query_groups(context: Context, request: schemas.OneUser) -> dict[str, Any]:
    """Answer that the user is in no group: Rollcall has none."""
    return {"groups": []}


def _operate_id() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
