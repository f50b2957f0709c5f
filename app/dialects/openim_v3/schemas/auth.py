"""The requests of the `/auth` calls (auth/auth.proto; auth/auth.go for the checks)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ....formats.schema import INT32, STRING, GoRequest, field
from .rules import NO_RULES, Rules, lacks, rules

#: The platforms for which a secret obtains a token (protocol v0.0.31 auth/auth.go), and HarmonyOS, which came
#: later.
_TOKEN_PLATFORMS = range(1, 12)


class _Request(GoRequest):
    __slots__ = ()
    GO_PACKAGE: ClassVar[str] = "auth"


@dataclass(slots=True)
class UserTokenReq(_Request):
    """`/auth/user_token` (3.0 to 3.8.0)."""

    RULES: ClassVar[Rules] = rules(
        lacks("user_id", "userID is empty"),
        (lambda request: request.platform_id not in _TOKEN_PLATFORMS, "platform is invalidate"),
    )

    secret: str = field(STRING, "secret")
    platform_id: int = field(INT32, "platformID")
    user_id: str = field(STRING, "userID")


@dataclass(slots=True)
class GetAdminTokenReq(_Request):
    """`/auth/get_admin_token` (3.8.1 on)."""

    RULES: ClassVar[Rules] = rules(lacks("user_id", "userID is empty"))

    secret: str = field(STRING, "secret")
    user_id: str = field(STRING, "userID")


@dataclass(slots=True)
class GetUserTokenReq(_Request):
    """`/auth/get_user_token` (3.6 on); its Check() builds errors and forgets to return them."""

    RULES: ClassVar[Rules] = NO_RULES

    platform_id: int = field(INT32, "platformID")
    user_id: str = field(STRING, "userID")


@dataclass(slots=True)
class ParseTokenReq(_Request):
    """`/auth/parse_token`: the token to parse."""

    # Upstream says "userID" and means the token.
    RULES: ClassVar[Rules] = rules(lacks("token", "userID is empty"))

    token: str = field(STRING, "token")


@dataclass(slots=True)
class ForceLogoutReq(_Request):
    """`/auth/force_logout`: a user, and the one platform to log out."""

    RULES: ClassVar[Rules] = rules(
        lacks("user_id", "userID is empty"),
        # Upstream takes 1 to 10, but issues tokens for others too.
        lacks("platform_id", "platformID is invalidate"),
    )

    platform_id: int = field(INT32, "platformID")
    user_id: str = field(STRING, "userID")
