"""v3's `/auth` calls (open-im-server internal/rpc/auth/auth.go, v3.4.0 and branch 3.8.3-patch)."""

from __future__ import annotations

from app.dialects.openim_v3 import render
from app.dialects.openim_v3.context import Context
from app.dialects.openim_v3.errors import NOT_FOUND, TABLE, ErrorRow
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


@routes.post("/auth/user_token", UserTokenReq, access=in_both(SECRET), body_keys=("platformID",))
def user_token(context: Context, request: UserTokenReq) -> dict[str, object]:
    """Answer with a token of any user, administrators too: the secret is all-powerful."""
    kicks = context.generation.kicks and not context.services.users.is_administrator(request.user_id)
    return _granted(context, request.user_id, request.platform_id, kicks)


@routes.post(
    "/auth/get_admin_token",
    GetAdminTokenReq,
    access=in_both(SECRET),
    rows=in_both({UserNotFound: ErrorRow(1004, NOT_FOUND, lambda error: "user not found")}),
)
def get_admin_token(context: Context, request: GetAdminTokenReq) -> dict[str, object]:
    """Answer with an administrator's token; one login never cancels another's."""
    admins = context.services.settings.openim_v3_admins
    if request.user_id not in admins:
        raise ArgumentInvalid(f"userID is error., userID={request.user_id}, adminUserID=[{' '.join(admins)}]")
    return _granted(context, request.user_id, Platform.ADMIN, kicks=False)


@routes.post("/auth/get_user_token", GetUserTokenReq, access=in_both(ADMINISTRATOR))
def get_user_token(context: Context, request: GetUserTokenReq) -> dict[str, object]:
    """Answer an administrator with a user's token; any platform id will do, but an administrator's own."""
    generation = context.generation
    if generation.refuses_special_accounts and request.platform_id == Platform.ADMIN:
        raise NotPermitted("platformID invalid. platformID must not be adminPlatformID")
    if context.services.users.is_administrator(request.user_id):
        raise NotPermitted("don't get Admin token")
    user = context.services.users.get(request.user_id)
    if generation.refuses_special_accounts and user.level >= APP_ACCOUNT:
        raise ArgumentInvalid("app account can`t get token")
    return _granted(context, request.user_id, request.platform_id, generation.kicks)


@routes.post(
    "/auth/parse_token",
    ParseTokenReq,
    access=in_both(OPEN),
    body_keys=("token",),
    # What is wrong with a token is told exactly here in every version.
    rows=in_both({kind: TABLE[kind] for kind in (TokenExpired, TokenMalformed, TokenNotYetValid)}),
)
def parse_token(context: Context, request: ParseTokenReq) -> dict[str, object]:
    """Answer whoever shows a token what it says; that neither uses it up nor changes it."""
    services = context.services
    return render.parsed_token(
        services.tokens.verify(services.codecs.decode(request.token)), context.generation
    )


@routes.post(
    "/auth/force_logout", ForceLogoutReq, access=in_both(ADMINISTRATOR), body_keys=("platformID", "userID")
)
def force_logout(context: Context, request: ForceLogoutReq) -> object:
    """Cancel a user's tokens on one platform and take the user offline there; nobody and nothing is fine."""
    context.services.tokens.revoke(request.user_id, request.platform_id)
    return render.NO_DATA


def _granted(context: Context, user_id: str, platform_id: int, kicks: bool) -> dict[str, object]:
    services = context.services
    token_request = services.codecs.request(context.generation.format, user_id, platform_id)
    token = services.tokens.issue(token_request, kicks=kicks)
    return render.token(services.codecs.encode(token), token_request.format.lifetime)
