"""OpenIM v3: the numbered examples of the protocol's description, in sequence on one server."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import MakeApp
from tests.dialects.openim_v3.expected import (
    DONE,
    JSON,
    SECRET,
    args,
    current,
    data,
    issued,
    legacy,
    legacy_args,
    no_permission,
)
from tests.support import tokens
from tests.support.clock import FakeClock
from tests.support.scenario import CORS, Scenario, play

NOW = 1_700_000_000
DAYS = 90 * 86400
OP = {"operationID": "1"}
ADMIN, U1 = tokens.v3_8("imAdmin", 10, NOW), tokens.v3_8("u1", 1, NOW)
AS_ADMIN, AS_U1, AS_U2 = ({**OP, "token": token} for token in (ADMIN, U1, tokens.v3_8("u2", 2, NOW)))
REGISTER, INFO = "/user/user_register", "/user/get_users_info"
U1_INFO = {
    "userID": "u1",
    "nickname": "A",
    "faceURL": "",
    "ex": "",
    "createTime": 1700000000000,
    "appMangerLevel": 0,
    "globalRecvMsgOpt": 0,
}


CURRENT: list[tuple[int, str, Any, dict[str, str], dict[str, Any]]] = [
    (1, "/auth/get_admin_token", {**SECRET, "userID": "imAdmin"}, OP, issued(ADMIN)),
    (2, "/auth/get_admin_token", {"secret": "x", "userID": "imAdmin"}, OP, no_permission("secret invalid")),
    (
        3,
        "/auth/get_admin_token",
        {**SECRET, "userID": "bob"},
        OP,
        args("userID is error., userID=bob, adminUserID=[imAdmin]"),
    ),
    (4, "/auth/get_admin_token", {**SECRET, "userID": "imAdmin"}, {}, args("header must have operationID")),
    (5, INFO, {"userIDs": ["u1"]}, OP, args("header must have token")),
    (6, REGISTER, {"users": [{"userID": "u1", "nickname": "A"}]}, AS_ADMIN, DONE),
    (
        7,
        REGISTER,
        {"users": [{"userID": "u1", "nickname": "A"}]},
        AS_ADMIN,
        current(1102, "RegisteredAlreadyError", "userID registered already"),
    ),
    (8, REGISTER, {"users": [{"userID": "a-b", "nickname": "A"}]}, AS_ADMIN, args("userID is legal")),
    (9, REGISTER, {"users": [{"userID": "u2"}]}, AS_ADMIN, args("user name is empty")),
    (11, "/auth/get_user_token", {"platformID": 1, "userID": "u1"}, AS_ADMIN, issued(U1)),
    (
        10,
        REGISTER,
        {"users": [{"userID": "u2", "nickname": "B"}]},
        AS_U1,
        no_permission("user u1 is not admin userID"),
    ),
    (
        12,
        "/auth/get_user_token",
        {"platformID": 1, "userID": "nobody"},
        AS_ADMIN,
        current(1004, "RecordNotFoundError", "record not found"),
    ),
    (
        13,
        "/auth/get_user_token",
        {"platformID": 1, "userID": "imAdmin"},
        AS_ADMIN,
        no_permission("don't get Admin token"),
    ),
    (
        14,
        "/auth/get_user_token",
        {"platformID": 10, "userID": "u1"},
        AS_ADMIN,
        no_permission("platformID invalid. platformID must not be adminPlatformID"),
    ),
    (
        15,
        "/auth/parse_token",
        {"token": U1},
        OP,
        data({"userID": "u1", "platformID": 1, "expireTimeSeconds": NOW + DAYS}),
    ),
    (
        17,
        "/auth/parse_token",
        {"token": tokens.v3_8("u1", 1, NOW, key="another")},
        OP,
        current(1505, "signature is invalid", "TokenUnknownError"),
    ),
    (
        17,
        INFO,
        {"userIDs": ["u1"]},
        {**OP, "token": tokens.v3_8("u1", 1, NOW, key="another")},
        current(1505, "signature is invalid", "TokenUnknownError"),
    ),
    (
        18,
        "/auth/parse_token",
        {"token": "garbage"},
        OP,
        current(1503, "TokenMalformedError", "TokenMalformedError"),
    ),
    (
        19,
        "/user/account_check",
        {"checkUserIDs": ["u1", "zz"]},
        AS_ADMIN,
        data({"results": [{"userID": "u1", "accountStatus": 1}, {"userID": "zz", "accountStatus": 0}]}),
    ),
    (20, INFO, {"userIDs": ["zz"]}, AS_ADMIN, data({"usersInfo": None})),
    (21, INFO, {"userIDs": ["u1"]}, AS_U1, data({"usersInfo": [U1_INFO]})),
    (
        22,
        "/user/get_users_status",
        {"userIDs": ["u1"]},
        AS_U1,
        data({"statusList": [{"userID": "u1", "status": 0, "platformIDs": None}]}),
    ),
    (
        23,
        "/user/get_users_online_status",
        {"userIDs": ["u1"]},
        AS_ADMIN,
        data([{"userID": "u1", "status": 0, "detailPlatformStatus": None}]),
    ),
    (
        24,
        "/user/get_users",
        {"pagination": {"pageNumber": 0, "showNumber": 10}},
        AS_U1,
        args("pageNumber is invalid"),
    ),
    (25, REGISTER, {"users": [{"userID": "u2", "nickname": "B"}]}, AS_ADMIN, DONE),
    (
        25,
        "/auth/get_user_token",
        {"platformID": 2, "userID": "u2"},
        AS_ADMIN,
        issued(tokens.v3_8("u2", 2, NOW)),
    ),
    (
        25,
        "/user/update_user_info",
        {"userInfo": {"userID": "u1", "nickname": "B"}},
        AS_U2,
        no_permission("ownerUserID, u1=MISSING"),
    ),
    (16, "/auth/force_logout", {"platformID": 1, "userID": "u1"}, AS_ADMIN, DONE),
    (16, INFO, {"userIDs": ["u1"]}, AS_U1, current(1506, "TokenKickedError", "TokenKickedError")),
]


@pytest.fixture
def v3(make_app: MakeApp, clock: FakeClock) -> FlaskClient:
    clock.wall = NOW
    return make_app().test_client()


def test_the_examples_of_the_current_generation_get_their_answers(v3: FlaskClient) -> None:
    for number, path, body, headers, answer in CURRENT:
        play(v3, Scenario(str(number), path, body, answer, headers=headers), JSON, CORS)


SEED_NOW = 1_698_819_340
SEED_USER = tokens.v3_4("11111112", 1, SEED_NOW)
SEED_ADMIN = tokens.v3_4("openIMAdmin", 1, SEED_NOW)
NOT_FOUND = ": 1004 RecordNotFoundError userID not found: 1004 RecordNotFoundError"
LEGACY: list[tuple[int, str, Any, dict[str, str], dict[str, Any], int]] = [
    (26, "/v3.4" + REGISTER, {**SECRET, "users": [{"userID": "11111112"}]}, OP, DONE, 200),
    (
        27,
        "/v3.4" + REGISTER,
        {"secret": "x", "users": [{"userID": "11111112"}]},
        OP,
        legacy(1002, "NoPermissionError", "secret invalid"),
        200,
    ),
    (28, "/auth/user_token", {**SECRET, "platformID": 1, "userID": "11111112"}, OP, issued(SEED_USER), 200),
    (
        29,
        "/auth/user_token",
        {**SECRET, "platformID": 1, "userID": "nobody"},
        OP,
        {"errCode": 1004, "errMsg": "RecordNotFoundError", "errDlt": NOT_FOUND},
        200,
    ),
    (
        30,
        "/auth/user_token",
        {**SECRET, "platformID": 0, "userID": "11111112"},
        OP,
        legacy_args("platform is invalidate"),
        200,
    ),
    (
        31,
        "/user/account_check",
        {"checkUserIDs": ["11111111", "11111112"]},
        {**OP, "token": SEED_USER},
        legacy(1002, "NoPermissionError", "user 11111112 is not admin userID"),
        200,
    ),
    (
        32,
        "/auth/user_token",
        {**SECRET, "platformID": 1, "userID": "openIMAdmin"},
        OP,
        issued(SEED_ADMIN),
        200,
    ),
    (
        32,
        "/user/account_check",
        {"checkUserIDs": ["11111111", "11111112"]},
        {**OP, "token": SEED_ADMIN},
        data(
            {
                "results": [
                    {"userID": "11111111", "accountStatus": "unregistered"},
                    {"userID": "11111112", "accountStatus": "registered"},
                ]
            }
        ),
        200,
    ),
    (
        33,
        "/auth/parse_token",
        {"token": SEED_USER},
        OP,
        data({"userID": "11111112", "platform": "IOS", "expireTimeSeconds": 1706595340}),
        200,
    ),
    (
        34,
        INFO,
        {"userIDs": ["11111112"]},
        {**OP, "token": tokens.v3_4("11111112", 1, SEED_NOW - DAYS)},
        legacy(1505, "TokenUnknownError", ""),
        200,
    ),
    (
        34,
        "/v3.4" + INFO,
        {"userIDs": ["11111112"]},
        {**OP, "token": "garbage"},
        legacy(1505, "TokenUnknownError", ""),
        200,
    ),
    (
        35,
        "/v3.4/auth/user_token",
        b"x",
        OP,
        current(1001, "ArgsError", "invalid character 'x' looking for beginning of value"),
        400,
    ),
]


def test_the_examples_of_the_legacy_generation_get_their_answers(make_app: MakeApp, clock: FakeClock) -> None:
    clock.wall = SEED_NOW
    client = make_app().test_client()
    for number, path, body, headers, answer, status in LEGACY:
        play(client, Scenario(str(number), path, body, answer, status, headers), JSON, CORS)


def test_every_example_number_is_covered() -> None:
    assert {row[0] for row in CURRENT} | {row[0] for row in LEGACY} == set(range(1, 36))
