"""v3's calls about users' profiles (open-im-server internal/rpc/user/user.go, v3.4.0 and 3.8.3-patch)."""

from __future__ import annotations

from ...errors import ArgumentInvalid, ArgumentMissing, ArgumentRepeated
from ...formats.go_json import RawJson
from ...http.dialect import Routes
from ...http.error_rows import ErrorTable
from ...http.responses import NO_DATA
from ...models import EVERYTHING, User, UserChanges, UserFilter
from ..openim.schemas import UserInfo
from . import render
from .context import Context
from .errors import UNKNOWN_TO_MONGO, user_not_found
from .guard import ADMINISTRATOR, OWNER, SECRET, TOKEN, authorize_and_bind, by_generation
from .schemas import user as schemas
from .schemas.rules import RequestPagination, repeats

routes = Routes("user", authorize_and_bind)

_UNKNOWN = user_not_found("userID not found")


@routes.post(
    "/user/user_register",
    schemas.UserRegisterReq,
    access=by_generation(legacy=SECRET, current=ADMINISTRATOR),
)
def user_register(context: Context, request: schemas.UserRegisterReq) -> object:
    """Register all of the users or none; the server sets `createTime`."""
    users = [_user(info) for info in request.users or ()]
    if repeats([user.user_id for user in users]):
        raise ArgumentRepeated("userID repeated")
    for user in users:
        if not user.user_id:
            raise ArgumentMissing("userID is empty", "userID")
        # Upstream joins its Redis keys with colons.
        if ":" in user.user_id:
            raise ArgumentInvalid("userID contains ':' is invalid userID", "userID")
    context.services.users.register(users)
    return NO_DATA


@routes.post(
    "/user/update_user_info",
    schemas.UpdateUserInfoReq,
    access=OWNER,
    body_keys=("userInfo",),
    errors=ErrorTable(_UNKNOWN, UNKNOWN_TO_MONGO),
)
def update_user_info(context: Context, request: schemas.UpdateUserInfoReq) -> object:
    """Write the fields that are neither empty nor 0, so none can be cleared."""
    info = request.user_info or UserInfo()
    changes = UserChanges(
        nickname=info.nickname or None,
        face_url=info.face_url or None,
        ex=info.ex or None,
        global_recv_msg_opt=info.global_recv_msg_opt or None,
    )
    context.services.users.update_profile(request.owner_id, changes)
    return NO_DATA


@routes.post(
    "/user/update_user_info_ex",
    schemas.UpdateUserInfoExReq,
    access=OWNER,
    errors=ErrorTable(_UNKNOWN, UNKNOWN_TO_MONGO),
)
def update_user_info_ex(context: Context, request: schemas.UpdateUserInfoExReq) -> object:
    """Write the given fields, even empty ones."""
    info = request.user_info or schemas.UserInfoWithEx()
    changes = UserChanges(info.nickname, info.face_url, info.ex, info.global_recv_msg_opt)
    context.services.users.update_profile(request.owner_id, changes, exact=True)
    return NO_DATA


@routes.post(
    "/user/set_global_msg_recv_opt",
    schemas.SetGlobalRecvMessageOptReq,
    access=TOKEN,
    body_keys=("userID",),
    errors=ErrorTable(_UNKNOWN),
)
def set_global_msg_recv_opt(context: Context, request: schemas.SetGlobalRecvMessageOptReq) -> object:
    """Write a user's option for receiving messages; as in upstream, any caller may do so for any user."""
    changes = UserChanges(global_recv_msg_opt=request.global_recv_msg_opt)
    context.services.users.update(request.user_id, changes)
    return NO_DATA


@routes.post(
    "/user/get_users_info",
    schemas.GetDesignateUsersReq,
    access=TOKEN,
    body_keys=("userIDs",),
    errors=ErrorTable(_UNKNOWN),
)
def get_users_info(context: Context, request: schemas.GetDesignateUsersReq) -> dict[str, object]:
    """Answer with profiles in the requested order; an unknown id is an error in 3.4 and omitted in 3.8."""
    skips_unknown = context.generation.skips_unknown
    user_ids = request.user_ids or ()
    users = context.services.users.get_many(
        dict.fromkeys(user_ids) if skips_unknown else user_ids, unknown=skips_unknown
    )
    return {"usersInfo": render.or_null(_info(context, user) for user in users)}


@routes.post("/user/get_all_users_uid", schemas.GetAllUserIDReq, access=TOKEN, body_keys=("pagination",))
def get_all_users_uid(context: Context, request: schemas.GetAllUserIDReq) -> RawJson:
    """Answer with a page of all ids, including administrators and notification accounts."""
    pagination = request.pagination or RequestPagination()
    is_page = pagination.show_number > 0 or not context.generation.lists_all_ids
    total, user_ids = context.services.users.ids(pagination.page() if is_page else EVERYTHING)
    return render.user_ids(total, user_ids)


@routes.post(
    "/user/get_users", schemas.GetPaginationUsersReq, access=TOKEN, body_keys=("pagination", "nickName")
)
def get_users(context: Context, request: schemas.GetPaginationUsersReq) -> dict[str, object]:
    """Answer with a page of the users whose id or nickname contains a text, or of all."""
    pagination = request.pagination or RequestPagination()
    services, levels = context.services, context.generation.listed_levels
    which = UserFilter(
        levels=levels,
        without=services.settings.admins if levels else (),
        id_part=request.user_id,
        nickname_part=request.nick_name,
    )
    total, users = services.users.page(pagination.page(), which)
    return {"total": total, "users": render.or_null(_info(context, user) for user in users)}


@routes.post(
    "/user/account_check",
    schemas.AccountCheckReq,
    access=ADMINISTRATOR,
    body_keys=("checkUserIDs",),
)
def account_check(context: Context, request: schemas.AccountCheckReq) -> RawJson:
    """Answer which of the ids are registered, in the requested order."""
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
