"""v3's calls about users' profiles (open-im-server internal/rpc/user/user.go, v3.4.0 and 3.8.3-patch)."""

from __future__ import annotations

from app.dialects.openim_v3 import render
from app.dialects.openim_v3.context import Context
from app.dialects.openim_v3.errors import NOT_FOUND, ErrorRow
from app.dialects.openim_v3.generations import CURRENT, LEGACY, in_both
from app.dialects.openim_v3.guard import ADMINISTRATOR, OWNER, SECRET, TOKEN
from app.dialects.openim_v3.schemas.rules import RequestPagination, repeats
from app.dialects.openim_v3.schemas.user import (
    AccountCheckReq,
    GetAllUserIDReq,
    GetDesignateUsersReq,
    GetPaginationUsersReq,
    SetGlobalRecvMessageOptReq,
    UpdateUserInfoExReq,
    UpdateUserInfoReq,
    UserInfo,
    UserInfoWithEx,
    UserRegisterReq,
)
from app.errors import ArgumentInvalid, ArgumentMissing, ArgumentRepeated, UserNotFound
from app.models import User, UserChanges, UserFilter
from app.wire.dialect import Routes
from app.wire.go_json import RawJson

routes = Routes("user")

_UNKNOWN = {UserNotFound: ErrorRow(1004, NOT_FOUND, lambda error: "userID not found")}
# What 3.8 says of a profile that it goes to MongoDB for.
_UNKNOWN_TO_MONGO = {
    UserNotFound: ErrorRow(1004, NOT_FOUND, lambda error: "mongo: no documents in result mongo find one")
}


@routes.post("/user/user_register", UserRegisterReq, access={LEGACY: SECRET, CURRENT: ADMINISTRATOR})
def user_register(context: Context, request: UserRegisterReq) -> object:
    """Register all of the users or none; `createTime` is the server's."""
    users = [_user(info) for info in request.users or ()]
    if repeats([user.user_id for user in users]):
        raise ArgumentRepeated("userID repeated")
    for user in users:
        if not user.user_id:
            raise ArgumentMissing("userID is empty", "userID")
        # Upstream's keys in Redis are joined with colons.
        if ":" in user.user_id:
            raise ArgumentInvalid("userID contains ':' is invalid userID", "userID")
    context.services.users.register(users)
    return render.NO_DATA


@routes.post(
    "/user/update_user_info",
    UpdateUserInfoReq,
    access=in_both(OWNER),
    body_keys=("userInfo",),
    rows={LEGACY: _UNKNOWN, CURRENT: _UNKNOWN_TO_MONGO},
)
def update_user_info(context: Context, request: UpdateUserInfoReq) -> object:
    """Write what is neither empty nor 0 in the profile; so nothing can be emptied here."""
    info = request.user_info or UserInfo()
    changes = UserChanges(
        nickname=info.nickname or None,
        face_url=info.face_url or None,
        ex=info.ex or None,
        global_recv_msg_opt=info.global_recv_msg_opt or None,
    )
    context.services.users.update_profile(request.owner_id, changes)
    return render.NO_DATA


@routes.post(
    "/user/update_user_info_ex",
    UpdateUserInfoExReq,
    access=in_both(OWNER),
    rows={LEGACY: _UNKNOWN, CURRENT: _UNKNOWN_TO_MONGO},
)
def update_user_info_ex(context: Context, request: UpdateUserInfoExReq) -> object:
    """Write what is given in the profile, empty or not."""
    info = request.user_info or UserInfoWithEx()
    changes = UserChanges(info.nickname, info.face_url, info.ex, info.global_recv_msg_opt)
    context.services.users.update_profile(request.owner_id, changes, exact=True)
    return render.NO_DATA


@routes.post(
    "/user/set_global_msg_recv_opt",
    SetGlobalRecvMessageOptReq,
    access=in_both(TOKEN),
    body_keys=("userID",),
    rows=in_both(_UNKNOWN),
)
def set_global_msg_recv_opt(context: Context, request: SetGlobalRecvMessageOptReq) -> object:
    """Write how a user wants to receive messages; upstream lets anybody do that for anybody."""
    changes = UserChanges(global_recv_msg_opt=request.global_recv_msg_opt)
    context.services.users.update(request.user_id, changes)
    return render.NO_DATA


@routes.post(
    "/user/get_users_info",
    GetDesignateUsersReq,
    access=in_both(TOKEN),
    body_keys=("userIDs",),
    rows=in_both(_UNKNOWN),
)
def get_users_info(context: Context, request: GetDesignateUsersReq) -> dict[str, object]:
    """Answer with profiles in the order asked; somebody unknown is an error in 3.4 and left out in 3.8."""
    takes_unknown = context.generation.takes_unknown
    user_ids = request.user_ids or ()
    users = context.services.users.get_many(
        dict.fromkeys(user_ids) if takes_unknown else user_ids, unknown=takes_unknown
    )
    return {"usersInfo": render.or_null(_info(context, user) for user in users)}


@routes.post("/user/get_all_users_uid", GetAllUserIDReq, access=in_both(TOKEN), body_keys=("pagination",))
def get_all_users_uid(context: Context, request: GetAllUserIDReq) -> dict[str, object]:
    """Answer with a page of the ids of everybody, administrators and notification accounts too."""
    pagination = request.pagination or RequestPagination()
    total, user_ids = context.services.users.ids(pagination.page())
    return {"total": total, "userIDs": render.or_null(user_ids)}


@routes.post(
    "/user/get_users", GetPaginationUsersReq, access=in_both(TOKEN), body_keys=("pagination", "nickName")
)
def get_users(context: Context, request: GetPaginationUsersReq) -> dict[str, object]:
    """Answer with a page of the users in whose id or nickname a regular expression is found, or of all."""
    pagination = request.pagination or RequestPagination()
    services, levels = context.services, context.generation.listed_levels
    which = UserFilter(levels=levels, without=services.settings.admins if levels else ())
    total, users = services.users.search(pagination.page(), which, request.user_id, request.nick_name)
    return {"total": total, "users": render.or_null(_info(context, user) for user in users)}


@routes.post(
    "/user/account_check", AccountCheckReq, access=in_both(ADMINISTRATOR), body_keys=("checkUserIDs",)
)
def account_check(context: Context, request: AccountCheckReq) -> RawJson:
    """Tell an administrator which of the ids are registered."""
    user_ids = request.check_user_ids or ()
    return render.account_check(user_ids, context.services.users.existing_ids(user_ids), context.generation)


def _user(info: UserInfo) -> User:
    return User(
        user_id=info.user_id,
        nickname=info.nickname,
        face_url=info.face_url,
        ex=info.ex,
        level=info.app_manger_level,
        global_recv_msg_opt=info.global_recv_msg_opt,
    )


def _info(context: Context, user: User) -> dict[str, object]:
    return render.user_info(user, context.generation, context.services.users.is_administrator(user.user_id))
