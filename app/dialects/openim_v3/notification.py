"""v3's calls about accounts that send notifications (internal/rpc/user/user.go, v3.6.0 and 3.8.3-patch).

Such an account is a user of the table like any other, told by its appMangerLevel.
"""

from __future__ import annotations

from app.dialects.openim_v3 import render
from app.dialects.openim_v3.context import Context
from app.dialects.openim_v3.errors import ARGS, NO_PERMISSION, ErrorRow
from app.dialects.openim_v3.generations import APP_ACCOUNT, CURRENT, LEGACY, in_both
from app.dialects.openim_v3.guard import ADMINISTRATOR
from app.dialects.openim_v3.schemas.notification import (
    AddNotificationAccountReq,
    SearchNotificationAccountReq,
    UpdateNotificationAccountInfoReq,
)
from app.dialects.openim_v3.schemas.rules import RequestPagination
from app.errors import ArgumentInvalid, NotAdministrator, UserExists, UserNotFound
from app.models import Page, User, UserChanges, UserFilter
from app.wire.dialect import Routes

routes = Routes("user")

_NO_ADMINISTRATOR = {
    NotAdministrator: ErrorRow(
        1002, NO_PERMISSION, lambda error: f"user {error.user_id} is not CheckIMAdmin userID"
    )
}
_USED = {UserExists: ErrorRow(1001, ARGS, lambda error: "userID is used")}
_UNKNOWN = {UserNotFound: ErrorRow(1001, ARGS)}


@routes.post(
    "/user/add_notification_account",
    AddNotificationAccountReq,
    access=in_both(ADMINISTRATOR),
    rows={LEGACY: {**_NO_ADMINISTRATOR, **_USED}, CURRENT: _USED},
)
def add_notification_account(context: Context, request: AddNotificationAccountReq) -> dict[str, object]:
    """Register an account, under an id of ten digits if none is given."""
    users = context.services.users
    user = User(
        request.user_id,
        nickname=request.nick_name,
        face_url=request.face_url,
        level=request.app_manger_level if context.generation.names_notification_level else APP_ACCOUNT,
    )
    if user.level < APP_ACCOUNT:
        raise ArgumentInvalid("app level not supported")
    if user.user_id:
        users.register([user])
    else:
        user = users.register_under_new_id(user)
    return render.notification_account(user, context.generation)


@routes.post(
    "/user/update_notification_account",
    UpdateNotificationAccountInfoReq,
    access=in_both(ADMINISTRATOR),
    rows={LEGACY: {**_NO_ADMINISTRATOR, **_UNKNOWN}, CURRENT: _UNKNOWN},
)
def update_notification_account(context: Context, request: UpdateNotificationAccountInfoReq) -> object:
    """Write the name and face of an account, whatever its level, unless they are empty."""
    changes = UserChanges(nickname=request.nick_name or None, face_url=request.face_url or None)
    context.services.users.update(request.user_id, changes)
    return render.NO_DATA


@routes.post(
    "/user/search_notification_account",
    SearchNotificationAccountReq,
    access=in_both(ADMINISTRATOR),
    rows={LEGACY: _NO_ADMINISTRATOR},
)
def search_notification_account(context: Context, request: SearchNotificationAccountReq) -> dict[str, object]:
    """Answer with the account of an id, else with those of a nickname; without a keyword, with level 3's."""
    page = (request.pagination or RequestPagination()).page()
    total, users = _found(context, page, request.keyword)
    accounts = [render.notification_account(user, context.generation) for user in users]
    return {"total": total, "notificationAccounts": render.or_null(accounts)}


def _found(context: Context, page: Page, keyword: str) -> tuple[int, list[User]]:
    users, admins = context.services.users, context.services.settings.admins
    if not keyword:
        return users.page(page, UserFilter(levels=(APP_ACCOUNT, APP_ACCOUNT), without=admins))
    which = UserFilter(levels=context.generation.notification_levels, without=admins)
    total, found = users.page(page, which._replace(user_ids=[keyword]))
    return (total, found) if total else users.page(page, which._replace(nickname=keyword))
