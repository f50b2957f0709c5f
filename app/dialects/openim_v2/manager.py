"""v2's `/manager` calls: older names, and delete_user, which newer releases lack.

Source: open-im-server v2.1.0 and v2.2.0 internal/api/manage/management_user.go.
"""

from __future__ import annotations

from app.dialects.openim_v2 import render, user
from app.dialects.openim_v2.context import Context
from app.dialects.openim_v2.errors import ErrorRow, SomeNotDeleted, no_permission, token_refused
from app.dialects.openim_v2.guard import by_manager, by_token, is_manager
from app.dialects.openim_v2.schemas import (
    AccountCheckReq,
    DeleteUsersReq,
    GetAllUsersUidReq,
    GetUsersOnlineStatusReq,
)
from app.wire.dialect import Routes
from app.wire.go_json import RawJson

routes = Routes("manager")


@routes.post(
    "/manager/delete_user",
    DeleteUsersReq,
    access=by_manager,
    rows={
        **token_refused(500),
        **no_permission(lambda context, error: context.request.delete_user_id_list),
        SomeNotDeleted: ErrorRow(
            200,
            201,
            lambda context, error: "some uid deleted failed",
            lambda context, error: error.user_ids,
        ),
    },
)
def delete_user(context: Context, request: DeleteUsersReq) -> list[str]:
    """Delete users, with their tokens and their presence; those who are nobody are named."""
    left = context.services.deletion.delete(request.delete_user_id_list or ())
    if left:
        raise SomeNotDeleted(left)
    return left


get_all_users_uid = routes.post(
    "/manager/get_all_users_uid",
    GetAllUsersUidReq,
    access=by_manager,
    rows=no_permission(lambda context, error: []),
)(user.get_all_users_uid)

account_check = routes.post(
    "/manager/account_check",
    AccountCheckReq,
    access=by_manager,
    rows=no_permission(lambda context, error: []),
)(user.account_check)


@routes.post(
    "/manager/get_users_online_status",
    GetUsersOnlineStatusReq,
    access=by_token,
    rows=token_refused(500),
)
def get_users_online_status(context: Context, request: GetUsersOnlineStatusReq) -> RawJson:
    """Answer with the status of each id; to anybody but an administrator, that everybody is offline."""
    if is_manager(context):
        return user.get_users_online_status(context, request)
    user_ids = request.user_id_list or ()
    return render.online_status(user_ids, [()] * len(user_ids))
