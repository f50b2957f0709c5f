"""Binding a body to a request by Go's rules, with Go's error texts (checked with go1.19)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest
from rollcall_server.errors import BodyInvalid
from rollcall_server.formats.json_body import decode, decode_stream
from rollcall_server.formats.schema import (
    BOOL,
    INT32,
    INT64,
    STRING,
    STRINGS,
    UINT32,
    GoRequest,
    bind_json,
    field,
    list_of,
    nullable,
    pointer_to,
)


@dataclass(frozen=True)
class UserInfo(GoRequest):
    GO_PACKAGE: ClassVar[str] = "sdkws"

    user_id: str = field(STRING, "userID")
    created: int = field(INT64, "createTime")


@dataclass(frozen=True)
class UserRegisterReq(GoRequest):
    GO_PACKAGE: ClassVar[str] = "user"

    secret: str = field(STRING, "secret", alias="password")
    platform: int = field(INT32, "platform")
    birth: int = field(UINT32, "birth")
    flag: bool = field(BOOL, "flag")
    ids: tuple[str, ...] | None = field(STRINGS, "userIDList")
    users: tuple[UserInfo | None, ...] | None = field(list_of(pointer_to(UserInfo)), "users")
    info: UserInfo | None = field(pointer_to(UserInfo), "userInfo")
    ttl: int = field(INT32, "ttl", default=1800)


def bound(text: str) -> UserRegisterReq:
    return bind_json(UserRegisterReq, decode_stream(decode(text.encode())))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", UserRegisterReq()),
        ("null", UserRegisterReq()),
        ('{"unknown": {"secret": 1}}', UserRegisterReq()),
        ('{"secret": null, "platform": null, "users": null, "ttl": null}', UserRegisterReq()),
        ('{"SECRET": "a", "Platform": 1, "USERIDLIST": []}', UserRegisterReq("a", 1, ids=())),
        ('{"secret": "a", "SECRET": "b", "secret": "c"}', UserRegisterReq("c")),
        ('{"secret": "a", "secret": "c", "Secret": "b"}', UserRegisterReq("b")),
        ('{"secret": "a", "secret": null}', UserRegisterReq("a")),
        ('{"userIDList": ["a"], "userIDList": null}', UserRegisterReq()),
        ('{"password": "a"}', UserRegisterReq("a")),
        ('{"PASSWORD": "a", "secret": ""}', UserRegisterReq("a")),
        ('{"password": "a", "secret": "b"}', UserRegisterReq("b")),
        ('{"secret": "b", "password": "a"}', UserRegisterReq("b")),
        ('{"password": 1}', UserRegisterReq()),
        ('{"password": null}', UserRegisterReq()),
        ('{"userIDList": ["a", null, "a"]}', UserRegisterReq(ids=("a", "", "a"))),
        (
            '{"users": [{"userID": "u", "x": 1}, null, {}]}',
            UserRegisterReq(users=(UserInfo("u"), None, UserInfo())),
        ),
        ('{"userInfo": {"CREATETIME": -9223372036854775808}}', UserRegisterReq(info=UserInfo("", -(2**63)))),
        ('{"platform": -2147483648, "birth": 4294967295}', UserRegisterReq("", -(2**31), 2**32 - 1)),
        ('{"platform": -0, "flag": true, "ttl": 0}', UserRegisterReq("", 0, flag=True, ttl=0)),
    ],
)
def test_a_body_binds_to_the_fields(text: str, expected: UserRegisterReq) -> None:
    assert bound(text) == expected


FIELD = "json: cannot unmarshal {} into Go struct field UserRegisterReq.{} of type {}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "json: cannot unmarshal array into Go value of type user.UserRegisterReq"),
        ('"x"', "json: cannot unmarshal string into Go value of type user.UserRegisterReq"),
        ("1.5", "json: cannot unmarshal number into Go value of type user.UserRegisterReq"),
        ("true", "json: cannot unmarshal bool into Go value of type user.UserRegisterReq"),
        ('{"secret": 123}', FIELD.format("number", "secret", "string")),
        ('{"secret": 1.5}', FIELD.format("number", "secret", "string")),
        ('{"secret": true}', FIELD.format("bool", "secret", "string")),
        ('{"secret": {}}', FIELD.format("object", "secret", "string")),
        ('{"PLATFORM": "1"}', FIELD.format("string", "platform", "int32")),
        ('{"platform": 1.0}', FIELD.format("number 1.0", "platform", "int32")),
        ('{"platform": 1e0}', FIELD.format("number 1e0", "platform", "int32")),
        ('{"platform": 2147483648}', FIELD.format("number 2147483648", "platform", "int32")),
        ('{"platform": true}', FIELD.format("bool", "platform", "int32")),
        ('{"birth": -1}', FIELD.format("number -1", "birth", "uint32")),
        ('{"birth": -0}', FIELD.format("number -0", "birth", "uint32")),
        ('{"birth": 1640692941000}', FIELD.format("number 1640692941000", "birth", "uint32")),
        ('{"flag": 1}', FIELD.format("number", "flag", "bool")),
        ('{"flag": "true"}', FIELD.format("string", "flag", "bool")),
        ('{"userIDList": "a"}', FIELD.format("string", "userIDList", "[]string")),
        ('{"userIDList": {}}', FIELD.format("object", "userIDList", "[]string")),
        ('{"userIDList": ["a", 1]}', FIELD.format("number", "userIDList", "string")),
        ('{"users": {}}', FIELD.format("object", "users", "[]*sdkws.UserInfo")),
        ('{"users": [1]}', FIELD.format("number", "users", "sdkws.UserInfo")),
        ('{"userInfo": "x"}', FIELD.format("string", "userInfo", "sdkws.UserInfo")),
        (
            '{"users": [{"userID": 1}]}',
            "json: cannot unmarshal number into Go struct field UserInfo.users.userID of type string",
        ),
        (
            '{"userInfo": {"createTime": 9223372036854775808}}',
            "json: cannot unmarshal number 9223372036854775808 into Go struct field "
            "UserInfo.userInfo.createTime of type int64",
        ),
        ('{"birth": -1, "secret": 1}', FIELD.format("number -1", "birth", "uint32")),
        ('{"secret": 1, "secret": "right"}', FIELD.format("number", "secret", "string")),
    ],
)
def test_a_wrong_type_is_refused_with_gos_error_text(text: str, message: str) -> None:
    with pytest.raises(BodyInvalid) as refusal:
        bound(text)
    assert str(refusal.value) == message


@dataclass(frozen=True)
class UserInfoWithEx(GoRequest):
    GO_PACKAGE: ClassVar[str] = "sdkws"

    name: str | None = field(nullable(STRING), "nickname")
    option: int | None = field(nullable(INT32), "globalRecvMsgOpt")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", UserInfoWithEx(None, None)),
        ('{"nickname":null,"globalRecvMsgOpt":null}', UserInfoWithEx(None, None)),
        ('{"nickname":"","globalRecvMsgOpt":0}', UserInfoWithEx("", 0)),
        ('{"nickname":"a","NICKNAME":null}', UserInfoWithEx(None, None)),
    ],
)
def test_a_nullable_field_distinguishes_absence_from_zero(text: str, expected: UserInfoWithEx) -> None:
    assert bind_json(UserInfoWithEx, decode_stream(decode(text.encode()))) == expected


FIELD = "json: cannot unmarshal {} into Go struct field UserInfoWithEx.{} of type {}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"nickname":1}', FIELD.format("number", "nickname", "string")),
        ('{"nickname":{"value":"a"}}', FIELD.format("object", "nickname", "string")),
        ('{"globalRecvMsgOpt":1.5}', FIELD.format("number 1.5", "globalRecvMsgOpt", "int32")),
        ('{"globalRecvMsgOpt":true}', FIELD.format("bool", "globalRecvMsgOpt", "int32")),
    ],
)
def test_a_wrong_type_in_a_nullable_field_is_refused_with_the_fields_name(text: str, message: str) -> None:
    with pytest.raises(BodyInvalid) as refusal:
        bind_json(UserInfoWithEx, decode_stream(decode(text.encode())))
    assert str(refusal.value) == message
