"""v2's `/auth` calls (open-im-server v2.3 internal/api/auth/auth.go)."""

from __future__ import annotations

from app.dialects.openim_v2 import birth, platforms, render, tokens
from app.dialects.openim_v2.call import Call
from app.dialects.openim_v2.errors import TOKEN_NOT_PARSED, Row, bind_failed, token_refused
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
        SecretWrong: Row(400, 401, lambda call, error: " params.Secret != config.Config.Secret "),
    },
)
def user_register(call: Call, request: UserRegisterReq) -> dict[str, object]:
    """Register a user and answer with a token for the platform. An existing user is never changed."""
    order = call.services.codecs.order(tokens.STYLE, request.user_id, platforms.named(request.platform))
    token = call.services.enrolment.register(_profile(request), order)
    return render.user_token(token, call.services.codecs.spell(token))


@routes.post(
    "/auth/user_token",
    UserTokenReq,
    access=by_secret,
    marks=("platform",),
    rows={
        **bind_failed(),
        UserNotFound: Row(
            200,
            802,
            lambda call, error: "record not found",
            data=lambda call, error: render.no_token(error.user_id),
        ),
    },
)
def user_token(call: Call, request: UserTokenReq) -> dict[str, object]:
    """Answer with a token for the platform; the older ones stay valid."""
    order = call.services.codecs.order(tokens.STYLE, request.user_id, platforms.named(request.platform))
    token = call.services.tokens.grant(order)
    return render.user_token(token, call.services.codecs.spell(token))


@routes.post(
    "/auth/parse_token",
    ParseTokenReq,
    access=by_token,
    marks=("operationID",),
    rows={**bind_failed(1001), **TOKEN_NOT_PARSED},
)
def parse_token(call: Call, request: ParseTokenReq) -> dict[str, object]:
    """Answer the bearer of a token when it ends; that neither uses it up nor changes it."""
    assert call.caller is not None, "by_token has let somebody in"
    return render.token_end(call.caller)


@routes.post(
    "/auth/force_logout",
    ForceLogoutReq,
    access=by_manager,
    marks=("platform", "fromUserID"),
    rows={
        **bind_failed(),
        **token_refused(500),
        NotAdministrator: Row(
            200, 801, lambda call, error: f"{call.operation_id} IsManagerUserID false {error.user_id}"
        ),
    },
)
def force_logout(call: Call, request: ForceLogoutReq) -> object:
    """Cancel a user's tokens on one platform and take the user offline there; nobody and nothing is fine."""
    call.services.tokens.cancel(request.from_user_id, platforms.named(request.platform))
    return render.NOTHING


def _profile(request: UserRegisterReq) -> User:
    return User(
        user_id=request.user_id,
        nickname=request.nickname,
        face_url=request.face_url,
        gender=request.gender,
        phone_number=request.phone_number,
        # Upstream has nobody registered who was born before 1970; an update may say so.
        birth=max(birth.seconds(request.birth_str) if request.birth_str else request.birth, 0),
        email=request.email,
        ex=request.ex,
    )
