"""v3's `/user` calls (open-im-server internal/rpc/user/user.go, v3.4.0 and branch 3.8.3-patch)."""

from __future__ import annotations

from app.dialects.openim_v3 import render
from app.dialects.openim_v3.call import Call
from app.dialects.openim_v3.generations import CURRENT, LEGACY
from app.dialects.openim_v3.guard import ADMINISTRATOR, SECRET, in_both
from app.dialects.openim_v3.schemas import AccountCheckReq, UserInfo, UserRegisterReq, repeats
from app.errors import ArgumentInvalid, ArgumentRepeated
from app.models import User
from app.wire.dialect import Routes

routes = Routes("user")


@routes.post("/user/user_register", UserRegisterReq, access={LEGACY: SECRET, CURRENT: ADMINISTRATOR})
def user_register(call: Call, request: UserRegisterReq) -> object:
    """Register all of the users or none; `createTime` is the server's."""
    users = [_user(info) for info in request.users or ()]
    if repeats([user.user_id for user in users]):
        raise ArgumentRepeated("userID repeated")
    # Upstream's keys in Redis are joined with colons.
    if any(":" in user.user_id for user in users):
        raise ArgumentInvalid("userID contains ':' is invalid userID")
    call.services.users.register(users)
    return render.NOTHING


@routes.post("/user/account_check", AccountCheckReq, access=in_both(ADMINISTRATOR), marks=("checkUserIDs",))
def account_check(call: Call, request: AccountCheckReq) -> dict[str, object]:
    """Tell an administrator which of the ids are registered."""
    user_ids = request.check_user_ids or ()
    return render.account_check(user_ids, call.services.users.known(user_ids), call.generation)


def _user(info: UserInfo) -> User:
    return User(
        user_id=info.user_id,
        nickname=info.nickname,
        face_url=info.face_url,
        ex=info.ex,
        level=info.app_manger_level,
        global_recv_msg_opt=info.global_recv_msg_opt,
    )
