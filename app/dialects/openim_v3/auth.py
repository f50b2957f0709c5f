"""v3's `/auth` calls (open-im-server internal/rpc/auth/auth.go, v3.4.0 and branch 3.8.3-patch)."""

from __future__ import annotations

from ...errors import ArgumentInvalid, NotPermitted
from ...http.dialect import Routes
from ...http.error_rows import ErrorTable
from ...http.responses import NO_DATA
from ...models import Platform
from ..openim import tokens
from . import render
from .context import Context
from .errors import TOKEN_EXPIRED, TOKEN_MALFORMED, TOKEN_NOT_YET_VALID, user_not_found
from .generations import APP_ACCOUNT
from .guard import ADMINISTRATOR, OPEN, SECRET, authorize_and_bind
from .schemas import auth as schemas
from .settings import OpenIMV3Settings

routes = Routes("auth", authorize_and_bind)


@routes.post("/auth/user_token", schemas.UserTokenReq, access=SECRET, body_keys=("platformID",))
def user_token(context: Context, request: schemas.UserTokenReq) -> dict[str, object]:
    """Answer with a token for any user, even an administrator: the secret permits everything."""
    is_administrator = context.services.users.is_administrator(request.user_id)
    revokes = context.generation.revokes and not is_administrator
    return _issue(context, request.user_id, request.platform_id, revokes)


@routes.post(
    "/auth/get_admin_token",
    schemas.GetAdminTokenReq,
    access=SECRET,
    errors=ErrorTable(user_not_found("user not found")),
)
def get_admin_token(context: Context, request: schemas.GetAdminTokenReq) -> dict[str, object]:
    """Answer with an administrator's token; earlier ones stay valid."""
    admins = context.services.settings.groups[OpenIMV3Settings].openim_v3_admins
    if request.user_id not in admins:
        raise ArgumentInvalid(f"userID is error., userID={request.user_id}, adminUserID=[{' '.join(admins)}]")
    return _issue(context, request.user_id, Platform.ADMIN, revokes=False)


@routes.post("/auth/get_user_token", schemas.GetUserTokenReq, access=ADMINISTRATOR)
def get_user_token(context: Context, request: schemas.GetUserTokenReq) -> dict[str, object]:
    """Answer with a token for a user who is not an administrator; upstream accepts any platform id."""
    generation = context.generation
    if generation.refuses_special_accounts and request.platform_id == Platform.ADMIN:
        raise NotPermitted("platformID invalid. platformID must not be adminPlatformID")
    if context.services.users.is_administrator(request.user_id):
        raise NotPermitted("don't get Admin token")
    user = context.services.users.get(request.user_id)
    if generation.refuses_special_accounts and user.level >= APP_ACCOUNT:
        raise ArgumentInvalid("app account can`t get token")
    return _issue(context, request.user_id, request.platform_id, generation.revokes)


@routes.post(
    "/auth/parse_token",
    schemas.ParseTokenReq,
    access=OPEN,
    body_keys=("token",),
    # In this call every version reports the exact token error.
    errors=ErrorTable(TOKEN_EXPIRED, TOKEN_MALFORMED, TOKEN_NOT_YET_VALID),
)
def parse_token(context: Context, request: schemas.ParseTokenReq) -> dict[str, object]:
    """Answer with the claims of the token in the body."""
    token = tokens.verify(
        context.services, request.token, signature_first=context.generation.checks_signature_first
    )
    return render.parsed_token(token, context.generation)


@routes.post(
    "/auth/force_logout", schemas.ForceLogoutReq, access=ADMINISTRATOR, body_keys=("platformID", "userID")
)
def force_logout(context: Context, request: schemas.ForceLogoutReq) -> object:
    """Revoke a user's tokens on one platform and end presence there; there need not be any."""
    context.services.tokens.revoke(request.user_id, request.platform_id)
    return NO_DATA


def _issue(context: Context, user_id: str, platform_id: int, revokes: bool) -> dict[str, object]:
    services = context.services
    request = services.codecs[context.generation.token_format].request(user_id, platform_id)
    token = services.tokens.issue(request, kicks=revokes)
    return render.token(services.codecs[token.format].encode(token), request.format.lifetime)
