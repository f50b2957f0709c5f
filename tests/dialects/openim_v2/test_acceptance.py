"""OpenIM v2: a backend's sequence of calls on an empty server, and tokens of other servers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import MakeApp
from tests.dialects.openim_v2.expected import CAUSES, JSON, TEXT, bind_error, invalid, success
from tests.support import tokens
from tests.support.clock import FakeClock
from tests.support.scenario import CORS, Scenario, play

NOW = 1645675304
WEEK = 7 * 86400
REGISTER, TOKEN = "/auth/user_register", "/auth/user_token"
SEED = {
    "secret": "tuoyun",
    "platform": 1,
    "userID": "openIM1111",
    "nickname": "2222",
    "faceUrl": "https://oss.com.cn/head",
    "gender": 1,
    "phoneNum": "18666667777",
    "birth": 1640692941,
    "email": "xxxx@qq.com",
    "ex": "xxx",
    "operationID": "123111111",
}
REQUEST = {"secret": "tuoyun", "platform": 1, "userID": "openIM1111", "operationID": "asdfasdfsadf"}
OP = {"operationID": "545454"}


def issued(token: str, user_id: str) -> dict[str, Any]:
    return success({"userID": user_id, "token": token, "expiredTime": NOW + WEEK})


USER, MANAGER = tokens.v2("openIM1111", "IOS", NOW), tokens.v2("openIMAdmin", "APad", NOW)
AS_USER, AS_MANAGER = {"token": USER}, {"token": MANAGER}
DUPLICATE = (
    "123111111  UserRegister failed 123111111 imdb.UserRegister failed "
    "Error 1062: Duplicate entry 'openIM1111' for key 'PRIMARY'openIM1111"
)
SELF = {
    "appMangerLevel": 1,
    "birth": 1640692941,
    "birthStr": "2021-12-28",
    "email": "xxxx@qq.com",
    "ex": "xxx",
    "faceURL": "https://oss.com.cn/head",
    "gender": 1,
    "nickname": "2222",
    "phoneNumber": "18666667777",
    "userID": "openIM1111",
}
REQUIRED = invalid(
    "UserRegisterReq",
    ("Secret", "required"),
    ("Platform", "required"),
    ("ApiUserInfo.UserID", "required"),
    ("OperationID", "required"),
)
WRONG_TYPE = "json: cannot unmarshal string into Go struct field UserRegisterReq.platform of type int32"
KICKED = "545454 GetUserIDFromTokenExpireTime failed " + CAUSES["kicked"]
STEPS = [
    Scenario("register", REGISTER, SEED, issued(USER, "openIM1111")),
    Scenario("register again", REGISTER, SEED, {"errCode": 500, "errMsg": DUPLICATE}, 500),
    Scenario("token", TOKEN, REQUEST, issued(USER, "openIM1111")),
    Scenario(
        "token of an unknown user",
        TOKEN,
        {**REQUEST, "userID": "X"},
        {
            "errCode": 802,
            "errMsg": "record not found",
            "data": {"userID": "X", "token": "", "expiredTime": 0},
        },
    ),
    Scenario(
        "a wrong secret",
        REGISTER,
        {**SEED, "secret": "x"},
        {"errCode": 401, "errMsg": " params.Secret != config.Config.Secret "},
        400,
    ),
    Scenario("empty object", REGISTER, b"{}", bind_error(REQUIRED), 400),
    Scenario("a platform as a string", REGISTER, {**SEED, "platform": "1"}, bind_error(WRONG_TYPE), 400),
    Scenario("OPTIONS", TOKEN, b"", '"Options Request!"', method="OPTIONS"),
    Scenario(
        "manager", TOKEN, {**REQUEST, "platform": 8, "userID": "openIMAdmin"}, issued(MANAGER, "openIMAdmin")
    ),
    Scenario(
        "online status",
        "/user/get_users_online_status",
        {**OP, "userIDList": ["openIM1111", "sadsdf"]},
        success([{"userID": "openIM1111", "status": "offline"}, {"userID": "sadsdf", "status": "offline"}]),
        headers=AS_USER,
    ),
    Scenario(
        "online status of 201 users",
        "/user/get_users_online_status",
        {**OP, "userIDList": ["u"] * 201},
        bind_error(invalid("GetUsersOnlineStatusReq", ("UserIDList", "lte")), ""),
        400,
        AS_USER,
    ),
    Scenario(
        "no users", "/user/get_users_online_status", {**OP, "userIDList": []}, success([]), headers=AS_USER
    ),
    Scenario(
        "profile", "/user/get_self_user_info", {**OP, "userID": "openIM1111"}, success(SELF), headers=AS_USER
    ),
    Scenario(
        "account_check by a user",
        "/user/account_check",
        {**OP, "checkUserIDList": ["openIM1111"]},
        {"errCode": 801, "errMsg": "no permission", "data": []},
        headers=AS_USER,
    ),
    Scenario(
        "account_check by the manager",
        "/user/account_check",
        {**OP, "checkUserIDList": ["openIM1111", "111"]},
        success(
            [
                {"userID": "openIM1111", "accountStatus": "registered"},
                {"userID": "111", "accountStatus": "unregistered"},
            ]
        ),
        headers=AS_MANAGER,
    ),
    Scenario(
        "parse_token",
        "/auth/parse_token",
        OP,
        success({"ExpireTimeSeconds": NOW + WEEK}),
        headers=AS_USER,
    ),
    Scenario(
        "force_logout",
        "/auth/force_logout",
        {**OP, "platform": 1, "fromUserID": "openIM1111"},
        {"errCode": 0, "errMsg": ""},
        headers=AS_MANAGER,
    ),
    Scenario(
        "parse revoked token", "/auth/parse_token", OP, {"errCode": 1001, "errMsg": KICKED}, headers=AS_USER
    ),
]


def test_a_backends_sequence_of_calls_gets_the_expected_answers(make_app: MakeApp, clock: FakeClock) -> None:
    clock.wall = NOW
    client = make_app().test_client()
    for step in STEPS:
        play(client, step, JSON, CORS)
    play(client, Scenario("", TOKEN, b"", "404 page not found", 404, method="GET"), TEXT, CORS)


#: Tokens of real servers, all signed with the default key.
DAYS_90 = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJVSUQiOiJvcGVuSU0xMTExIiwiUGxhdGZvcm0iOiJBbmRyb2lkIiwiZXhwIjoxNzA3Nzc2"
    "MDAwLCJuYmYiOjE2OTk5OTk3MDAsImlhdCI6MTcwMDAwMDAwMH0.6Ytr8MI6NX18JQeyWlM2gFSxJs7fAu70DGPJrNBdaV8"
)
DAYS_3650 = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJVSUQiOiJvcGVuSU0xMjM0NTYiLCJQbGF0Zm9ybSI6IiIsImV4cCI6MTk3MTk2NDgwMCwi"
    "bmJmIjoxNjU2NjA0ODAwLCJpYXQiOjE2NTY2MDQ4MDB9.MZR8wqYmJjUwOovqQCarpDGA1jRTuBqCP7cb4G7yHAY"
)


def test_a_token_of_an_older_release_is_reproduced(make_app: MakeApp, clock: FakeClock) -> None:
    """The token is valid for ten years and its platform has no name."""
    clock.wall = 1656604800.5
    client = make_app(openim_v2_token_days=3650).test_client()
    body = {**REQUEST, "platform": 11, "userID": "openIM123456"}
    data = {"userID": "openIM123456", "token": DAYS_3650, "expiredTime": 1971964800}
    play(client, Scenario("", TOKEN, body, success(data)), JSON, CORS)


@pytest.mark.parametrize(
    ("token", "now", "cause"),
    [
        (DAYS_90, 1700000000, "unknown"),
        (DAYS_90, 1700000000 - 1, "forged"),
        (DAYS_90, 1700000000 - 301, "early"),
        (DAYS_90, 1707776000, "expired"),
        (DAYS_90[:-5] + "AAAAA", 1700000000, "forged"),
        (DAYS_3650, 1656604800, "unknown"),
    ],
)
def test_a_token_of_another_server_is_validated_but_unknown(
    make_app: MakeApp, clock: FakeClock, token: str, now: int, cause: str
) -> None:
    clock.wall = now
    answer = {"errCode": 1001, "errMsg": "545454 GetUserIDFromTokenExpireTime failed " + CAUSES[cause]}
    play(
        make_app().test_client(),
        Scenario("", "/auth/parse_token", OP, answer, headers={"token": token}),
        JSON,
        CORS,
    )
