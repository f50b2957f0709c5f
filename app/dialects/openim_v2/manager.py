"""v2's `/manager` calls: older names of `/user` calls, and delete_user, which newer releases lack.

Source: open-im-server v2.1.0 and v2.2.0 internal/api/manage/management_user.go.
"""

from __future__ import annotations

from ...formats.go_json import RawJson
from ...http.dialect import RequestContext, Routes
from ...http.error_rows import ErrorRow, ErrorTable
from . import render, schemas, user
from .errors import SomeNotDeleted, no_permission, token_refused
from .guard import MANAGER, TOKEN, authorize_and_bind

routes = Routes("manager", authorize_and_bind)


def _requested_ids(context: RequestContext, error: object) -> object:
    request = context.request
    return request.delete_user_id_list if isinstance(request, schemas.DeleteUsersReq) else None


@routes.post(
    "/manager/delete_user",
    schemas.DeleteUsersReq,
    access=MANAGER,
    errors=ErrorTable(
        token_refused(500),
        *no_permission(_requested_ids),
        ErrorRow(
            SomeNotDeleted,
            200,
            201,
            "some uid deleted failed",
            data=lambda context, error: error.user_ids,
        ),
    ),
)
def delete_user(context: RequestContext, request: schemas.DeleteUsersReq) -> list[str]:
    """Delete users with their tokens and presence; name those that are unknown or administrators."""
    failed = context.services.deletion.delete(request.delete_user_id_list or ())
    if failed:
        raise SomeNotDeleted(failed)
    return failed


get_all_users_uid = routes.post(
    "/manager/get_all_users_uid",
    schemas.GetAllUsersUidReq,
    access=MANAGER,
    errors=ErrorTable(*no_permission(user.empty_list)),
)(user.get_all_users_uid)

account_check = routes.post(
    "/manager/account_check",
    schemas.AccountCheckReq,
    access=MANAGER,
    errors=ErrorTable(*no_permission(user.empty_list)),
)(user.account_check)


@routes.post(
    "/manager/get_users_online_status",
    schemas.GetUsersOnlineStatusReq,
    access=TOKEN,
    errors=ErrorTable(token_refused(500)),
)
def get_users_online_status(context: RequestContext, request: schemas.GetUsersOnlineStatusReq) -> RawJson:
    """Answer with the status of each id; callers other than administrators see all users offline."""
    if context.is_administrator:
        return user.get_users_online_status(context, request)
    user_ids = request.user_id_list or ()
    return render.online_status(user_ids, [()] * len(user_ids))
