"""v2's `/user` calls (open-im-server v2.3 internal/api/{user/user,manage/management_user}.go)."""

from __future__ import annotations

from ...errors import ArgumentMissing, UserNotFound
from ...formats.go_json import RawJson
from ...http.dialect import RequestContext, Routes
from ...http.error_rows import ErrorRow, ErrorTable, error_message
from ...http.responses import NO_DATA
from ...models import EVERYTHING, Page, UserChanges, UserFilter
from . import birth_date, render, schemas
from .errors import BirthStrInvalid, bind_failed, no_permission, token_refused
from .guard import MANAGER, OWNER, TOKEN, authorize_and_bind

routes = Routes("user", authorize_and_bind)

_Object = dict[str, object]


def empty_list(context: RequestContext, error: object) -> list[object]:
    """Return the `data` of a refused call that answers with a list."""
    return []


def _null(context: RequestContext, error: object) -> None:
    """Return the `data` of a refused call that answers with an object."""


def _empty_page(context: RequestContext, error: object) -> object:
    request = context.request
    assert isinstance(request, schemas.GetUsersReq)
    return render.user_list([], 0, request.page_number, request.show_number)


_NO_IDS = ErrorRow(ArgumentMissing, 200, 803, "args failed", data=empty_list)


@routes.post(
    "/user/get_users_info",
    schemas.GetUsersInfoReq,
    access=TOKEN,
    body_keys=("userIDList",),
    errors=ErrorTable(token_refused(200), _NO_IDS),
)
def get_users_info(context: RequestContext, request: schemas.GetUsersInfoReq) -> list[_Object]:
    """Answer with public profiles in the requested order; unknown ids are omitted."""
    if not request.user_id_list:
        raise ArgumentMissing("userIDList is empty", "userIDList")
    users = context.services.users.get_many(request.user_id_list, unknown=True)
    return list(map(render.public_user_info, users))


get_users_info_from_cache = routes.post(
    "/user/get_users_info_from_cache",
    schemas.GetUsersInfoReq,
    access=TOKEN,
    errors=ErrorTable(token_refused(400, has_operation_id=False), _NO_IDS),
)(get_users_info)


@routes.post(
    "/user/get_self_user_info",
    schemas.GetSelfUserInfoReq,
    access=OWNER,
    errors=ErrorTable(
        bind_failed(1001),
        token_refused(200, 1001),
        *no_permission(_null),
        ErrorRow(UserNotFound, 200, 802, "db failed", data=_null),
    ),
)
def get_self_user_info(context: RequestContext, request: schemas.GetSelfUserInfoReq) -> _Object:
    """Answer with a whole profile, to its owner or an administrator."""
    users = context.services.users
    return render.user_info(users.get(request.user_id), users.is_administrator(request.user_id))


@routes.post(
    "/user/update_user_info",
    schemas.UpdateSelfUserInfoReq,
    access=OWNER,
    errors=ErrorTable(ErrorRow(BirthStrInvalid, 200, 803, error_message)),
)
def update_user_info(context: RequestContext, request: schemas.UpdateSelfUserInfoReq) -> object:
    """Write the fields that are neither empty nor 0, so none can be cleared; ignore an unknown user."""
    context.services.users.update_profile(request.user_id, _changes(request), unknown=True)
    return NO_DATA


@routes.post(
    "/user/set_global_msg_recv_opt",
    schemas.SetGlobalRecvMessageOptReq,
    access=TOKEN,
    body_keys=("operationID",),
)
def set_global_msg_recv_opt(context: RequestContext, request: schemas.SetGlobalRecvMessageOptReq) -> object:
    """Write the caller's option for receiving messages."""
    changes = UserChanges(global_recv_msg_opt=request.global_recv_msg_opt)
    context.services.users.update_if_known(context.caller_id, changes)
    return NO_DATA


