"""v2's `/user` calls (open-im-server v2.3 internal/api/{user/user,manage/management_user}.go)."""

from __future__ import annotations

from app.dialects.openim_v2 import birth_date, render
from app.dialects.openim_v2.context import Context
from app.dialects.openim_v2.errors import (
    BirthStrUnreadable,
    ErrorRow,
    bind_failed,
    error_message,
    no_permission,
    nothing,
    token_refused,
    token_refused_without_operation_id,
)
from app.dialects.openim_v2.guard import by_manager, by_owner, by_token, caller
from app.dialects.openim_v2.schemas import (
    AccountCheckReq,
    GetAllUsersUidReq,
    GetBlackIDListFromCacheReq,
    GetFriendIDListFromCacheReq,
    GetSelfUserInfoReq,
    GetUsersInfoReq,
    GetUsersOnlineStatusReq,
    GetUsersReq,
    SetGlobalRecvMessageOptReq,
    UpdateSelfUserInfoReq,
)
from app.errors import ArgumentMissing, UserNotFound
from app.models import EVERYTHING, Page, UserChanges, UserFilter
from app.wire.dialect import Routes
from app.wire.go_json import RawJson

routes = Routes("user")

_Row = dict[str, object]


def _empty(context: Context, error: object) -> list[object]:
    return []


_NOBODY_ASKED = {ArgumentMissing: ErrorRow(200, 803, lambda context, error: "args failed", _empty)}


@routes.post(
    "/user/get_users_info",
    GetUsersInfoReq,
    access=by_token,
    body_keys=("userIDList",),
    rows={**token_refused(200), **_NOBODY_ASKED},
)
def get_users_info(context: Context, request: GetUsersInfoReq) -> list[_Row]:
    """Answer with what anybody may know of users, in the order asked; an id that nobody has is left out."""
    if not request.user_id_list:
        raise ArgumentMissing("userIDList is empty", "userIDList")
    return list(
        map(render.public_user_info, context.services.users.get_many(request.user_id_list, unknown=True))
    )


get_users_info_from_cache = routes.post(
    "/user/get_users_info_from_cache",
    GetUsersInfoReq,
    access=by_token,
    rows={**token_refused_without_operation_id(400), **_NOBODY_ASKED},
)(get_users_info)


@routes.post(
    "/user/get_self_user_info",
    GetSelfUserInfoReq,
    access=by_owner,
    rows={
        **bind_failed(1001),
        **token_refused(200, 1001),
        **no_permission(nothing),
        UserNotFound: ErrorRow(200, 802, lambda context, error: "db failed", nothing),
    },
)
def get_self_user_info(context: Context, request: GetSelfUserInfoReq) -> _Row:
    """Answer with a whole profile, to its owner or an administrator."""
    users = context.services.users
    return render.user_info(users.get(request.user_id), users.is_administrator(request.user_id))


@routes.post(
    "/user/update_user_info",
    UpdateSelfUserInfoReq,
    access=by_owner,
    rows={BirthStrUnreadable: ErrorRow(200, 803, error_message)},
)
def update_user_info(context: Context, request: UpdateSelfUserInfoReq) -> object:
    """Write what is neither empty nor 0; so nothing can be emptied. A user who is not there is fine."""
    context.services.users.update_profile(request.user_id, _changes(request), unknown=True)
    return render.NO_DATA


@routes.post(
    "/user/set_global_msg_recv_opt", SetGlobalRecvMessageOptReq, access=by_token, body_keys=("operationID",)
)
def set_global_msg_recv_opt(context: Context, request: SetGlobalRecvMessageOptReq) -> object:
    """Write how the caller wants to receive messages."""
    changes = UserChanges(global_recv_msg_opt=request.global_recv_msg_opt)
    context.services.users.update_if_known(caller(context), changes)
    return render.NO_DATA


@routes.post(
    "/user/get_users_online_status",
    GetUsersOnlineStatusReq,
    access=by_token,
    body_keys=("userIDList",),
    rows=token_refused(200),
)
def get_users_online_status(context: Context, request: GetUsersOnlineStatusReq) -> RawJson:
    """Answer with the status of each id in the order asked; an id that nobody has is offline."""
    user_ids = request.user_id_list or ()
    return render.online_status(user_ids, context.services.presence.connections(user_ids))


@routes.post("/user/get_all_users_uid", GetAllUsersUidReq, access=by_manager, rows=no_permission(_empty))
def get_all_users_uid(context: Context, request: GetAllUsersUidReq) -> list[str]:
    """Answer an administrator with the ids of everybody, in the order of registration."""
    return context.services.users.ids(EVERYTHING)[1]


@routes.post(
    "/user/account_check",
    AccountCheckReq,
    access=by_manager,
    body_keys=("checkUserIDList",),
    rows=no_permission(_empty),
)
def account_check(context: Context, request: AccountCheckReq) -> RawJson:
    """Tell an administrator which of the ids are registered, in the order asked."""
    user_ids = request.check_user_id_list or ()
    return render.account_check(user_ids, context.services.users.existing_ids(user_ids))


@routes.post(
    "/user/get_users",
    GetUsersReq,
    access=by_manager,
    body_keys=("pageNumber", "showNumber"),
    rows=no_permission(
        lambda context, error: render.user_list(
            [], 0, context.request.page_number, context.request.show_number
        )
    ),
)
def get_users(context: Context, request: GetUsersReq) -> _Row:
    """Answer an administrator with a page of whole profiles."""
    users = context.services.users
    total, found = users.page(_page(request), _filter(request))
    is_blocked = context.services.blocks.is_blocked
    rows = [
        render.cms_user(user, users.is_administrator(user.user_id), is_blocked(user.user_id))
        for user in found
    ]
    return render.user_list(rows, total, request.page_number, request.show_number)


@routes.post(
    "/user/get_user_friend_from_cache",
    GetFriendIDListFromCacheReq,
    access=by_token,
    rows=token_refused_without_operation_id(500),
)
def get_user_friend_from_cache(context: Context, request: GetFriendIDListFromCacheReq) -> render.TopLevel:
    """Answer that the caller has no friends: Rollcall keeps none."""
    return render.TopLevel(userIDList=None)


@routes.post(
    "/user/get_black_list_from_cache",
    GetBlackIDListFromCacheReq,
    access=by_token,
    rows=token_refused(500),
)
def get_black_list_from_cache(context: Context, request: GetBlackIDListFromCacheReq) -> render.TopLevel:
    """Answer that the caller blocks nobody: Rollcall keeps no such list for users."""
    return render.TopLevel(userIDList=None)


def _changes(request: UpdateSelfUserInfoReq) -> UserChanges:
    return UserChanges(
        nickname=request.nickname or None,
        face_url=request.face_url or None,
        ex=request.ex or None,
        gender=request.gender or None,
        phone_number=request.phone_number or None,
        # A date may well be 1970's first day; a number of 0 is none.
        birth=birth_date.seconds(request.birth_str) if request.birth_str else request.birth or None,
        email=request.email or None,
    )


def _page(request: GetUsersReq) -> Page:
    """Return what is asked for; a size below 0 is no limit, and a page below 1 the first."""
    if request.show_number < 0:
        return EVERYTHING
    return Page(max(request.page_number - 1, 0) * request.show_number, request.show_number)


def _filter(request: GetUsersReq) -> UserFilter:
    if request.user_id:
        return UserFilter(user_ids=[request.user_id])
    if request.user_name:
        return UserFilter(nickname_part=request.user_name)
    return UserFilter(nickname_part=request.content, or_id=request.content)
