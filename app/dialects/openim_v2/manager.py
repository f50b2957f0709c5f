"""v2's `/manager` calls: older names, and delete_user, which newer releases lack.

Source: open-im-server v2.1.0 and v2.2.0 internal/api/manage/management_user.go.
"""

from __future__ import annotations

from app.dialects.openim_v2 import render, user
from app.dialects.openim_v2.call import Call
from app.dialects.openim_v2.errors import Row, SomeNotDeleted, no_permission, token_refused
from app.dialects.openim_v2.guard import by_manager, by_token, is_manager
from app.dialects.openim_v2.schemas import (
    AccountCheckReq,
    DeleteUsersReq,
    GetAllUsersUidReq,
    GetUsersOnlineStatusReq,
)
from app.wire.dialect import Routes
from app.wire.go_json import Written

routes = Routes("manager")


@routes.post(
    "/manager/delete_user",
    DeleteUsersReq,
    access=by_manager,
    rows={
        **token_refused(500),
        **no_permission(lambda call, error: call.request.delete_user_id_list),
        SomeNotDeleted: Row(
            200,
            201,
            lambda call, error: "some uid deleted failed",
            lambda call, error: error.user_ids,
        ),
    },
)
def delete_user(call: Call, request: DeleteUsersReq) -> list[str]:
    """Delete users, with their tokens and their presence; those who are nobody are named."""
    left = call.services.removal.delete(request.delete_user_id_list or ())
    if left:
        raise SomeNotDeleted(left)
    return left


get_all_users_uid = routes.post(
    "/manager/get_all_users_uid",
    GetAllUsersUidReq,
    access=by_manager,
    rows=no_permission(lambda call, error: []),
)(user.get_all_users_uid)

account_check = routes.post(
    "/manager/account_check",
    AccountCheckReq,
    access=by_manager,
    rows=no_permission(lambda call, error: []),
)(user.account_check)


@routes.post(
    "/manager/get_users_online_status",
    GetUsersOnlineStatusReq,
    access=by_token,
    rows=token_refused(500),
)
def get_users_online_status(call: Call, request: GetUsersOnlineStatusReq) -> Written:
    """Answer with the status of each id; to anybody but an administrator, that everybody is offline."""
    if is_manager(call):
        return user.get_users_online_status(call, request)
    user_ids = request.user_id_list or ()
    return render.online_status(user_ids, [()] * len(user_ids))
