"""Shared data of the OpenIM v3 tests: paths, credentials, answer envelopes."""

from __future__ import annotations

from typing import Any

from tests.dialects.conftest import NOW
from tests.support import tokens

JSON, TEXT = "application/json", "text/plain"
REGISTER, CHECK = "/user/user_register", "/user/account_check"
TOKEN, ADMIN_TOKEN, USER_TOKEN = "/auth/user_token", "/auth/get_admin_token", "/auth/get_user_token"

OP = {"operationID": "1"}
ALICE_LEGACY, ALICE = tokens.v3_4("alice", 1, NOW), tokens.v3_8("alice", 1, NOW)
ADMIN_LEGACY, ADMIN = tokens.v3_4("openIMAdmin", 1, NOW), tokens.v3_8("imAdmin", 10, NOW)
ALICE_V2 = tokens.v2("alice", "IOS", NOW)
AS_ADMIN, AS_LEGACY_ADMIN = {**OP, "token": ADMIN}, {**OP, "token": ADMIN_LEGACY}
AS_ALICE, AS_LEGACY_ALICE = {**OP, "token": ALICE}, {**OP, "token": ALICE_LEGACY}
DONE = {"errCode": 0, "errMsg": "", "errDlt": ""}
FIELD = "json: cannot unmarshal {} into Go struct field {} of type {}"


def current(code: int, name: str, detail: str) -> dict[str, object]:
    return {"errCode": code, "errMsg": name, "errDlt": detail}


def legacy(code: int, name: str, message: str) -> dict[str, object]:
    return {"errCode": code, "errMsg": name, "errDlt": f"{message}: {code} {name}"}


def args(message: str) -> dict[str, object]:
    return current(1001, "ArgsError", message)


def legacy_args(message: str) -> dict[str, object]:
    return legacy(1001, "ArgsError", message)


def no_permission(message: str) -> dict[str, object]:
    return current(1002, "NoPermissionError", message)


def legacy_no_permission(message: str) -> dict[str, object]:
    return legacy(1002, "NoPermissionError", message)


def not_found(message: str) -> dict[str, object]:
    return current(1004, "RecordNotFoundError", message)


def legacy_not_found(message: str) -> dict[str, object]:
    return legacy(1004, "RecordNotFoundError", message)


def data(value: object) -> dict[str, object]:
    return {**DONE, "data": value}


def users(*user_ids: str) -> dict[str, Any]:
    return {"users": [{"userID": user_id, "nickname": "N"} for user_id in user_ids]}


SECRET = {"secret": "openIM123"}


def issued(token: str) -> dict[str, object]:
    return {**DONE, "data": {"token": token, "expireTimeSeconds": 7776000}}


LEGACY_UNKNOWN = legacy(1505, "TokenUnknownError", "")
QUERY = {"checkUserIDs": ["nobody", "alice"]}
