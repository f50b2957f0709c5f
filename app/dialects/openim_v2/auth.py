"""v2's `/auth` calls (open-im-server v2.3 internal/api/auth/auth.go)."""

from __future__ import annotations

from ...errors import NotAdministrator, SecretWrong, UserNotFound
from ...http.dialect import RequestContext, Routes
from ...http.error_rows import ErrorRow, ErrorTable
from ...http.responses import NO_DATA
from ...models import TokenRequest, User
from ..openim.tokens import V2
from . import birth_date, render, schemas
from .errors import bind_failed, token_refused
from .guard import MANAGER, SECRET, TOKEN, authorize_and_bind
from .tokens import platform_of

routes = Routes("auth", authorize_and_bind)


@routes.post(
    "/auth/user_register",
    schemas.UserRegisterReq,
    access=SECRET,
    errors=ErrorTable(
        bind_failed(), ErrorRow(SecretWrong, 400, 401, " params.Secret != config.Config.Secret ")
    ),
)
def user_register(context: RequestContext, request: schemas.UserRegisterReq) -> dict[str, object]:
    """Register a user and answer with a token for the platform. An existing user is never changed."""
    services = context.services
    token_request = _token_request(context, request.user_id, request.platform)
    token = services.registration.register_with_token(_profile(request), token_request)
    return render.user_token(token, services.codecs[token.format].encode(token))


@routes.post(
    "/auth/user_token",
    schemas.UserTokenReq,
    access=SECRET,
    body_keys=("platform",),
    errors=ErrorTable(
        bind_failed(),
        ErrorRow(
            UserNotFound,
            200,
            802,
            "record not found",
            data=lambda context, error: render.no_token(error.user_id),
        ),
    ),
)
def user_token(context: RequestContext, request: schemas.UserTokenReq) -> dict[str, object]:
    """Answer with a token for the platform; older ones stay valid."""
    services = context.services
    token = services.tokens.issue(_token_request(context, request.user_id, request.platform))
    return render.user_token(token, services.codecs[token.format].encode(token))


@routes.post(
    "/auth/parse_token",
    schemas.ParseTokenReq,
    access=TOKEN,
    body_keys=("operationID",),
    errors=ErrorTable(bind_failed(1001), token_refused(200, 1001, "GetUserIDFromTokenExpireTime")),
)
def parse_token(context: RequestContext, request: schemas.ParseTokenReq) -> dict[str, object]:
    """Answer with the expiry of the token in the header."""
    assert context.token is not None, "TOKEN has let the caller in"
    return render.token_expiry(context.token)


@routes.post(
    "/auth/force_logout",
    schemas.ForceLogoutReq,
    access=MANAGER,
    body_keys=("platform", "fromUserID"),
    errors=ErrorTable(
        bind_failed(),
        token_refused(500),
        ErrorRow(
            NotAdministrator,
            200,
            801,
            lambda context, error: f"{context.operation_id} IsManagerUserID false {error.user_id}",
        ),
    ),
)
def force_logout(context: RequestContext, request: schemas.ForceLogoutReq) -> object:
    """Revoke a user's tokens on one platform and end presence there; there need not be any.

    Of a platform without a name here, v2's tokens have another id than v3's.
    """
    for platform_id in {platform_of(request.platform), request.platform}:
        context.services.tokens.revoke(request.from_user_id, platform_id)
    return NO_DATA


def _token_request(context: RequestContext, user_id: str, platform: int) -> TokenRequest:
    return context.services.codecs[V2].request(user_id, platform)


def _profile(request: schemas.UserRegisterReq) -> User:
    return User(
        user_id=request.user_id,
        nickname=request.nickname,
        face_url=request.face_url,
        gender=request.gender,
        phone_number=request.phone_number,
        # Upstream registers no birth before 1970; an update may set one.
        birth=max(birth_date.parse(request.birth_str) if request.birth_str else request.birth, 0),
        email=request.email,
        ex=request.ex,
    )
