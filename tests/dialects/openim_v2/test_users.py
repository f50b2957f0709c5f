"""OpenIM v2: exact answers and effects of the calls about tokens and users."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from rollcall_server.models import User

from tests.conftest import MakeApp
from tests.dialects.conftest import NOW
from tests.dialects.openim_v2.expected import CAUSES, JSON, OP, SECRET, bind_error, invalid, success
from tests.support import tokens
from tests.support.clock import FakeClock
from tests.support.scenario import CORS, Scenario, play, scenarios

ADMIN, ALICE = tokens.v2("openIMAdmin", "IOS", NOW), tokens.v2("alice", "IOS", NOW)
AS_ADMIN, AS_ALICE = {"token": ADMIN}, {"token": ALICE}
DONE = {"errCode": 0, "errMsg": ""}
#: The administrators in order of registration, then the users of the fixture.
ALL_USER_IDS = ["imAdmin", "openIMAdmin", "openIM123456", "openIM654321", "openIM333", "alice", "bob"]
FULL_USER = User(
    "alice",
    "Alice",
    "F",
    gender=2,
    phone_number="1",
    birth=1640692941,
    email="E",
    ex="x",
    level=3,
    global_recv_msg_opt=1,
)


@pytest.fixture(name="app")
def _app(make_app: MakeApp) -> Flask:
    """Return an app in which alice has every profile field set, and bob none."""
    app = make_app()
    services = app.extensions["rollcall"]
    services.start()
    services.users.register([FULL_USER, User("bob")])
    for user_id in ("alice", "openIMAdmin"):
        services.tokens.issue(services.codecs["v2"].request(user_id, 1))
    return app


PUBLIC = {"ex": "x", "faceURL": "F", "gender": 2, "nickname": "Alice", "userID": "alice"}
SELF = {
    "appMangerLevel": 3,
    "birth": 1640692941,
    "birthStr": "2021-12-28",
    "email": "E",
    "ex": "x",
    "faceURL": "F",
    "gender": 2,
    "globalRecvMsgOpt": 1,
    "nickname": "Alice",
    "phoneNumber": "1",
    "userID": "alice",
}
BOB = {"appMangerLevel": 1, "birthStr": "1970-01-01", "userID": "bob"}


def cms(user_id: str, **given: Any) -> dict[str, Any]:
    row = {
        "userID": user_id,
        "nickname": "",
        "faceURL": "",
        "gender": 0,
        "phoneNumber": "",
        "birth": 0,
        "email": "",
        "ex": "",
        "createIp": "",
        "createTime": NOW,
        "LastLoginIp": "",
        "LastLoginTime": 0,
        "appMangerLevel": 1,
        "globalRecvMsgOpt": 0,
        "isBlock": False,
    }
    return {**row, **given}


CMS_ALICE = cms(
    "alice",
    nickname="Alice",
    faceURL="F",
    gender=2,
    phoneNumber="1",
    birth=1640692941,
    email="E",
    ex="x",
    appMangerLevel=3,
    globalRecvMsgOpt=1,
)


def page(rows: list[dict[str, Any]] | None, total: int, number: int, size: int) -> dict[str, Any]:
    return success({"userList": rows, "totalNum": total, "currentPage": number, "showNumber": size})


def call(path: str, body: dict[str, Any], answer: Any, status: int = 200, **more: Any) -> Scenario:
    headers = more.pop("headers", AS_ADMIN)
    name = f"{path} {body} {'by alice' if headers is AS_ALICE else ''}"
    return Scenario(name, path, {**OP, **body}, answer, status, headers)


USERS = "/user/get_users"
ANSWERS = [
    call("/auth/parse_token", {}, success({"ExpireTimeSeconds": NOW + 7 * 86400}), headers=AS_ALICE),
    *(
        row
        for path in ("/user/get_users_info", "/user/get_users_info_from_cache")
        for row in (
            call(
                path,
                {"userIDList": ["bob", "nobody", "alice", "bob"]},
                success([{"userID": "bob"}, PUBLIC, {"userID": "bob"}]),
                headers=AS_ALICE,
            ),
            call(path, {"userIDList": ["nobody", ""]}, success([])),
            call(path, {"userIDList": ["ALICE", "alice\0"]}, success([])),
            call(path, {"userIDList": []}, {"errCode": 803, "errMsg": "args failed", "data": []}),
        )
    ),
    call("/user/get_self_user_info", {"userID": "alice"}, success(SELF), headers=AS_ALICE),
    call("/user/get_self_user_info", {"userID": "bob"}, success(BOB)),
    call(
        "/user/get_self_user_info",
        {"userID": "openIMAdmin"},
        success(
            {
                "appMangerLevel": 2,
                "birthStr": "1970-01-01",
                "nickname": "openIMAdmin",
                "userID": "openIMAdmin",
            }
        ),
    ),
    call(
        "/user/get_self_user_info",
        {"userID": "nobody"},
        {"errCode": 802, "errMsg": "db failed", "data": None},
    ),
    *(
        call(path, {}, success(ALL_USER_IDS))
        for path in ("/v2/user/get_all_users_uid", "/user/get_all_users_uid", "/manager/get_all_users_uid")
    ),
    *(
        row
        for path in ("/user/account_check", "/manager/account_check")
        for row in (
            call(
                path,
                {"checkUserIDList": ["nobody", "alice", "", "alice"]},
                success(
                    [
                        {"userID": "nobody", "accountStatus": "unregistered"},
                        {"userID": "alice", "accountStatus": "registered"},
                        {"accountStatus": "unregistered"},
                        {"userID": "alice", "accountStatus": "registered"},
                    ]
                ),
            ),
            call(path, {"checkUserIDList": []}, success([])),
            call(
                path,
                {"checkUserIDList": ["u"] * 101},
                bind_error(invalid("AccountCheckReq", ("CheckUserIDList", "lte")), ""),
                400,
            ),
        )
    ),
    call(
        "/manager/get_users_online_status",
        {"userIDList": ["u"] * 201},
        bind_error(invalid("GetUsersOnlineStatusReq", ("UserIDList", "lte")), ""),
        400,
    ),
    *(
        call(path, {}, {**DONE, "userIDList": None}, headers=AS_ALICE)
        for path in ("/user/get_user_friend_from_cache", "/user/get_black_list_from_cache")
    ),
    call(USERS, {"pageNumber": 2, "showNumber": 5}, page([CMS_ALICE, cms("bob")], 7, 2, 5)),
    call(USERS, {"pageNumber": 4, "showNumber": 5}, page(None, 7, 4, 5)),
    call(USERS, {"pageNumber": -3, "showNumber": 1, "userID": "bob"}, page([cms("bob")], 1, -3, 1)),
    call(USERS, {"pageNumber": 9, "showNumber": -1, "userName": "LIC"}, page([CMS_ALICE], 1, 9, -1)),
    call(USERS, {"pageNumber": 9, "showNumber": 3, "userID": "alice"}, page([CMS_ALICE], 1, 9, 3)),
    call(USERS, {"pageNumber": 1, "showNumber": 9, "userID": "nobody"}, page(None, 0, 1, 9)),
    call(USERS, {"pageNumber": 1, "showNumber": 9, "userName": "%"}, page(None, 0, 1, 9)),
    call(USERS, {"pageNumber": 1, "showNumber": 9, "content": "bob"}, page([cms("bob")], 1, 1, 9)),
    call(USERS, {"pageNumber": 1, "showNumber": 9, "content": "bo"}, page(None, 0, 1, 9)),
    call(
        USERS,
        {"pageNumber": 1, "showNumber": 9, "content": "lic", "userName": "", "userID": ""},
        page([CMS_ALICE], 1, 1, 9),
    ),
    call(
        USERS,
        {"pageNumber": 1, "showNumber": 9, "content": "bob", "userName": "nobody", "userID": "alice"},
        page([CMS_ALICE], 1, 1, 9),
    ),
    call(
        USERS,
        {"pageNumber": 1, "showNumber": 9, "content": "bob", "userName": "ali"},
        page([CMS_ALICE], 1, 1, 9),
    ),
    call(
        USERS,
        {"pageNumber": 2147483648, "showNumber": 1},
        bind_error(
            "json: cannot unmarshal number 2147483648 into Go struct field "
            "GetUsersReq.pageNumber of type int32",
            "",
        ),
        400,
    ),
    call(
        "/user/set_global_msg_recv_opt",
        {"globalRecvMsgOpt": 3},
        bind_error(invalid("SetGlobalRecvMessageOptReq", ("GlobalRecvMsgOpt", "oneof")), ""),
        400,
    ),
    call(
        "/user/update_user_info",
        {"userID": "alice", "nickname": "n" * 65, "gender": 3, "email": "e" * 65, "operationID": ""},
        bind_error(
            invalid(
                "UpdateSelfUserInfoReq",
                ("ApiUserInfo.Nickname", "max"),
                ("ApiUserInfo.Gender", "oneof"),
                ("ApiUserInfo.Email", "max"),
                ("OperationID", "required"),
            ),
            "",
        ),
        400,
    ),
    call(
        "/user/update_user_info",
        {"userID": "alice", "birthStr": "28.12.2021"},
        {
            "errCode": 803,
            "errMsg": 'TimeStringToTime failed:parsing time "28.12.2021" as "2006-01-02"',
        },
    ),
    call("/user/update_user_info", {"userID": "nobody", "nickname": "N"}, DONE),
    call("/auth/force_logout", {"platform": 12, "fromUserID": "nobody"}, DONE),
    call(
        "/auth/force_logout",
        {"platform": 13, "fromUserID": "u" * 65},
        bind_error(invalid("ForceLogoutReq", ("Platform", "max"), ("FromUserID", "max"))),
        400,
    ),
    call("/manager/delete_user", {"deleteUserIDList": []}, success([])),
    call(
        "/manager/delete_user",
        {"deleteUserIDList": ["bob"] * 10_001},
        bind_error("the list has over 10000 entries", ""),
        400,
    ),
    *(
        call(path, {"userIDList": ["", None]}, success([{"status": "offline"}, {"status": "offline"}]))
        for path in ("/user/get_users_online_status", "/manager/get_users_online_status")
    ),
    call(
        "/manager/delete_user",
        {"deleteUserIDList": ["nobody", "imAdmin", "openIMAdmin"]},
        {
            "errCode": 201,
            "errMsg": "some uid deleted failed",
            "data": ["nobody", "imAdmin", "openIMAdmin"],
        },
    ),
]


@scenarios(ANSWERS)
def test_answers_match_v2_byte_for_byte(app: Flask, scenario: Scenario) -> None:
    play(app.test_client(), scenario, JSON, CORS)


UPDATES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"nickname": "", "faceURL": "", "gender": 0, "phoneNumber": "", "birth": 0, "email": "", "ex": ""}, {}),
    ({"nickname": None, "createTime": 5, "appMangerLevel": 9, "globalRecvMsgOpt": 2}, {}),
    (
        {"NickName": "B", "faceUrl": "G", "gender": 1, "phoneNum": "2", "email": "D", "ex": "y"},
        {"nickname": "B", "faceURL": "G", "gender": 1, "phoneNumber": "2", "email": "D", "ex": "y"},
    ),
    ({"birth": 86400}, {"birth": 86400, "birthStr": "1970-01-02"}),
    ({"birthStr": "2000-02-29", "birth": 5}, {"birth": 951782400, "birthStr": "2000-02-29"}),
    ({"birthStr": "1970-01-01"}, {"birth": None, "birthStr": "1970-01-01"}),
    ({"birthStr": "1965-03-02"}, {"birth": None, "birthStr": "1965-03-02"}),
    ({"birthStr": "9999-12-31"}, {"birth": None, "birthStr": "9999-12-31"}),
]


@pytest.mark.parametrize("headers", [AS_ALICE, AS_ADMIN], ids=["by the user", "by an administrator"])
@pytest.mark.parametrize(("changes", "after"), UPDATES)
def test_an_update_writes_only_the_given_fields(
    app: Flask, headers: dict[str, str], changes: dict[str, Any], after: dict[str, Any]
) -> None:
    client = app.test_client()
    body = {"userID": "alice", **changes}
    play(client, call("/user/update_user_info", body, DONE, headers=headers), JSON, CORS)
    expected = {key: value for key, value in {**SELF, **after}.items() if value is not None}
    play(
        client,
        call("/user/get_self_user_info", {"userID": "alice"}, success(expected), headers=headers),
        JSON,
        CORS,
    )


@pytest.mark.parametrize(
    ("sent", "stored"), [({}, 0), ({"globalRecvMsgOpt": None}, 0), ({"globalRecvMsgOpt": 2}, 2)]
)
def test_the_receive_option_is_set_for_the_caller_whatever_user_id_is_sent(
    app: Flask, sent: dict[str, Any], stored: int
) -> None:
    body = {"userID": "bob", **sent}
    scenario = call("/user/set_global_msg_recv_opt", body, DONE, headers=AS_ALICE)
    play(app.test_client(), scenario, JSON, CORS)
    users = app.extensions["rollcall"].users
    assert (users.get("alice").global_recv_msg_opt, users.get("bob").global_recv_msg_opt) == (stored, 0)


def test_a_forced_logout_revokes_every_token_of_its_platform(app: Flask, clock: FakeClock) -> None:
    client = app.test_client()
    services = app.extensions["rollcall"]
    clock.advance(1)
    services.tokens.issue(services.codecs["v3.8"].request("alice", 1))
    services.tokens.issue(services.codecs["v2"].request("alice", 5))
    for platform_id in (1, 5):
        services.presence.touch("alice", platform_id, 60)
    body = {"platform": 1, "fromUserID": "alice"}
    status = {
        "userID": "alice",
        "status": "online",
        "detailPlatformStatus": [{"platform": "Web", "status": "online"}],
    }
    for _ in range(2):
        play(client, call("/auth/force_logout", body, DONE), JSON, CORS)
        for token in (ALICE, tokens.v3_8("alice", 1, NOW + 1)):
            refusal = {
                "errCode": 1001,
                "errMsg": "op GetUserIDFromTokenExpireTime failed " + CAUSES["kicked"],
            }
            play(client, call("/v2/auth/parse_token", {}, refusal, headers={"token": token}), JSON, CORS)
        play(
            client,
            call("/user/get_users_online_status", {"userIDList": ["alice"]}, success([status])),
            JSON,
            CORS,
        )
    left = {"token": tokens.v2("alice", "Web", NOW + 1)}
    end = success({"ExpireTimeSeconds": NOW + 1 + 7 * 86400})
    play(client, call("/auth/parse_token", {}, end, headers=left), JSON, CORS)


def test_a_forced_logout_of_an_unnamed_platform_revokes_the_tokens_of_both_protocols(
    app: Flask, clock: FakeClock
) -> None:
    client, services = app.test_client(), app.extensions["rollcall"]
    codecs = services.codecs
    for token_request in (codecs["v2"].request("alice", 0), codecs["v3.8"].request("alice", 11)):
        services.tokens.issue(token_request)
    play(client, call("/auth/force_logout", {"platform": 11, "fromUserID": "alice"}, DONE), JSON, CORS)
    refusal = {"errCode": 1001, "errMsg": "op GetUserIDFromTokenExpireTime failed " + CAUSES["kicked"]}
    for token in (tokens.v2("alice", "", NOW), tokens.v3_8("alice", 11, NOW)):
        play(client, call("/v2/auth/parse_token", {}, refusal, headers={"token": token}), JSON, CORS)


def test_the_manager_status_call_shows_presence_to_administrators_only(app: Flask) -> None:
    client = app.test_client()
    app.extensions["rollcall"].presence.touch("bob", 2, 60)
    body = {"userIDList": ["bob", "alice"]}
    online = [{"platform": "Android", "status": "online"}]
    rows: list[dict[str, Any]] = [
        {"userID": "bob", "status": "online", "detailPlatformStatus": online},
        {"userID": "alice", "status": "offline"},
    ]
    path = "/manager/get_users_online_status"
    play(client, call(path, body, success(rows)), JSON, CORS)
    rows[0] = {"userID": "bob", "status": "offline"}
    play(client, call(path, body, success(rows), headers=AS_ALICE), JSON, CORS)


def test_a_deleted_user_is_removed_from_every_dialect(app: Flask, make_app: MakeApp) -> None:
    client = app.test_client()
    services = app.extensions["rollcall"]
    services.tokens.issue(services.codecs["v3.8"].request("imAdmin", 10))
    v3_admin = {"operationID": "op", "token": tokens.v3_8("imAdmin", 10, NOW)}
    services.tokens.issue(services.codecs["v3.8"].request("alice", 5))
    web = tokens.v3_8("alice", 5, NOW)
    opaque = services.codecs["rongcloud"].encode(
        services.tokens.issue(services.codecs["rongcloud"].request(issuer="live-app-key", user_id="alice"))
    )
    for headers in (AS_ALICE, {"token": web}, {"token": opaque}):
        assert client.post("/presence/heartbeat", json={}, headers=headers).get_json()["errCode"] == 0
    services.commands.add("alice", 1, "a", "v", "e")
    services.subscriptions.add("alice", ["bob"])
    services.subscriptions.add("bob", ["alice"])

    refusal = {"errCode": 201, "errMsg": "some uid deleted failed", "data": ["nobody", "openIM333"]}
    body = {"deleteUserIDList": ["nobody", "alice", "openIM333", "alice"]}
    play(client, call("/manager/delete_user", body, refusal), JSON, CORS)

    # Every dialect treats the id as unknown, refuses its tokens and shows it offline.
    play(
        client,
        call(
            "/user/account_check",
            {"checkUserIDList": ["alice"]},
            success([{"userID": "alice", "accountStatus": "unregistered"}]),
        ),
        JSON,
        CORS,
    )
    found = client.post("/user/get_users_info", json={"userIDs": ["alice"]}, headers=v3_admin)
    assert found.get_json() == {"errCode": 0, "errMsg": "", "errDlt": "", "data": {"usersInfo": None}}
    token = {"errCode": 500, "errMsg": "op GetUserIDFromToken failed " + CAUSES["unknown"]}
    play(
        client,
        call("/user/get_users_online_status", {"userIDList": []}, token, headers=AS_ALICE),
        JSON,
        CORS,
    )
    gone = {"errCode": 1507, "errMsg": "TokenNotExistError", "errDlt": "TokenNotExistError"}
    for text in (ALICE, web, opaque):
        assert client.post("/presence/heartbeat", json={}, headers={"token": text}).get_json() == gone
    offline = success([{"userID": "alice", "status": "offline"}])
    status = call("/user/get_users_online_status", {"userIDList": ["alice"]}, offline)
    play(client, status, JSON, CORS)
    missing = {
        "errCode": 802,
        "errMsg": "record not found",
        "data": {"userID": "alice", "token": "", "expiredTime": 0},
    }
    token_request = {**SECRET, "platform": 1, "userID": "alice"}
    play(client, Scenario("", "/auth/user_token", token_request, missing), JSON, CORS)
    assert services.commands.of("alice") == []
    assert services.subscriptions.of("alice") == []
    assert [each.user_id for each in services.subscriptions.of("bob")] == ["alice"]

    # The id can be registered again as a new user, and old tokens stay void after a restart.
    services.stop()
    client = make_app().test_client()
    again = client.post("/auth/user_register", json=token_request).get_json()
    assert (again["errCode"], again["data"]["userID"]) == (0, "alice")
    new = {"token": again["data"]["token"]}
    empty = success({**BOB, "userID": "alice"})
    play(client, call("/user/get_self_user_info", {"userID": "alice"}, empty, headers=new), JSON, CORS)
    assert client.post("/presence/heartbeat", json={}, headers={"token": web}).get_json() == gone
