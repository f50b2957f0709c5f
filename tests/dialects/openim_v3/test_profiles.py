"""OpenIM v3: reading and writing user profiles, in both generations."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rollcall_server.models import User

from tests.conftest import MakeApp
from tests.dialects.openim_v3.expected import (
    AS_ADMIN,
    AS_ALICE,
    AS_LEGACY_ADMIN,
    AS_LEGACY_ALICE,
    DONE,
    FIELD,
    JSON,
    OP,
    args,
    data,
    legacy_args,
    legacy_no_permission,
    legacy_not_found,
    no_permission,
    not_found,
)
from tests.support.clock import START, FakeClock
from tests.support.scenario import CORS, Scenario, play, scenarios

INFO, LIST, IDS = "/user/get_users_info", "/user/get_users", "/user/get_all_users_uid"
UPDATE, UPDATE_EX = "/user/update_user_info", "/user/update_user_info_ex"
RECEIVE, COUNT = "/user/set_global_msg_recv_opt", "/statistics/user/register"
MONGO = not_found("mongo: no documents in result mongo find one")
ADMIN_IDS = ["imAdmin", "openIMAdmin", "openIM123456", "openIM654321", "openIM333"]


def info(user_id: str, nickname: str = "", level: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "userID": user_id,
        "nickname": nickname,
        "faceURL": "",
        "ex": "",
        "createTime": int(START * 1000),
        "appMangerLevel": level,
        "globalRecvMsgOpt": 0,
        **more,
    }


def both(name: str, path: str, body: Any, message: str) -> list[Scenario]:
    """Return one argument error as each generation renders it."""
    return [
        Scenario(name, "/v3.8" + path, body, args(message), headers=AS_ALICE),
        Scenario(f"legacy: {name}", "/v3.4" + path, body, legacy_args(message), headers=AS_LEGACY_ALICE),
    ]


def page(number: int, size: int, **more: Any) -> dict[str, Any]:
    return {"pagination": {"pageNumber": number, "showNumber": size}, **more}


REFUSED = [
    *(
        row
        for name, body in (("empty object", {}), ("null", {"userIDs": None}), ("[]", {"userIDs": []}))
        for row in both(f"get_users_info: {name}", INFO, body, "UserIDs is empty")
    ),
    Scenario(
        "get_users_info: an id as a number",
        INFO,
        {"userIDs": [1]},
        args(FIELD.format("number", "GetDesignateUsersReq.userIDs", "string")),
        headers=AS_ALICE,
    ),
    *(
        row
        for path in (LIST, IDS)
        for name, body, message in (
            ("empty object", {}, "pagination is empty"),
            ("null", {"pagination": None}, "pagination is empty"),
            ("no page", {"pagination": {}}, "pageNumber is invalid"),
            ("page 0", page(0, 10), "pageNumber is invalid"),
            ("page -1", page(-1, 10), "pageNumber is invalid"),
        )
        for row in both(f"{path}: {name}", path, body, message)
    ),
    Scenario(
        "get_users: a page as a string",
        "/v3" + LIST,
        {"pagination": {"pageNumber": "1"}},
        args(FIELD.format("string", "RequestPagination.pagination.pageNumber", "int32")),
        headers=AS_ALICE,
    ),
    Scenario(
        "get_users: a page beyond int32",
        "/v3" + LIST,
        page(2147483648, 1),
        args(FIELD.format("number 2147483648", "RequestPagination.pagination.pageNumber", "int32")),
        headers=AS_ALICE,
    ),
    *both("update: empty object", UPDATE, {}, "UserInfo is empty"),
    *both("update: null", UPDATE, {"userInfo": None}, "UserInfo is empty"),
    *both("update: no userID", UPDATE, {"userInfo": {"nickname": "N"}}, "UserID is empty"),
    *both("update_ex: empty object", UPDATE_EX, {}, "userInfo is empty"),
    *both("update_ex: no userID", UPDATE_EX, {"userInfo": {"nickname": "N"}}, "userID is empty"),
    *(
        row
        for path in (UPDATE, UPDATE_EX)
        for row in (
            Scenario(
                f"{path}: another user",
                path,
                {"userInfo": {"userID": "bob", "nickname": "N"}},
                no_permission("ownerUserID, bob=MISSING"),
                headers=AS_ALICE,
            ),
            Scenario(
                f"legacy: {path}: another user",
                path,
                {"userInfo": {"userID": "bob", "nickname": "N"}},
                legacy_no_permission("CheckAccessV3"),
                headers=AS_LEGACY_ALICE,
            ),
            Scenario(
                f"{path}: unknown user",
                path,
                {"userInfo": {"userID": "nobody", "nickname": "N"}},
                MONGO,
                headers=AS_ADMIN,
            ),
            Scenario(
                f"legacy: {path}: unknown user",
                path,
                {"userInfo": {"userID": "nobody"}},
                legacy_not_found("userID not found"),
                headers=AS_LEGACY_ADMIN,
            ),
        )
    ),
    Scenario(
        "get_users_info: 10001 ids",
        "/v3" + INFO,
        {"userIDs": [str(number) for number in range(10_001)]},
        args("the list has over 10000 entries"),
        headers=AS_ALICE,
    ),
    Scenario(
        "legacy: get_users_info: 10001 ids",
        INFO,
        {"userIDs": ["alice"] * 10_001},
        legacy_args("the list has over 10000 entries"),
        headers=AS_LEGACY_ALICE,
    ),
    Scenario(
        "update_ex: an oversized profile",
        UPDATE_EX,
        {"userInfo": {"userID": "alice", "nickname": "x", "ex": "x" * 65_536}},
        args("the texts have over 65536 characters"),
        headers=AS_ALICE,
    ),
    Scenario(
        "update_ex: a wrapped value",
        UPDATE_EX,
        {"userInfo": {"userID": "alice", "nickname": {"value": "N"}}},
        args(FIELD.format("object", "UserInfoWithEx.userInfo.nickname", "string")),
        headers=AS_ALICE,
    ),
    Scenario(
        "update_ex: an option beyond int32",
        UPDATE_EX,
        {"userInfo": {"userID": "alice", "globalRecvMsgOpt": 2147483648}},
        args(FIELD.format("number 2147483648", "UserInfoWithEx.userInfo.globalRecvMsgOpt", "int32")),
        headers=AS_ALICE,
    ),
    *(
        row
        for option in (-1, 3)
        for row in both(
            f"receive: {option}", RECEIVE, {"globalRecvMsgOpt": option}, "GlobalRecvMsgOpt is invalid"
        )
    ),
    *both("receive: no userID", RECEIVE, {"globalRecvMsgOpt": 2}, "UserID is empty"),
    Scenario(
        "receive: unknown user",
        RECEIVE,
        {"userID": "nobody", "globalRecvMsgOpt": 2},
        not_found("userID not found"),
        headers=AS_ALICE,
    ),
    Scenario(
        "legacy: receive: unknown user",
        RECEIVE,
        {"userID": "nobody"},
        legacy_not_found("userID not found"),
        headers=AS_LEGACY_ALICE,
    ),
    *both("count: no start", COUNT, {"end": 1}, "start is invalid"),
    *both("count: no end", COUNT, {"start": 1, "end": -1}, "end is invalid"),
    *both("count: end before start", COUNT, {"start": 2, "end": 1}, "start > end"),
    Scenario(
        "count: beyond int64",
        COUNT,
        {"start": 2**63},
        args(FIELD.format(f"number {2**63}", "UserRegisterCountReq.start", "int64")),
        headers=AS_ALICE,
    ),
    *(
        Scenario(f"{path}: no token", path, b"{}", args("header must have token"), headers=OP)
        for path in (UPDATE_EX, COUNT, "/v3.8" + INFO, "/v3.8" + LIST, "/v3.8" + IDS, "/v3.8" + RECEIVE)
    ),
]


@scenarios(REFUSED)
def test_refusals_match_v3_byte_for_byte(client: FlaskClient, scenario: Scenario) -> None:
    play(client, scenario, JSON, CORS)


ALICE, BOB, APP = info("alice", "Alice"), info("bob", "Bob"), info("app", "App", 3)
YEAR_1 = -62135596800000
ROOT = info("imAdmin", "imAdmin", 3, createTime=YEAR_1)
READ = [
    Scenario(
        "in request order, without repeated and unknown users",
        INFO,
        {"userIDs": ["bob", "nobody", "alice", "bob", "", "imAdmin", "app"]},
        data({"usersInfo": [BOB, ALICE, ROOT, APP]}),
        headers=AS_ALICE,
    ),
    Scenario("an unknown user", INFO, {"userIDs": ["nobody"]}, data({"usersInfo": None}), headers=AS_ALICE),
    Scenario(
        "legacy: in request order, with repeated users and legacy levels",
        INFO,
        {"userIDs": ["bob", "openIMAdmin", "bob", "app"]},
        data(
            {
                "usersInfo": [
                    info("bob", "Bob", 1),
                    info("openIMAdmin", "openIMAdmin", 2),
                    info("bob", "Bob", 1),
                    info("app", "App", 3),
                ]
            }
        ),
        headers=AS_LEGACY_ALICE,
    ),
    Scenario(
        "legacy: an unknown user among them",
        INFO,
        {"userIDs": ["alice", "nobody"]},
        legacy_not_found("userID not found"),
        headers=AS_LEGACY_ALICE,
    ),
    Scenario(
        "ids: all users, in order of registration",
        IDS,
        page(1, 10),
        data({"total": 8, "userIDs": [*ADMIN_IDS, "alice", "bob", "app"]}),
        headers=AS_ALICE,
    ),
    *(
        Scenario(
            f"legacy: ids: all, showNumber {size}",
            IDS,
            {"pagination": {"pageNumber": 7, "showNumber": size}},
            data({"total": 8, "userIDs": [*ADMIN_IDS, "alice", "bob", "app"]}),
            headers=AS_LEGACY_ALICE,
        )
        for size in (0, -1, -(2**31))
    ),
    Scenario(
        "legacy: ids: all, no showNumber",
        IDS,
        {"pagination": {"pageNumber": 1}},
        data({"total": 8, "userIDs": [*ADMIN_IDS, "alice", "bob", "app"]}),
        headers=AS_LEGACY_ALICE,
    ),
    Scenario(
        "ids: a page", IDS, page(3, 3), data({"total": 8, "userIDs": ["bob", "app"]}), headers=AS_LEGACY_ALICE
    ),
    *(
        Scenario(name, IDS, body, data({"total": 8, "userIDs": None}), headers=AS_ALICE)
        for name, body in (
            ("ids: beyond the end", page(4, 3)),
            ("ids: far beyond the end", page(2**31 - 1, 2**31 - 1)),
            ("ids: page size 0", page(1, 0)),
            ("ids: page size -3", page(7, -3)),
        )
    ),
    Scenario(
        "users: without administrators and app accounts",
        LIST,
        page(1, 10),
        data({"total": 2, "users": [ALICE, BOB]}),
        headers=AS_ALICE,
    ),
    Scenario("users: a page", LIST, page(2, 1), data({"total": 2, "users": [BOB]}), headers=AS_ALICE),
    Scenario("users: page size -1", LIST, page(1, -1), data({"total": 2, "users": None}), headers=AS_ALICE),
    Scenario(
        "legacy: users: including administrators and app accounts",
        LIST,
        page(2, 6),
        data({"total": 8, "users": [info("bob", "Bob", 1), info("app", "App", 3)]}),
        headers=AS_LEGACY_ALICE,
    ),
    *(
        Scenario(
            f"users: {more}",
            LIST,
            page(1, 10, **more),
            data({"total": len(found), "users": found or None}),
            headers=AS_ALICE,
        )
        for more, found in (
            ({"userID": "LIC"}, [ALICE]),
            ({"nickName": "b"}, [BOB]),
            ({"userID": "ali", "nickName": "bob"}, [ALICE, BOB]),
            ({"userID": "carol"}, []),
            ({"userID": "", "nickName": ""}, [ALICE, BOB]),
            ({"userID": "%"}, []),
            ({"userID": "a_i"}, []),
            ({"userID": "'"}, []),
            ({"userID": "a.i"}, []),
            ({"nickName": "^(A|B)O?"}, []),
            ({"userID": "^b", "nickName": "lice"}, [ALICE]),
            ({"userID": "(a"}, []),
            ({"nickName": "." * 32765}, []),
        )
    ),
    Scenario(
        "users: a page of the matches",
        LIST,
        page(2, 1, userID="b", nickName="alice"),
        data({"total": 2, "users": [BOB]}),
        headers=AS_ALICE,
    ),
    Scenario(
        "count: the day of registration",
        COUNT,
        {"start": 1_700_000_000_250, "end": 1_700_000_000_251},
        data({"total": 8, "before": 5, "count": {"2023-11-14": 3}}),
        headers=AS_ALICE,
    ),
    Scenario(
        "count: after all registrations",
        COUNT,
        {"start": 1_700_000_000_251, "end": 2**63 - 1},
        data({"total": 8, "before": 8, "count": None}),
        headers=AS_LEGACY_ALICE,
    ),
    Scenario(
        "count: before the first registration",
        COUNT,
        {"start": 1, "end": 1_700_000_000_250},
        data({"total": 8, "before": 5, "count": None}),
        headers=AS_ADMIN,
    ),
]


@scenarios(READ)
def test_answers_match_v3_byte_for_byte(client: FlaskClient, scenario: Scenario) -> None:
    play(client, scenario, JSON, CORS)


@pytest.fixture(name="app")
def _app(make_app: MakeApp) -> Flask:
    """Return an app in which alice has every profile field set."""
    app = make_app()
    services = app.extensions["rollcall"]
    services.start()
    services.users.register(
        [User("alice", "Alice", "F", ex="x", global_recv_msg_opt=1, level=1), User("bob")]
    )
    for user_id, platform_id in (("imAdmin", 10), ("alice", 1)):
        services.tokens.issue(services.codecs["v3.8"].request(user_id, platform_id))
    return app


BEFORE = info("alice", "Alice", 1, faceURL="F", ex="x", globalRecvMsgOpt=1)


@pytest.mark.parametrize("headers", [AS_ALICE, AS_ADMIN], ids=["by the user", "by an administrator"])
@pytest.mark.parametrize(
    ("path", "changes", "after"),
    [
        (UPDATE, {}, {}),
        (UPDATE, {"nickname": "", "faceURL": "", "ex": "", "globalRecvMsgOpt": 0}, {}),
        (UPDATE, {"nickname": None, "faceURL": "G"}, {"faceURL": "G"}),
        (
            UPDATE,
            {"nickname": "B", "ex": "y", "globalRecvMsgOpt": 2, "appMangerLevel": 4, "createTime": 5},
            {"nickname": "B", "ex": "y", "globalRecvMsgOpt": 2},
        ),
        (UPDATE_EX, {}, {}),
        (UPDATE_EX, {"nickname": None, "faceURL": None, "ex": None, "globalRecvMsgOpt": None}, {}),
        (
            UPDATE_EX,
            {"nickname": "", "faceURL": "", "ex": "", "globalRecvMsgOpt": 0},
            {"nickname": "", "faceURL": "", "ex": "", "globalRecvMsgOpt": 0},
        ),
        (UPDATE_EX, {"NickName": "B", "appMangerLevel": 4, "createTime": 5}, {"nickname": "B"}),
    ],
)
def test_a_profile_can_be_updated_by_its_user_and_by_an_administrator(
    app: Flask, headers: dict[str, str], path: str, changes: dict[str, Any], after: dict[str, Any]
) -> None:
    client = app.test_client()
    body = {"userInfo": {"userID": "alice", **changes}}
    play(client, Scenario("", path, body, DONE, headers=headers), JSON, CORS)
    play(
        client,
        Scenario(
            "", INFO, {"userIDs": ["alice"]}, data({"usersInfo": [{**BEFORE, **after}]}), headers=headers
        ),
        JSON,
        CORS,
    )


@pytest.mark.parametrize("option", [0, 1, 2])
def test_any_user_can_set_the_receive_option_of_any_user(app: Flask, option: int) -> None:
    client = app.test_client()
    body = {"userID": "bob", "globalRecvMsgOpt": option}
    play(client, Scenario("", RECEIVE, body, DONE, headers=AS_ALICE), JSON, CORS)
    answer = data({"usersInfo": [info("bob", globalRecvMsgOpt=option)]})
    play(client, Scenario("", INFO, {"userIDs": ["bob"]}, answer, headers=AS_ALICE), JSON, CORS)


def test_registrations_are_counted_by_utc_day(app: Flask, clock: FakeClock) -> None:
    services = app.extensions["rollcall"]
    # 2023-11-14 ends at 1700006400.
    for second, user_id in ((1_700_006_399.999, "eve"), (1_700_006_400.0, "adam"), (1_700_179_200.0, "last")):
        clock.wall = second
        services.users.register([User(user_id)])
    body = {"start": 1_700_006_399_999, "end": 1_700_179_200_001}
    count = {"2023-11-14": 1, "2023-11-15": 1, "2023-11-17": 1}
    answer = data({"total": 10, "before": 7, "count": count})
    play(app.test_client(), Scenario("", COUNT, body, answer, headers=AS_ADMIN), JSON, CORS)


def test_an_oversized_answer_is_refused(app: Flask) -> None:
    services = app.extensions["rollcall"]
    services.users.register([User("fat", ex="x" * 65_536)])
    services.tokens.issue(services.codecs["v3.4"].request("alice", 1))
    message = "the answer would have over 8388608 characters, ask for less"
    query = {"userIDs": ["fat"] * 128}
    refusal = legacy_args(message)
    play(app.test_client(), Scenario("", INFO, query, refusal, headers=AS_LEGACY_ALICE), JSON, CORS)
    services.users.register([User(f"fat{number}", ex="x" * 65_536) for number in range(128)])
    refusal = args(message)
    body = page(1, 2000)
    play(app.test_client(), Scenario("", LIST, body, refusal, headers=AS_ALICE), JSON, CORS)


def test_a_pattern_is_text_like_any_other(app: Flask) -> None:
    services = app.extensions["rollcall"]
    services.users.register([User("pattern", "a.*b(c"), User("long", "x" * 65_000 + "yz")])
    client = app.test_client()
    for nickname, total in ((".*B(", 1), ("a.b", 0), ("XYZ", 1)):
        response = client.post(LIST, json=page(1, 1, nickName=nickname), headers=AS_ALICE)
        assert response.get_json()["data"]["total"] == total
