"""The requests of OpenIM v3 (openimsdk/protocol auth/auth.proto, user/user.proto, sdkws/sdkws.proto).

RULES are upstream's Check() functions, by generation: what is refused in which words, in order. Fields that
nothing reads are declared because a value of the wrong type in them is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from app.dialects.openim_v3.generations import CURRENT, LEGACY, Generation
from app.errors import ArgumentInvalid
from app.wire.schema import INT32, INT64, STRING, STRINGS, list_of, pointer_to, wire

Rules = Sequence[tuple[Callable[[Any], bool], str]]

#: The platforms that a token can be asked for with a secret (protocol v0.0.31 auth/auth.go), and HarmonyOS,
#: which came later.
PLATFORMS = range(1, 12)


def check(request: Any, generation: Generation) -> None:
    """Refuse what the request's Check() refuses. Raises ArgumentInvalid."""
    for refuses, message in request.RULES[generation]:
        if refuses(request):
            raise ArgumentInvalid(message)


def _in_both(*rules: tuple[Callable[[Any], bool], str]) -> Mapping[Generation, Rules]:
    return {LEGACY: rules, CURRENT: rules}


def _no_user_id(request: Any) -> bool:
    return not request.user_id


def repeats(user_ids: Sequence[str]) -> bool:
    """Tell whether an id stands in the list twice."""
    return len(set(user_ids)) < len(user_ids)


def _is_legal(user_id: str) -> bool:
    """Tell whether an id has letters and digits of any script and "_" only, as 3.8 demands of new ones."""
    if user_id.isascii():
        return user_id.replace("_", "a").isalnum() or not user_id
    return all(char.isalpha() or char.isdecimal() or char == "_" for char in user_id)


@dataclass(frozen=True, slots=True)
class UserTokenReq:
    """`/auth/user_token` (3.0 to 3.8.0)."""

    GO: ClassVar[str] = "auth.UserTokenReq"
    RULES: ClassVar[Mapping[Generation, Rules]] = _in_both(
        (_no_user_id, "userID is empty"),
        (lambda request: request.platform_id not in PLATFORMS, "platform is invalidate"),
    )

    secret: str = wire(STRING, "secret")
    platform_id: int = wire(INT32, "platformID")
    user_id: str = wire(STRING, "userID")


@dataclass(frozen=True, slots=True)
class GetAdminTokenReq:
    """`/auth/get_admin_token` (3.8.1 on)."""

    GO: ClassVar[str] = "auth.GetAdminTokenReq"
    RULES: ClassVar[Mapping[Generation, Rules]] = _in_both((_no_user_id, "userID is empty"))

    secret: str = wire(STRING, "secret")
    user_id: str = wire(STRING, "userID")


@dataclass(frozen=True, slots=True)
class GetUserTokenReq:
    """`/auth/get_user_token` (3.6 on); its Check() builds errors and forgets to return them."""

    GO: ClassVar[str] = "auth.GetUserTokenReq"
    RULES: ClassVar[Mapping[Generation, Rules]] = _in_both()

    platform_id: int = wire(INT32, "platformID")
    user_id: str = wire(STRING, "userID")


@dataclass(frozen=True, slots=True)
class UserInfo:
    """A user as sent and as answered."""

    GO: ClassVar[str] = "sdkws.UserInfo"

    user_id: str = wire(STRING, "userID")
    nickname: str = wire(STRING, "nickname")
    face_url: str = wire(STRING, "faceURL")
    ex: str = wire(STRING, "ex")
    create_time: int = wire(INT64, "createTime")
    app_manger_level: int = wire(INT32, "appMangerLevel")
    global_recv_msg_opt: int = wire(INT32, "globalRecvMsgOpt")


@dataclass(frozen=True, slots=True)
class UserRegisterReq:
    """`/user/user_register`: a batch of users; with `secret` up to 3.8.0, by admin token since."""

    GO: ClassVar[str] = "user.UserRegisterReq"
    RULES: ClassVar[Mapping[Generation, Rules]] = {
        LEGACY: (
            (lambda request: not request.secret, "Secret is empty"),
            (lambda request: not request.users, "Users is empty"),
            (lambda request: None in request.users, "user is empty"),
        ),
        CURRENT: (
            (lambda request: not request.users, "users are empty"),
            (lambda request: None in request.users, "user is empty"),
            # Says "legal" and means that it is not.
            (lambda request: not all(_is_legal(user.user_id) for user in request.users), "userID is legal"),
            (lambda request: not all(user.nickname for user in request.users), "user name is empty"),
        ),
    }

    secret: str = wire(STRING, "secret")
    users: tuple[UserInfo, ...] | None = wire(list_of(pointer_to(UserInfo)), "users")


@dataclass(frozen=True, slots=True)
class AccountCheckReq:
    """`/user/account_check`: which of these ids are registered; repeats are refused before anything else."""

    GO: ClassVar[str] = "user.AccountCheckReq"
    RULES: ClassVar[Mapping[Generation, Rules]] = _in_both(
        (lambda request: not request.check_user_ids, "CheckUserIDs is empty"),
        (lambda request: repeats(request.check_user_ids), "userID repeated"),
    )

    check_user_ids: tuple[str, ...] | None = wire(STRINGS, "checkUserIDs")
