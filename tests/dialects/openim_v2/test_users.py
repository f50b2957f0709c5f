"""OpenIM v2: what the calls about tokens and users do, every answer whole."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app.models import User
from tests.conftest import MakeApp
from tests.dialects.conftest import NOW
from tests.dialects.openim_v2.expected import CAUSES, JSON, OP, SECRET, answered, bind_error, failed
from tests.support import tokens
from tests.support.clock import FakeClock
from tests.support.scenario import CORS, Scenario, play, scenarios

ADMIN, ALICE = tokens.v2("openIMAdmin", "IOS", NOW), tokens.v2("alice", "IOS", NOW)
AS_ADMIN, AS_ALICE = {"token": ADMIN}, {"token": ALICE}
DONE = {"errCode": 0, "errMsg": ""}
#: The administrators, in the order of their registration, and who is registered below.
EVERYBODY = ["imAdmin", "openIMAdmin", "openIM123456", "openIM654321", "openIM333", "alice", "bob"]
WHOLE = User(
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


@pytest.fixture(name="here")
def _here(make_app: MakeApp) -> Flask:
    """A Rollcall in which alice has everything that a profile has, and bob nothing."""
    app = make_app()
    services = app.extensions["rollcall"]
    services.start()
    services.users.register([WHOLE, User("bob")])
    for user_id in ("alice", "openIMAdmin"):
        services.tokens.issue(services.codecs.request("v2", user_id, 1))
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
    return answered({"userList": rows, "totalNum": total, "currentPage": number, "showNumber": size})


def asked(path: str, body: dict[str, Any], answer: Any, status: int = 200, **more: Any) -> Scenario:
    headers = more.pop("headers", AS_ADMIN)
    name = f"{path} {body} {'by alice' if headers is AS_ALICE else ''}"
    return Scenario(name, path, {**OP, **body}, answer, status, headers)


USERS = "/user/get_users"
ANSWERS = [
    asked("/auth/parse_token", {}, answered({"ExpireTimeSeconds": NOW + 7 * 86400}), headers=AS_ALICE),
    *(
        row
        for path in ("/user/get_users_info", "/user/get_users_info_from_cache")
        for row in (
            asked(
                path,
                {"userIDList": ["bob", "nobody", "alice", "bob"]},
                answered([{"userID": "bob"}, PUBLIC, {"userID": "bob"}]),
                headers=AS_ALICE,
            ),
            asked(path, {"userIDList": ["nobody", ""]}, answered([])),
            asked(path, {"userIDList": ["ALICE", "alice\0"]}, answered([])),
            asked(path, {"userIDList": []}, {"errCode": 803, "errMsg": "args failed", "data": []}),
        )
    ),
    asked("/user/get_self_user_info", {"userID": "alice"}, answered(SELF), headers=AS_ALICE),
    asked("/user/get_self_user_info", {"userID": "bob"}, answered(BOB)),
    asked(
        "/user/get_self_user_info",
        {"userID": "openIMAdmin"},
        answered(
            {
                "appMangerLevel": 2,
                "birthStr": "1970-01-01",
                "nickname": "openIMAdmin",
                "userID": "openIMAdmin",
            }
        ),
    ),
    asked(
        "/user/get_self_user_info",
        {"userID": "nobody"},
        {"errCode": 802, "errMsg": "db failed", "data": None},
    ),
    *(
        asked(path, {}, answered(EVERYBODY))
        for path in ("/v2/user/get_all_users_uid", "/user/get_all_users_uid", "/manager/get_all_users_uid")
    ),
    *(
        row
        for path in ("/user/account_check", "/manager/account_check")
        for row in (
            asked(
                path,
                {"checkUserIDList": ["nobody", "alice", "", "alice"]},
                answered(
                    [
                        {"userID": "nobody", "accountStatus": "unregistered"},
                        {"userID": "alice", "accountStatus": "registered"},
                        {"accountStatus": "unregistered"},
                        {"userID": "alice", "accountStatus": "registered"},
                    ]
                ),
            ),
            asked(path, {"checkUserIDList": []}, answered([])),
            asked(
                path,
                {"checkUserIDList": ["u"] * 101},
                bind_error(failed("AccountCheckReq", ("CheckUserIDList", "lte")), ""),
                400,
            ),
        )
    ),
    asked(
        "/manager/get_users_online_status",
        {"userIDList": ["u"] * 201},
        bind_error(failed("GetUsersOnlineStatusReq", ("UserIDList", "lte")), ""),
        400,
    ),
    *(
        asked(path, {}, {**DONE, "userIDList": None}, headers=AS_ALICE)
        for path in ("/user/get_user_friend_from_cache", "/user/get_black_list_from_cache")
    ),
    asked(USERS, {"pageNumber": 2, "showNumber": 5}, page([CMS_ALICE, cms("bob")], 7, 2, 5)),
    asked(USERS, {"pageNumber": 4, "showNumber": 5}, page(None, 7, 4, 5)),
    asked(USERS, {"pageNumber": -3, "showNumber": 1, "userID": "bob"}, page([cms("bob")], 1, -3, 1)),
    asked(USERS, {"pageNumber": 9, "showNumber": -1, "userName": "LIC"}, page([CMS_ALICE], 1, 9, -1)),
    asked(USERS, {"pageNumber": 1, "showNumber": 9, "userID": "nobody"}, page(None, 0, 1, 9)),
    asked(USERS, {"pageNumber": 1, "showNumber": 9, "userName": "%"}, page(None, 0, 1, 9)),
    asked(USERS, {"pageNumber": 1, "showNumber": 9, "content": "bob"}, page([cms("bob")], 1, 1, 9)),
    asked(USERS, {"pageNumber": 1, "showNumber": 9, "content": "bo"}, page(None, 0, 1, 9)),
    asked(
        USERS,
        {"pageNumber": 1, "showNumber": 9, "content": "lic", "userName": "", "userID": ""},
        page([CMS_ALICE], 1, 1, 9),
    ),
    asked(
        USERS,
        {"pageNumber": 1, "showNumber": 9, "content": "bob", "userName": "nobody", "userID": "alice"},
        page([CMS_ALICE], 1, 1, 9),
    ),
    asked(
        USERS,
        {"pageNumber": 1, "showNumber": 9, "content": "bob", "userName": "ali"},
        page([CMS_ALICE], 1, 1, 9),
    ),
    asked(
        USERS,
        {"pageNumber": 2147483648, "showNumber": 1},
        bind_error(
            "json: cannot unmarshal number 2147483648 into Go struct field "
            "GetUsersReq.pageNumber of type int32",
            "",
        ),
        400,
    ),
    asked(
        "/user/set_global_msg_recv_opt",
        {"globalRecvMsgOpt": 3},
        bind_error(failed("SetGlobalRecvMessageOptReq", ("GlobalRecvMsgOpt", "oneof")), ""),
        400,
    ),
    asked(
        "/user/update_user_info",
        {"userID": "alice", "nickname": "n" * 65, "gender": 3, "email": "e" * 65, "operationID": ""},
        bind_error(
            failed(
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
    asked(
        "/user/update_user_info",
        {"userID": "alice", "birthStr": "28.12.2021"},
        {
            "errCode": 803,
            "errMsg": 'TimeStringToTime failed:parsing time "28.12.2021" as "2006-01-02": '
            'cannot parse "2.2021" as "2006"',
        },
    ),
    asked("/user/update_user_info", {"userID": "nobody", "nickname": "N"}, DONE),
    asked("/auth/force_logout", {"platform": 12, "fromUserID": "nobody"}, DONE),
    asked(
        "/auth/force_logout",
        {"platform": 13, "fromUserID": "u" * 65},
        bind_error(failed("ForceLogoutReq", ("Platform", "max"), ("FromUserID", "max"))),
        400,
    ),
    asked("/manager/delete_user", {"deleteUserIDList": []}, answered([])),
    asked(
        "/manager/delete_user",
        {"deleteUserIDList": ["bob"] * 10_001},
        bind_error("the list has over 10000 entries", ""),
        400,
    ),
    *(
        asked(path, {"userIDList": ["", None]}, answered([{"status": "offline"}, {"status": "offline"}]))
        for path in ("/user/get_users_online_status", "/manager/get_users_online_status")
    ),
    asked(
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
def test_an_answer_is_v2s_to_the_byte(here: Flask, scenario: Scenario) -> None:
    play(here.test_client(), scenario, JSON, CORS)


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


@pytest.mark.parametrize("headers", [AS_ALICE, AS_ADMIN], ids=["by oneself", "by an administrator"])
@pytest.mark.parametrize(("changes", "after"), UPDATES)
def test_a_profile_is_written_where_something_is_given(
    here: Flask, headers: dict[str, str], changes: dict[str, Any], after: dict[str, Any]
) -> None:
    client = here.test_client()
    body = {"userID": "alice", **changes}
    play(client, asked("/user/update_user_info", body, DONE, headers=headers), JSON, CORS)
    expected = {key: value for key, value in {**SELF, **after}.items() if value is not None}
    play(
        client,
        asked("/user/get_self_user_info", {"userID": "alice"}, answered(expected), headers=headers),
        JSON,
        CORS,
    )


@pytest.mark.parametrize(
    ("sent", "stored"), [({}, 0), ({"globalRecvMsgOpt": None}, 0), ({"globalRecvMsgOpt": 2}, 2)]
)
def test_how_to_receive_is_written_for_oneself_whoever_is_named(
    here: Flask, sent: dict[str, Any], stored: int
) -> None:
    body = {"userID": "bob", **sent}
    scenario = asked("/user/set_global_msg_recv_opt", body, DONE, headers=AS_ALICE)
    play(here.test_client(), scenario, JSON, CORS)
    users = here.extensions["rollcall"].users
    assert (users.get("alice").global_recv_msg_opt, users.get("bob").global_recv_msg_opt) == (stored, 0)


def test_a_forced_logout_kicks_every_token_of_that_platform(here: Flask, clock: FakeClock) -> None:
    client = here.test_client()
    services = here.extensions["rollcall"]
    clock.advance(1)
    services.tokens.issue(services.codecs.request("v3.8", "alice", 1))
    services.tokens.issue(services.codecs.request("v2", "alice", 5))
    for platform_id in (1, 5):
        services.presence.touch("alice", platform_id, 60)
    body = {"platform": 1, "fromUserID": "alice"}
    status = {
        "userID": "alice",
        "status": "online",
        "detailPlatformStatus": [{"platform": "Web", "status": "online"}],
    }
    for _ in range(2):
        play(client, asked("/auth/force_logout", body, DONE), JSON, CORS)
        for token in (ALICE, tokens.v3_8("alice", 1, NOW + 1)):
            refusal = {
                "errCode": 1001,
                "errMsg": "op GetUserIDFromTokenExpireTime failed " + CAUSES["kicked"],
            }
            play(client, asked("/v2/auth/parse_token", {}, refusal, headers={"token": token}), JSON, CORS)
        play(
            client,
            asked("/user/get_users_online_status", {"userIDList": ["alice"]}, answered([status])),
            JSON,
            CORS,
        )
    left = {"token": tokens.v2("alice", "Web", NOW + 1)}
    end = answered({"ExpireTimeSeconds": NOW + 1 + 7 * 86400})
    play(client, asked("/auth/parse_token", {}, end, headers=left), JSON, CORS)


def test_the_older_status_call_tells_an_administrator_the_truth(here: Flask) -> None:
    client = here.test_client()
    here.extensions["rollcall"].presence.touch("bob", 2, 60)
    body = {"userIDList": ["bob", "alice"]}
    online = [{"platform": "Android", "status": "online"}]
    rows: list[dict[str, Any]] = [
        {"userID": "bob", "status": "online", "detailPlatformStatus": online},
        {"userID": "alice", "status": "offline"},
    ]
    path = "/manager/get_users_online_status"
    play(client, asked(path, body, answered(rows)), JSON, CORS)
    rows[0] = {"userID": "bob", "status": "offline"}
    play(client, asked(path, body, answered(rows), headers=AS_ALICE), JSON, CORS)


def test_a_deleted_user_is_gone_in_every_dialect(here: Flask, make_app: MakeApp) -> None:
    client = here.test_client()
    services = here.extensions["rollcall"]
    services.tokens.issue(services.codecs.request("v3.8", "imAdmin", 10))
    newer = {"operationID": "op", "token": tokens.v3_8("imAdmin", 10, NOW)}
    services.tokens.issue(services.codecs.request("v3.8", "alice", 5))
    web = tokens.v3_8("alice", 5, NOW)
    opaque = services.codecs.encode(
        services.tokens.issue(services.codecs.request_opaque("live-app-key", "alice"))
    )
    for headers in (AS_ALICE, {"token": web}, {"token": opaque}):
        assert client.post("/presence/heartbeat", json={}, headers=headers).get_json()["errCode"] == 0
    services.commands.add("alice", 1, "a", "v", "e")
    services.subscriptions.add("alice", ["bob"])
    services.subscriptions.add("bob", ["alice"])

    refusal = {"errCode": 201, "errMsg": "some uid deleted failed", "data": ["nobody", "openIM333"]}
    body = {"deleteUserIDList": ["nobody", "alice", "openIM333", "alice"]}
    play(client, asked("/manager/delete_user", body, refusal), JSON, CORS)

    # Nobody by that name, in any dialect; none of the tokens is known; nothing of it is online.
    play(
        client,
        asked(
            "/user/account_check",
            {"checkUserIDList": ["alice"]},
            answered([{"userID": "alice", "accountStatus": "unregistered"}]),
        ),
        JSON,
        CORS,
    )
    found = client.post("/user/get_users_info", json={"userIDs": ["alice"]}, headers=newer)
    assert found.get_json() == {"errCode": 0, "errMsg": "", "errDlt": "", "data": {"usersInfo": None}}
    token = {"errCode": 500, "errMsg": "op GetUserIDFromToken failed " + CAUSES["unknown"]}
    play(
        client,
        asked("/user/get_users_online_status", {"userIDList": []}, token, headers=AS_ALICE),
        JSON,
        CORS,
    )
    gone = {"errCode": 1507, "errMsg": "TokenNotExistError", "errDlt": "TokenNotExistError"}
    for text in (ALICE, web, opaque):
        assert client.post("/presence/heartbeat", json={}, headers={"token": text}).get_json() == gone
    offline = answered([{"userID": "alice", "status": "offline"}])
    status = asked("/user/get_users_online_status", {"userIDList": ["alice"]}, offline)
    play(client, status, JSON, CORS)
    missing = {
        "errCode": 802,
        "errMsg": "record not found",
        "data": {"userID": "alice", "token": "", "expiredTime": 0},
    }
    ask = {**SECRET, "platform": 1, "userID": "alice"}
    play(client, Scenario("", "/auth/user_token", ask, missing), JSON, CORS)
    assert services.commands.of("alice") == []
    assert services.subscriptions.of("alice") == []
    assert [each.user_id for each in services.subscriptions.of("bob")] == ["alice"]

    # And who comes back by that name is somebody new, also after a restart.
    services.stop()
    client = make_app().test_client()
    again = client.post("/auth/user_register", json=ask).get_json()
    assert (again["errCode"], again["data"]["userID"]) == (0, "alice")
    new = {"token": again["data"]["token"]}
    empty = answered({**BOB, "userID": "alice"})
    play(client, asked("/user/get_self_user_info", {"userID": "alice"}, empty, headers=new), JSON, CORS)
    assert client.post("/presence/heartbeat", json={}, headers={"token": web}).get_json() == gone
