"""The requests of OpenIM v2 (open-im-server v2.3 pkg/base_info/{auth,user,manage,public}_api_struct.go).

`binding` is upstream's tag; error messages contain it, and the Go names of struct and field. Unused fields
are declared because a value of the wrong type in them is an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...formats.schema import INT32, INT64, STRING, STRINGS, UINT32, GoRequest, field


def _operation_id() -> str:
    declared: str = field(STRING, "operationID", go="OperationID", binding="required")
    return declared


class OperationReq(GoRequest):
    """A request of v2. All have an operationID, at varying positions in their structs."""

    __slots__ = ()
    GO_PACKAGE: ClassVar[str] = "base_info"
    operation_id: str


@dataclass(slots=True)
class _Operation(OperationReq):
    """A request that begins with the operationID."""

    operation_id: str = _operation_id()


@dataclass(slots=True)
class _ApiUserInfo:
    """A profile, embedded in registrations and updates."""

    user_id: str = field(STRING, "userID", go="ApiUserInfo.UserID", binding="required,min=1,max=64")
    nickname: str = field(STRING, "nickname", go="ApiUserInfo.Nickname", binding="omitempty,min=1,max=64")
    face_url: str = field(STRING, "faceURL", go="ApiUserInfo.FaceURL", binding="omitempty,max=1024")
    gender: int = field(INT32, "gender", go="ApiUserInfo.Gender", binding="omitempty,oneof=0 1 2")
    # Upstream's Chinese documentation has the alias, which upstream itself ignores.
    phone_number: str = field(
        STRING,
        "phoneNumber",
        alias="phoneNum",
        go="ApiUserInfo.PhoneNumber",
        binding="omitempty,max=32",
    )
    birth: int = field(UINT32, "birth")
    email: str = field(STRING, "email", go="ApiUserInfo.Email", binding="omitempty,max=64")
    create_time: int = field(INT64, "createTime")
    login_limit: int = field(INT32, "loginLimit")
    ex: str = field(STRING, "ex", go="ApiUserInfo.Ex", binding="omitempty,max=1024")
    birth_str: str = field(STRING, "birthStr")


@dataclass(slots=True)
class UserRegisterReq(_ApiUserInfo, OperationReq):
    """`/auth/user_register`: the app's secret, a platform and a profile."""

    secret: str = field(STRING, "secret", go="Secret", binding="required,max=32", first=True)
    platform: int = field(INT32, "platform", go="Platform", binding="required,min=1,max=12", first=True)
    operation_id: str = _operation_id()


@dataclass(slots=True)
class UserTokenReq(OperationReq):
    """`/auth/user_token`: the app's secret, a platform and a user."""

    secret: str = field(STRING, "secret", go="Secret", binding="required,max=32")
    platform: int = field(INT32, "platform", go="Platform", binding="required,min=1,max=12")
    user_id: str = field(STRING, "userID", go="UserID", binding="required,min=1,max=64")
    operation_id: str = _operation_id()
    login_ip: str = field(STRING, "loginIp")


@dataclass(slots=True)
class ParseTokenReq(_Operation):
    """`/auth/parse_token`: the token is in the header."""


@dataclass(slots=True)
class ForceLogoutReq(OperationReq):
    """`/auth/force_logout`: a user, and the one platform to log out."""

    platform: int = field(INT32, "platform", go="Platform", binding="required,min=1,max=12")
    from_user_id: str = field(STRING, "fromUserID", go="FromUserID", binding="required,min=1,max=64")
    operation_id: str = _operation_id()


@dataclass(slots=True)
class GetUsersInfoReq(_Operation):
    """`/user/get_users_info` and `/user/get_users_info_from_cache`: users by id."""

    user_id_list: tuple[str, ...] | None = field(STRINGS, "userIDList", go="UserIDList", binding="required")


@dataclass(slots=True)
class GetSelfUserInfoReq(_Operation):
    """`/user/get_self_user_info`: the profile of a user."""

    user_id: str = field(STRING, "userID", go="UserID", binding="required")


@dataclass(slots=True)
class UpdateSelfUserInfoReq(_ApiUserInfo, OperationReq):
    """`/user/update_user_info`: empty texts and 0 change nothing."""

    operation_id: str = _operation_id()


@dataclass(slots=True)
class SetGlobalRecvMessageOptReq(_Operation):
    """`/user/set_global_msg_recv_opt`: 0 receive, 1 do not receive, 2 receive without a notification."""

    global_recv_msg_opt: int = field(
        INT32, "globalRecvMsgOpt", go="GlobalRecvMsgOpt", binding="omitempty,oneof=0 1 2"
    )


@dataclass(slots=True)
class GetUsersOnlineStatusReq(_Operation):
    """`/user/get_users_online_status`: up to 200 ids."""

    user_id_list: tuple[str, ...] | None = field(
        STRINGS, "userIDList", go="UserIDList", binding="required,lte=200"
    )


@dataclass(slots=True)
class GetAllUsersUidReq(_Operation):
    """`/user/get_all_users_uid`: all ids at once."""


@dataclass(slots=True)
class AccountCheckReq(_Operation):
    """`/user/account_check`: up to 100 ids."""

    check_user_id_list: tuple[str, ...] | None = field(
        STRINGS, "checkUserIDList", go="CheckUserIDList", binding="required,lte=100"
    )


@dataclass(slots=True)
class GetUsersReq(_Operation):
    """`/user/get_users`: a page of users, by `userID`, else by `userName`, else by `content`."""

    user_name: str = field(STRING, "userName")
    user_id: str = field(STRING, "userID")
    content: str = field(STRING, "content")
    page_number: int = field(INT32, "pageNumber", go="PageNumber", binding="required")
    show_number: int = field(INT32, "showNumber", go="ShowNumber", binding="required")


@dataclass(slots=True)
class GetFriendIDListFromCacheReq(_Operation):
    """`/user/get_user_friend_from_cache`: the caller's friends."""


@dataclass(slots=True)
class GetBlackIDListFromCacheReq(_Operation):
    """`/user/get_black_list_from_cache`: the users that the caller blocks."""


@dataclass(slots=True)
class DeleteUsersReq(_Operation):
    """`/manager/delete_user`: users to delete."""

    delete_user_id_list: tuple[str, ...] | None = field(
        STRINGS, "deleteUserIDList", go="DeleteUserIDList", binding="required"
    )
