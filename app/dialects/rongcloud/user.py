"""RongCloud's calls about users, tokens and presence (docs.rongcloud.cn, platform-chat-api/user)."""

from __future__ import annotations

import secrets
from typing import Any

from app.dialects.rongcloud import render, schemas
from app.dialects.rongcloud.call import Call
from app.dialects.rongcloud.errors import DOCUMENTED
from app.dialects.rongcloud.routes import RongCloudRoutes
from app.models import User, UserChanges, UserFilter
from app.setting_kinds import PROFILES

routes = RongCloudRoutes()

#: Letters and digits of an operateId, four groups of four.
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@routes.post("/user/getToken", schemas.GetToken, rows={PROFILES[0]: DOCUMENTED})
def get_token(call: Call, request: schemas.GetToken) -> dict[str, Any]:
    """Register the user if need be, write name and portrait, answer with a token.

    A `live` app issues another token at every call. A `documented` one refuses a user who holds a valid
    token of this app: an id registers once.
    """
    services = call.services
    user = User(request.user_id, nickname=request.name, face_url=request.portrait_uri)
    token = services.enrolment.admit(
        user,
        services.codecs.order_opaque(call.app.key, request.user_id),
        once=call.app.is_documented,
        new_id_flaw=schemas.new_id_flaw(request.user_id),
        most=services.settings.rongcloud_most_users,
    )
    return render.get_token(token.user_id, services.codecs.spell(token))


@routes.post("/user/refresh", schemas.Refresh)
def refresh(call: Call, request: schemas.Refresh) -> dict[str, Any]:
    """Write name and portrait where they are given; a user who is not there is fine."""
    changes = UserChanges(nickname=request.name or None, face_url=request.portrait_uri or None)
    call.services.users.update_profile(request.user_id, changes, unknown=True)
    return {}


@routes.post("/user/info", schemas.OneUser)
def info(call: Call, request: schemas.OneUser) -> dict[str, Any]:
    """Answer with name, portrait and the time of registration; all empty of a user who is not there."""
    for user in call.services.users.listed([request.user_id], unknown=True):
        return {
            "userName": user.nickname,
            "userPortrait": user.face_url,
            "createTime": render.local_time(user.created_at / 1000),
        }
    return {"userName": "", "userPortrait": "", "createTime": ""}


@routes.post("/user/checkOnline", schemas.OneUser)
def check_online(call: Call, request: schemas.OneUser) -> dict[str, Any]:
    """Answer whether somebody is online anywhere: "1" or "0", in quotes."""
    (connections,) = call.services.presence.connections([request.user_id])
    return {"status": "1" if connections else "0"}


@routes.post("/user/token/expire", schemas.TokenExpire)
def expire(call: Call, request: schemas.TokenExpire) -> dict[str, Any]:
    """Cancel the tokens of users, of every dialect, that are issued before a time."""
    if request.time > call.services.clock.now() * 1000:
        # They could not get any that is valid until then.
        call.services.users.refuse_administrators(request.user_ids)
    call.services.tokens.expire(request.user_ids, request.time)
    return {}


@routes.post("/user/block", schemas.Block)
def block(call: Call, request: schemas.Block) -> dict[str, Any]:
    """Block users for some minutes from now, whatever was before; nobody by that name is fine."""
    call.services.blocks.block(request.user_ids, request.minute * 60)
    return {}


@routes.post("/user/unblock", schemas.Unblock)
def unblock(call: Call, request: schemas.Unblock) -> dict[str, Any]:
    """Lift the blocks of users."""
    call.services.blocks.unblock(request.user_ids)
    return {}


@routes.post("/user/block/query", schemas.BlockQuery)
def query_block(call: Call, request: schemas.BlockQuery) -> dict[str, Any]:
    """Answer who is blocked until when, the last to end first."""
    start, size = request.part()
    return {
        "users": [
            {"userId": user_id, "blockEndTime": render.local_time(until)}
            for user_id, until in call.services.blocks.listed()[start : start + size]
        ]
    }


@routes.post("/user/deactivate", schemas.Several)
def deactivate(call: Call, request: schemas.Several) -> dict[str, Any]:
    """Delete users and keep their ids from being registered again; nobody by that name is fine."""
    call.services.users.refuse_administrators(request.user_ids)
    call.services.removal.deactivate(request.user_ids)
    return {"operateId": _operate_id()}


@routes.post("/user/deactivate/query", schemas.QueryDeactivated)
def query_deactivated(call: Call, request: schemas.QueryDeactivated) -> dict[str, Any]:
    """Answer with a page of those who are deactivated."""
    return {"users": call.services.removal.deactivated(request.part())}


@routes.post("/user/reactivate", schemas.Several)
def reactivate(call: Call, request: schemas.Several) -> dict[str, Any]:
    """Give ids back, with empty profiles; those that are not deactivated do not matter."""
    call.services.removal.reactivate(request.user_ids)
    return {"operateId": _operate_id()}


#: A name for it that one SDK has, and no page.
activate = routes.post("/user/activate", schemas.Several)(reactivate)


@routes.post("/user/query", schemas.QueryUsers)
def query(call: Call, request: schemas.QueryUsers) -> dict[str, Any]:
    """Answer with a page of all users."""
    total, users = call.services.users.page(request.part(), UserFilter(), newest_first=request.order == "1")
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
def delete_users(call: Call, request: schemas.Several) -> dict[str, Any]:
    """Delete users; nobody by that name is fine."""
    call.services.users.refuse_administrators(request.user_ids)
    call.services.removal.delete(request.user_ids)
    return {}


@routes.post("/user/group/query", schemas.OneUser)
def query_groups(call: Call, request: schemas.OneUser) -> dict[str, Any]:
    """Answer that the user is in no group: Rollcall has none."""
    return {"groups": []}


def _operate_id() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
