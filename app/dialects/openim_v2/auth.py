"""v2's `/auth` calls (open-im-server v2.3 internal/api/auth/auth.go)."""

from __future__ import annotations

from app.dialects.openim_v2 import birth, platforms, render, tokens
from app.dialects.openim_v2.call import Call
from app.dialects.openim_v2.errors import BIND_FAILED, Row
from app.dialects.openim_v2.guard import by_secret
from app.dialects.openim_v2.schemas import UserRegisterReq, UserTokenReq
from app.errors import SecretWrong, UserNotFound
from app.models import User
from app.wire.dialect import Routes

routes = Routes("auth")


@routes.post(
    "/auth/user_register",
    UserRegisterReq,
    access=by_secret,
    marks=("platform",),
    rows={
        **BIND_FAILED,
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
        **BIND_FAILED,
        UserNotFound: Row(
            200,
            802,
            lambda call, error: "record not found",
            data=lambda error: render.no_token(error.user_id),
        ),
    },
)
def user_token(call: Call, request: UserTokenReq) -> dict[str, object]:
    """Answer with a token for the platform; the older ones stay valid."""
    order = call.services.codecs.order(tokens.STYLE, request.user_id, platforms.named(request.platform))
    token = call.services.tokens.grant(order)
    return render.user_token(token, call.services.codecs.spell(token))


def _profile(request: UserRegisterReq) -> User:
    return User(
        user_id=request.user_id,
        nickname=request.nickname,
        face_url=request.face_url,
        gender=request.gender,
        phone_number=request.phone_number,
        birth=birth.seconds(request.birth_str) if request.birth_str else request.birth,
        email=request.email,
        ex=request.ex,
    )
