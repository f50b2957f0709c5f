"""v3's calls about accounts that send notifications (internal/rpc/user/user.go, v3.6.0 and 3.8.3-patch).

Such an account is an ordinary user, distinguished by its appMangerLevel.
"""

from __future__ import annotations

from ...errors import ArgumentInvalid, NotAdministrator, UserExists, UserNotFound
from ...http.dialect import Routes
from ...http.error_rows import ErrorRow, ErrorTable
from ...http.responses import NO_DATA
from ...models import Page, User, UserChanges, UserFilter
from . import render
from .context import Context
from .errors import ARGS, NO_PERMISSION
from .generations import APP_ACCOUNT, LEGACY
from .guard import ADMINISTRATOR, authorize_and_bind
from .schemas import notification as schemas
from .schemas.rules import RequestPagination

routes = Routes("user", authorize_and_bind)

_NOT_ADMINISTRATOR = ErrorRow(
    NotAdministrator,
    200,
    1002,
    lambda context, error: f"user {error.user_id} is not CheckIMAdmin userID",
    NO_PERMISSION,
    variant=LEGACY,
)


@routes.post(
    "/user/add_notification_account",
    schemas.AddNotificationAccountReq,
    access=ADMINISTRATOR,
    errors=ErrorTable(_NOT_ADMINISTRATOR, ErrorRow(UserExists, 200, 1001, "userID is used", ARGS)),
)
def add_notification_account(
    context: Context, request: schemas.AddNotificationAccountReq
) -> dict[str, object]:
    """Register an account, with a generated id of ten digits if none is given."""
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
    schemas.UpdateNotificationAccountInfoReq,
    access=ADMINISTRATOR,
    errors=ErrorTable(_NOT_ADMINISTRATOR, ErrorRow(UserNotFound, 200, 1001, name=ARGS)),
)
def update_notification_account(
    context: Context, request: schemas.UpdateNotificationAccountInfoReq
) -> object:
    """Write the nickname and face of an account of any level, unless they are empty."""
    changes = UserChanges(nickname=request.nick_name or None, face_url=request.face_url or None)
    context.services.users.update(request.user_id, changes)
    return NO_DATA


@routes.post(
    "/user/search_notification_account",
    schemas.SearchNotificationAccountReq,
    access=ADMINISTRATOR,
    errors=ErrorTable(_NOT_ADMINISTRATOR),
)
def search_notification_account(
    context: Context, request: schemas.SearchNotificationAccountReq
) -> dict[str, object]:
    """Answer with the account with an id, else those with a nickname; without keyword, those of level 3."""
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
