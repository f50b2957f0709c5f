"""The requests of OpenIM v2 (open-im-server v2.3 pkg/base_info/{auth,user,manage,public}_api_struct.go).

`binding` is upstream's tag; it also stands in the error texts, as do the struct's and the field's Go names.
Fields that nothing reads are declared because a value of the wrong type in them is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from app.wire.schema import INT32, INT64, STRING, STRINGS, UINT32, wire


@dataclass(frozen=True, slots=True)
class UserRegisterReq:
    """`/auth/user_register`: the app's secret, a platform and a profile."""

    GO: ClassVar[str] = "base_info.UserRegisterReq"

    secret: str = wire(STRING, "secret", go="Secret", binding="required,max=32")
    platform: int = wire(INT32, "platform", go="Platform", binding="required,min=1,max=12")
    user_id: str = wire(STRING, "userID", go="ApiUserInfo.UserID", binding="required,min=1,max=64")
    nickname: str = wire(STRING, "nickname", go="ApiUserInfo.Nickname", binding="omitempty,min=1,max=64")
    face_url: str = wire(STRING, "faceURL", go="ApiUserInfo.FaceURL", binding="omitempty,max=1024")
    gender: int = wire(INT32, "gender", go="ApiUserInfo.Gender", binding="omitempty,oneof=0 1 2")
    # The alias is a spelling of upstream's Chinese page, which upstream itself drops without a word.
    phone_number: str = wire(
        STRING,
        "phoneNumber",
        alias="phoneNum",
        go="ApiUserInfo.PhoneNumber",
        binding="omitempty,max=32",
    )
    birth: int = wire(UINT32, "birth")
    email: str = wire(STRING, "email", go="ApiUserInfo.Email", binding="omitempty,max=64")
    create_time: int = wire(INT64, "createTime")
    login_limit: int = wire(INT32, "loginLimit")
    ex: str = wire(STRING, "ex", go="ApiUserInfo.Ex", binding="omitempty,max=1024")
    birth_str: str = wire(STRING, "birthStr")
    operation_id: str = wire(STRING, "operationID", go="OperationID", binding="required")


@dataclass(frozen=True, slots=True)
class UserTokenReq:
    """`/auth/user_token`: the app's secret, a platform and a user."""

    GO: ClassVar[str] = "base_info.UserTokenReq"

    secret: str = wire(STRING, "secret", go="Secret", binding="required,max=32")
    platform: int = wire(INT32, "platform", go="Platform", binding="required,min=1,max=12")
    user_id: str = wire(STRING, "userID", go="UserID", binding="required,min=1,max=64")
    operation_id: str = wire(STRING, "operationID", go="OperationID", binding="required")
    login_ip: str = wire(STRING, "loginIp")


@dataclass(frozen=True, slots=True)
class GetUsersOnlineStatusReq:
    """`/user/get_users_online_status`: up to 200 ids."""

    GO: ClassVar[str] = "base_info.GetUsersOnlineStatusReq"

    operation_id: str = wire(STRING, "operationID", go="OperationID", binding="required")
    user_id_list: tuple[str, ...] | None = wire(
        STRINGS, "userIDList", go="UserIDList", binding="required,lte=200"
    )
