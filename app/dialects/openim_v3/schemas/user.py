"""The requests about users' profiles (user/user.proto, sdkws/sdkws.proto; user/user.go for the checks)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ....formats.schema import INT32, INT64, STRING, STRINGS, GoRequest, field, list_of, nullable, pointer_to
from ...openim.schemas import UserInfo
from ..generations import CURRENT, LEGACY
from .rules import PAGINATED, RequestPagination, Rules, SdkwsMessage, lacks, repeats, rules


def _is_legal(user_id: str) -> bool:
    """Return whether an id has only letters, digits and "_", of any script, as 3.8 requires of new ids."""
    if user_id.isascii():
        return user_id.replace("_", "a").isalnum() or not user_id
    return all(char.isalpha() or char.isdecimal() or char == "_" for char in user_id)


def illegal_characters(user_id: str) -> str:
    """Return the characters for which 3.8 refuses a new id."""
    return "".join(char for char in dict.fromkeys(user_id) if not _is_legal(char))


class _Request(GoRequest):
    __slots__ = ()
    GO_PACKAGE: ClassVar[str] = "user"


@dataclass(slots=True)
class UserInfoWithEx(SdkwsMessage):
    """The changes of a profile: absent or null fields are kept, empty texts clear them."""

    user_id: str = field(STRING, "userID")
    nickname: str | None = field(nullable(STRING), "nickname")
    face_url: str | None = field(nullable(STRING), "faceURL")
    ex: str | None = field(nullable(STRING), "ex")
    global_recv_msg_opt: int | None = field(nullable(INT32), "globalRecvMsgOpt")


@dataclass(slots=True)
class UserRegisterReq(_Request):
    """`/user/user_register`: a batch of users; with `secret` up to 3.8.0, with an admin token since."""

    RULES: ClassVar[Rules] = {
        LEGACY: (
            lacks("users", "Users is empty"),
            (lambda request: None in request.users, "user is empty"),
        ),
        CURRENT: (
            lacks("users", "users are empty"),
            (lambda request: None in request.users, "user is empty"),
            # Upstream says "legal" and means the opposite.
            (lambda request: not all(_is_legal(user.user_id) for user in request.users), "userID is legal"),
            (lambda request: not all(user.nickname for user in request.users), "user name is empty"),
        ),
    }

    secret: str = field(STRING, "secret")
    users: tuple[UserInfo, ...] | None = field(list_of(pointer_to(UserInfo)), "users")


@dataclass(slots=True)
class UpdateUserInfoReq(_Request):
    """`/user/update_user_info`: empty texts and 0 change nothing."""

    RULES: ClassVar[Rules] = rules(
        lacks("user_info", "UserInfo is empty"),
        (lambda request: not request.owner_id, "UserID is empty"),
    )

    user_info: UserInfo | None = field(pointer_to(UserInfo), "userInfo")

    @property
    def owner_id(self) -> str:
        """The owner of the profile."""
        return self.user_info.user_id if self.user_info else ""


@dataclass(slots=True)
class UpdateUserInfoExReq(_Request):
    """`/user/update_user_info_ex` (3.5 on)."""

    RULES: ClassVar[Rules] = rules(
        lacks("user_info", "userInfo is empty"),
        (lambda request: not request.owner_id, "userID is empty"),
    )

    user_info: UserInfoWithEx | None = field(pointer_to(UserInfoWithEx), "userInfo")

    @property
    def owner_id(self) -> str:
        """The owner of the profile."""
        return self.user_info.user_id if self.user_info else ""


@dataclass(slots=True)
class SetGlobalRecvMessageOptReq(_Request):
    """`/user/set_global_msg_recv_opt`: 0 receive, 1 do not receive, 2 receive without a push."""

    RULES: ClassVar[Rules] = rules(
        (lambda request: request.global_recv_msg_opt not in range(3), "GlobalRecvMsgOpt is invalid"),
        lacks("user_id", "UserID is empty"),
    )

    user_id: str = field(STRING, "userID")
    global_recv_msg_opt: int = field(INT32, "globalRecvMsgOpt")


@dataclass(slots=True)
class GetDesignateUsersReq(_Request):
    """`/user/get_users_info`: users by id."""

    RULES: ClassVar[Rules] = rules(lacks("user_ids", "UserIDs is empty"))

    user_ids: tuple[str, ...] | None = field(STRINGS, "userIDs")


@dataclass(slots=True)
class GetAllUserIDReq(_Request):
    """`/user/get_all_users_uid`: a page of ids."""

    RULES: ClassVar[Rules] = rules(*PAGINATED)

    pagination: RequestPagination | None = field(pointer_to(RequestPagination), "pagination")


@dataclass(slots=True)
class GetPaginationUsersReq(_Request):
    """`/user/get_users`: a page of users, from 3.6 on filtered by parts of id and nickname."""

    RULES: ClassVar[Rules] = rules(*PAGINATED)

    pagination: RequestPagination | None = field(pointer_to(RequestPagination), "pagination")
    user_id: str = field(STRING, "userID")
    nick_name: str = field(STRING, "nickName")


@dataclass(slots=True)
class AccountCheckReq(_Request):
    """`/user/account_check`: which of these ids are registered; repeated ids are refused."""

    RULES: ClassVar[Rules] = rules(
        lacks("check_user_ids", "CheckUserIDs is empty"),
        (lambda request: repeats(request.check_user_ids), "userID repeated"),
    )

    check_user_ids: tuple[str, ...] | None = field(STRINGS, "checkUserIDs")


@dataclass(slots=True)
class UserRegisterCountReq(_Request):
    """`/statistics/user/register`: a half-open interval in Unix ms."""

    RULES: ClassVar[Rules] = rules(
        (lambda request: request.start <= 0, "start is invalid"),
        (lambda request: request.end <= 0, "end is invalid"),
        (lambda request: request.start > request.end, "start > end"),
    )

    start: int = field(INT64, "start")
    end: int = field(INT64, "end")