@routes.post(
    "/user/get_users_online_status",
    schemas.GetUsersOnlineStatusReq,
    access=TOKEN,
    body_keys=("userIDList",),
    errors=ErrorTable(token_refused(200)),
)
def get_users_online_status(context: RequestContext, request: schemas.GetUsersOnlineStatusReq) -> RawJson:
    """Answer with the status of each id in the requested order; unknown ids are offline."""
    user_ids = request.user_id_list or ()
    return render.online_status(user_ids, context.services.presence.connections(user_ids))


@routes.post(
    "/user/get_all_users_uid",
    schemas.GetAllUsersUidReq,
    access=MANAGER,
    errors=ErrorTable(*no_permission(empty_list)),
)
def get_all_users_uid(context: RequestContext, request: schemas.GetAllUsersUidReq) -> RawJson:
    """Answer with all ids in the order of registration."""
    return RawJson(context.services.users.ids(EVERYTHING)[1])


@routes.post(
    "/user/account_check",
    schemas.AccountCheckReq,
    access=MANAGER,
    body_keys=("checkUserIDList",),
    errors=ErrorTable(*no_permission(empty_list)),
)
def account_check(context: RequestContext, request: schemas.AccountCheckReq) -> RawJson:
    """Answer which of the ids are registered, in the requested order."""
    user_ids = request.check_user_id_list or ()
    return render.account_check(user_ids, context.services.users.existing_ids(user_ids))


@routes.post(
    "/user/get_users",
    schemas.GetUsersReq,
    access=MANAGER,
    body_keys=("pageNumber", "showNumber"),
    errors=ErrorTable(*no_permission(_empty_page)),
)
def get_users(context: RequestContext, request: schemas.GetUsersReq) -> _Object:
    """Answer with a page of whole profiles."""
    users = context.services.users
    total, found = users.page(_page(request), _filter(request))
    is_blocked = context.services.blocks.is_blocked
    profiles = [
        render.cms_user(user, users.is_administrator(user.user_id), is_blocked(user.user_id))
        for user in found
    ]
    return render.user_list(profiles, total, request.page_number, request.show_number)


@routes.post(
    "/user/get_user_friend_from_cache",
    schemas.GetFriendIDListFromCacheReq,
    access=TOKEN,
    errors=ErrorTable(token_refused(500, has_operation_id=False)),
)
def get_user_friend_from_cache(
    context: RequestContext, request: schemas.GetFriendIDListFromCacheReq
) -> render.TopLevel:
    """Answer that the caller has no friends: Rollcall stores none."""
    return render.TopLevel(userIDList=None)


@routes.post(
    "/user/get_black_list_from_cache",
    schemas.GetBlackIDListFromCacheReq,
    access=TOKEN,
    errors=ErrorTable(token_refused(500)),
)
def get_black_list_from_cache(
    context: RequestContext, request: schemas.GetBlackIDListFromCacheReq
) -> render.TopLevel:
    """Answer that the caller's blacklist is empty: Rollcall stores none for OpenIM."""
    return render.TopLevel(userIDList=None)


def _changes(request: schemas.UpdateSelfUserInfoReq) -> UserChanges:
    return UserChanges(
        nickname=request.nickname or None,
        face_url=request.face_url or None,
        ex=request.ex or None,
        gender=request.gender or None,
        phone_number=request.phone_number or None,
        # A date may be the first day of 1970; a number of 0 means none.
        birth=birth_date.parse(request.birth_str) if request.birth_str else request.birth or None,
        email=request.email or None,
    )


def _page(request: schemas.GetUsersReq) -> Page:
    """Return the page; a negative size means no limit, a page below 1 the first, and an id has no pages."""
    if request.show_number < 0 or request.user_id:
        return EVERYTHING
    return Page(max(request.page_number - 1, 0) * request.show_number, request.show_number)


def _filter(request: schemas.GetUsersReq) -> UserFilter:
    if request.user_id:
        return UserFilter(user_ids=[request.user_id])
    if request.user_name:
        return UserFilter(nickname_part=request.user_name)
    return UserFilter(nickname_part=request.content, or_id=request.content)
