"""v2's `/auth` calls (open-im-server v2.3 internal/api/auth/auth.go)."""

from __future__ import annotations

from app.dialects.openim_v2 import birth_date, platforms, render, tokens
from app.dialects.openim_v2.context import Context
from app.dialects.openim_v2.errors import TOKEN_NOT_PARSED, ErrorRow, bind_failed, token_refused
from app.dialects.openim_v2.guard import by_manager, by_secret, by_token
from app.dialects.openim_v2.schemas import ForceLogoutReq, ParseTokenReq, UserRegisterReq, UserTokenReq
from app.errors import NotAdministrator, SecretWrong, UserNotFound
from app.models import User
from app.wire.dialect import Routes

routes = Routes("auth")


@routes.post(
    "/auth/user_register",
    UserRegisterReq,
    access=by_secret,
    rows={
        **bind_failed(),
        SecretWrong: ErrorRow(400, 401, lambda context, error: " params.Secret != config.Config.Secret "),
    },
)
def user_register(context: Context, request: UserRegisterReq) -> dict[str, object]:
    """Register a user and answer with a token for the platform. An existing user is never changed."""
    token_request = context.services.codecs.request(
        tokens.FORMAT, request.user_id, platforms.named(request.platform)
    )
    token = context.services.registration.register_with_token(_profile(request), token_request)
    return render.user_token(token, context.services.codecs.encode(token))


@routes.post(
    "/auth/user_token",
    UserTokenReq,
    access=by_secret,
    body_keys=("platform",),
    rows={
        **bind_failed(),
        UserNotFound: ErrorRow(
            200,
            802,
            lambda context, error: "record not found",
            data=lambda context, error: render.no_token(error.user_id),
        ),
    },
)
def user_token(context: Context, request: UserTokenReq) -> dict[str, object]:
    """Answer with a token for the platform; the older ones stay valid."""
    token_request = context.services.codecs.request(
        tokens.FORMAT, request.user_id, platforms.named(request.platform)
    )
    token = context.services.tokens.issue(token_request)
    return render.user_token(token, context.services.codecs.encode(token))


@routes.post(
    "/auth/parse_token",
    ParseTokenReq,
    access=by_token,
    body_keys=("operationID",),
    rows={**bind_failed(1001), **TOKEN_NOT_PARSED},
)
def parse_token(context: Context, request: ParseTokenReq) -> dict[str, object]:
    """Answer the bearer of a token when it ends; that neither uses it up nor changes it."""
    assert context.caller is not None, "by_token has let somebody in"
    return render.token_end(context.caller)


@routes.post(
    "/auth/force_logout",
    ForceLogoutReq,
    access=by_manager,
    body_keys=("platform", "fromUserID"),
    rows={
        **bind_failed(),
        **token_refused(500),
        NotAdministrator: ErrorRow(
            200, 801, lambda context, error: f"{context.operation_id} IsManagerUserID false {error.user_id}"
        ),
    },
)
def force_logout(context: Context, request: ForceLogoutReq) -> object:
    """Cancel a user's tokens on one platform and take the user offline there; nobody and nothing is fine."""
    context.services.tokens.revoke(request.from_user_id, platforms.named(request.platform))
    return render.NO_DATA


def _profile(request: UserRegisterReq) -> User:
    return User(
        user_id=request.user_id,
        nickname=request.nickname,
        face_url=request.face_url,
        gender=request.gender,
        phone_number=request.phone_number,
        # Upstream has nobody registered who was born before 1970; an update may say so.
        birth=max(birth_date.seconds(request.birth_str) if request.birth_str else request.birth, 0),
        email=request.email,
        ex=request.ex,
    )
