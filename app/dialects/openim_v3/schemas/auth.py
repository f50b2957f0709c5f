"""The requests of the `/auth` calls (auth/auth.proto; auth/auth.go for the checks)."""

from __future__ import annotations

from typing import ClassVar

from app.dialects.openim_v3.schemas.rules import NO_RULES, Rules, lacks, rules
from app.wire.message import message
from app.wire.schema import INT32, STRING, field

#: The platforms that a token can be asked for with a secret (protocol v0.0.31 auth/auth.go), and HarmonyOS,
#: which came later.
_TOKEN_PLATFORMS = range(1, 12)
#: The platforms that can be logged out; upstream forgot HarmonyOS to the last.
_LOGOUT_PLATFORMS = range(1, 11)


@message
class UserTokenReq:
    """`/auth/user_token` (3.0 to 3.8.0)."""

    GO_TYPE: ClassVar[str] = "auth.UserTokenReq"
    RULES: ClassVar[Rules] = rules(
        lacks("user_id", "userID is empty"),
        (lambda request: request.platform_id not in _TOKEN_PLATFORMS, "platform is invalidate"),
    )

    secret: str = field(STRING, "secret")
    platform_id: int = field(INT32, "platformID")
    user_id: str = field(STRING, "userID")


@message
class GetAdminTokenReq:
    """`/auth/get_admin_token` (3.8.1 on)."""

    GO_TYPE: ClassVar[str] = "auth.GetAdminTokenReq"
    RULES: ClassVar[Rules] = rules(lacks("user_id", "userID is empty"))

    secret: str = field(STRING, "secret")
    user_id: str = field(STRING, "userID")


@message
class GetUserTokenReq:
    """`/auth/get_user_token` (3.6 on); its Check() builds errors and forgets to return them."""

    GO_TYPE: ClassVar[str] = "auth.GetUserTokenReq"
    RULES: ClassVar[Rules] = NO_RULES

    platform_id: int = field(INT32, "platformID")
    user_id: str = field(STRING, "userID")


@message
class ParseTokenReq:
    """`/auth/parse_token`: a token to be looked at."""

    GO_TYPE: ClassVar[str] = "auth.ParseTokenReq"
    # Says "userID" and means the token.
    RULES: ClassVar[Rules] = rules(lacks("token", "userID is empty"))

    token: str = field(STRING, "token")


@message
class ForceLogoutReq:
    """`/auth/force_logout`: a user, and the one platform to log out."""

    GO_TYPE: ClassVar[str] = "auth.ForceLogoutReq"
    RULES: ClassVar[Rules] = rules(
        lacks("user_id", "userID is empty"),
        (lambda request: request.platform_id not in _LOGOUT_PLATFORMS, "platformID is invalidate"),
    )

    platform_id: int = field(INT32, "platformID")
    user_id: str = field(STRING, "userID")
