"""v3's `/auth` calls (open-im-server internal/rpc/auth/auth.go, v3.4.0 and branch 3.8.3-patch)."""

from __future__ import annotations

from app.dialects.openim_v3 import render
from app.dialects.openim_v3.call import Call
from app.dialects.openim_v3.errors import NOT_FOUND, TABLE, Row
from app.dialects.openim_v3.generations import APP_ACCOUNT, in_both
from app.dialects.openim_v3.guard import ADMINISTRATOR, OPEN, SECRET
from app.dialects.openim_v3.schemas.auth import (
    ForceLogoutReq,
    GetAdminTokenReq,
    GetUserTokenReq,
    ParseTokenReq,
    UserTokenReq,
)
from app.errors import (
    ArgumentInvalid,
    NotPermitted,
    TokenExpired,
    TokenMalformed,
    TokenNotYetValid,
    UserNotFound,
)
from app.models import Platform
from app.wire.dialect import Routes

routes = Routes("auth")


@routes.post("/auth/user_token", UserTokenReq, access=in_both(SECRET), marks=("platformID",))
def user_token(call: Call, request: UserTokenReq) -> dict[str, object]:
    """Answer with a token of any user, administrators too: the secret is all-powerful."""
    kicks = call.generation.kicks and not call.services.users.is_administrator(request.user_id)
    return _granted(call, request.user_id, request.platform_id, kicks)


@routes.post(
    "/auth/get_admin_token",
    GetAdminTokenReq,
    access=in_both(SECRET),
    rows=in_both({UserNotFound: Row(1004, NOT_FOUND, lambda error: "user not found")}),
)
def get_admin_token(call: Call, request: GetAdminTokenReq) -> dict[str, object]:
    """Answer with an administrator's token; one login never cancels another's."""
    admins = call.services.settings.openim_v3_admins
    if request.user_id not in admins:
        raise ArgumentInvalid(f"userID is error., userID={request.user_id}, adminUserID=[{' '.join(admins)}]")
    return _granted(call, request.user_id, Platform.ADMIN, kicks=False)


@routes.post("/auth/get_user_token", GetUserTokenReq, access=in_both(ADMINISTRATOR))
def get_user_token(call: Call, request: GetUserTokenReq) -> dict[str, object]:
    """Answer an administrator with a user's token; any platform id will do, but an administrator's own."""
    generation = call.generation
    if generation.refuses_special_accounts and request.platform_id == Platform.ADMIN:
        raise NotPermitted("platformID invalid. platformID must not be adminPlatformID")
    if call.services.users.is_administrator(request.user_id):
        raise NotPermitted("don't get Admin token")
    user = call.services.users.get(request.user_id)
    if generation.refuses_special_accounts and user.level >= APP_ACCOUNT:
        raise ArgumentInvalid("app account can`t get token")
    return _granted(call, request.user_id, request.platform_id, generation.kicks)


@routes.post(
    "/auth/parse_token",
    ParseTokenReq,
    access=in_both(OPEN),
    marks=("token",),
    # What is wrong with a token is told exactly here in every version.
    rows=in_both({kind: TABLE[kind] for kind in (TokenExpired, TokenMalformed, TokenNotYetValid)}),
)
def parse_token(call: Call, request: ParseTokenReq) -> dict[str, object]:
    """Answer whoever shows a token what it says; that neither uses it up nor changes it."""
    services = call.services
    return render.parsed_token(services.tokens.verify(services.codecs.read(request.token)), call.generation)


@routes.post(
    "/auth/force_logout", ForceLogoutReq, access=in_both(ADMINISTRATOR), marks=("platformID", "userID")
)
def force_logout(call: Call, request: ForceLogoutReq) -> object:
    """Cancel a user's tokens on one platform and take the user offline there; nobody and nothing is fine."""
    call.services.tokens.cancel(request.user_id, request.platform_id)
    return render.NOTHING


def _granted(call: Call, user_id: str, platform_id: int, kicks: bool) -> dict[str, object]:
    services = call.services
    order = services.codecs.order(call.generation.style, user_id, platform_id)
    token = services.tokens.grant(order, kicks=kicks)
    return render.token(services.codecs.spell(token), order.style.lifetime)
