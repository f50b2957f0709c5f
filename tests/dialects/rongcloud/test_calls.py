"""RongCloud: every other call about users, every answer whole, on both profiles."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask

from app.models import User
from tests.conftest import MakeApp
from tests.dialects.rongcloud.expected import DOCUMENTED, JSON, LIVE, NO_CORS, text_of
from tests.support import tokens
from tests.support.clock import START, FakeClock
from tests.support.scenario import Scenario, play
from tests.support.tokens import signature_of

NOW = int(START)
Body = dict[str, Any] | str
DONE = {"code": 200}


def form(body: Body) -> str:
    return body if isinstance(body, str) else urlencode(body, doseq=True)


def send(app: Flask, path: str, body: Body, answer: dict[str, Any], status: int = 200, **more: Any) -> None:
    """Send a form to a call and compare the whole answer."""
    path = f"/user/{path}.json"
    headers = more.get("headers", LIVE)
    if status != 200:
        answer = {"url": path, **answer}
        if path.startswith(("/user/deactivate", "/user/reactivate")):
            # Where the Go SDK looks for it.
            answer["msg"] = answer["errorMessage"]
    play(app.test_client(), Scenario("", path, form(body), answer, status, headers), JSON, NO_CORS, text_of)


def refuse(app: Flask, path: str, body: Body, text: str, code: int = 1002, **more: Any) -> None:
    send(app, path, body, {"code": code, "errorMessage": f"ParamError:{text}."}, 400, **more)


@pytest.fixture(name="here")
def _here(app: Flask) -> Flask:
    """A Rollcall in which alice and bob are registered, and an administrator has tokens."""
    services = app.extensions["rollcall"]
    services.start()
    services.users.register([User("alice", "Alice", "F"), User("bob", "Bob")])
    for format, user_id, platform_id in (
        ("v3.8", "imAdmin", 10),
        ("v2", "openIMAdmin", 1),
        ("v2", "alice", 1),
        ("v3.8", "alice", 5),
    ):
        services.tokens.issue(services.codecs.request(format, user_id, platform_id))
    return app


ADMIN = {"operationID": "1", "token": tokens.v3_8("imAdmin", 10, NOW)}
ALICE_V2, ALICE_V3 = tokens.v2("alice", "IOS", NOW), tokens.v3_8("alice", 5, NOW)


def heartbeat(app: Flask, token: str, **body: Any) -> int:
    answer = app.test_client().post("/presence/heartbeat", json=body, headers={"token": token})
    code: int = answer.get_json()["errCode"]
    return code


# What every call refuses.

ONE = ["refresh", "info", "checkOnline", "group/query", "blockPushPeriod/get", "blockPushPeriod/delete"]
REQUIRED = [
    *((path, {}, "userId") for path in ONE),
    ("token/expire", {"time": 1}, "userId"),
    ("token/expire", {"userId": "u"}, "time"),
    ("block", {"minute": 1}, "userId"),
    ("block", {"userId": "u"}, "minute"),
    ("unblock", {}, "userId"),
    ("blacklist/add", {"userId": "u"}, "blackUserId"),
    ("blocklist/add", {"userId": "u"}, "blackUserId"),
    ("blacklist/remove", {"blackUserId": "u"}, "userId"),
    ("blacklist/remove", {"userId": "u", "blackUserId": ""}, "blackUserId"),
    ("blacklist/query", {}, "userId"),
    ("whitelist/add", {"userId": "u"}, "whiteUserId"),
    ("whitelist/remove", {"userId": "u", "whiteUserId": ""}, "whiteUserId"),
    ("whitelist/query", {}, "userId"),
    ("whitesetting/set", {"userId": "u"}, "whiteSetting"),
    ("whitesetting/query", {}, "userId"),
    ("tag/set", {"tags": ["a"]}, "userId"),
    ("tag/batch/set", {"tags": ["a"]}, "userIds"),
    ("tags/get", {}, "userIds"),
    ("deactivate", {"userId": ","}, "userId"),
    ("reactivate", {}, "userId"),
    ("activate", {}, "userId"),
    ("delusers", {}, "userId"),
    ("remarks/set", {"userId": "u"}, "remarks"),
    ("remarks/del", {"userId": "u"}, "targetId"),
    ("remarks/get", {}, "userId"),
    ("chat/fb/set", {"userId": "u", "type": "PERSON"}, "state"),
    ("chat/fb/set", {"userId": "u", "state": 1}, "type"),
    ("chat/fb/querylist", {}, "type"),
    ("blockPushPeriod/set", {"userId": "u", "period": 1}, "startTime"),
    ("blockPushPeriod/set", {"userId": "u", "startTime": "00:00:00"}, "period"),
    ("profile/set", {}, "userId"),
    ("profile/set", {"userId": "u"}, "userProfile"),
    ("profile/clean", {}, "userId"),
    ("profile/batch/query", {}, "userId"),
]


@pytest.mark.parametrize("headers", [LIVE, DOCUMENTED], ids=["live", "documented"])
@pytest.mark.parametrize(("path", "body", "missing"), REQUIRED)
def test_what_is_missing_is_named(
    world: Flask, headers: dict[str, str], path: str, body: Body, missing: str
) -> None:
    body = {**body, "unknown": "1"} if isinstance(body, dict) else body
    refuse(world, path, body, f"{missing} is required", headers=headers)


@pytest.mark.parametrize("headers", [LIVE, DOCUMENTED], ids=["live", "documented"])
@pytest.mark.parametrize("path", dict.fromkeys(path for path, _, _ in REQUIRED))
def test_no_body_is_1003(world: Flask, headers: dict[str, str], path: str) -> None:
    send(world, path, "", {"code": 1003, "errorMessage": "参数错误"}, 400, headers=headers)


MANY = [f"u{number}" for number in range(101)]
LONG = "x" * 65
INVALID = [
    *((path, {"userId": LONG}, "userId is too long", 1005) for path in ONE),
    ("refresh", {"userId": "名" * 22}, "userId is too long", 1005),
    ("refresh", {"userId": "u", "name": "名" * 65}, "name is too long", 1005),
    ("refresh", {"userId": "u", "portraitUri": "x" * 1025}, "portraitUri is too long", 1005),
    ("refresh", {"userId": "u", "name": "a\nb"}, "name holds characters that are not allowed", 1002),
    ("token/expire", {"userId": MANY[:21], "time": 1}, "userId has over 20 values", 1002),
    ("token/expire", {"userId": "u", "time": "x"}, f"time must be a number from 0 to {2**53}", 1002),
    ("block", {"userId": [*MANY[:19], LONG], "minute": 1}, "userId is too long", 1005),
    ("block", {"userId": MANY[:21], "minute": 0}, "userId has over 20 values", 1002),
    *(
        ("block", {"userId": "u", "minute": minute}, "minute must be a number from 1 to 43200", 1002)
        for minute in ("0", "-1", "43201", "1.5", "", "x", "９", "1" * 30)
        if minute
    ),
    ("block", {"userId": "imAdmin", "minute": 1}, "imAdmin is an administrator", 1002),
    ("block/query", {"page": "-1"}, f"page must be a number from 0 to {2**53}", 1002),
    ("block/query", {"size": "1001"}, "size must be a number from 1 to 1000", 1002),
    ("unblock", {"userId": MANY[:21]}, "userId has over 20 values", 1002),
    ("blacklist/add", {"userId": "u", "blackUserId": MANY[:21]}, "blackUserId has over 20 values", 1002),
    ("blacklist/add", {"userId": "u", "blackUserId": LONG}, "blackUserId is too long", 1005),
    ("blacklist/query", {"userId": "u", "size": 1001}, "size must be a number from 1 to 1000", 1002),
    ("blacklist/query", {"userId": "u", "pageToken": "-1"}, "pageToken is none that was given out", 1002),
    ("whitelist/query", {"userId": "u", "pageToken": "x"}, "pageToken is none that was given out", 1002),
    ("whitesetting/set", {"userId": "u", "whiteSetting": 2}, "whiteSetting must be 0 or 1", 1002),
    ("whitesetting/query", {"userId": MANY[:21]}, "userId has over 20 values", 1002),
    ("tag/set", {"userId": "u", "tags": [str(n) for n in range(21)]}, "tags has over 20 values", 1002),
    ("tag/set", {"userId": "u", "tags": "名" * 14}, "tags is too long", 1005),
    ("tag/set", {"userId": "u", "tags": "a\tb"}, "tags holds characters that are not allowed", 1002),
    ("tags/get", {"userIds": MANY[:51]}, "userIds has over 50 values", 1002),
    ("deactivate", {"userId": MANY}, "userId has over 100 values", 1002),
    ("deactivate", {"userId": ",".join(MANY)}, "userId has over 100 values", 1002),
    ("deactivate", {"userId": "alice,imAdmin"}, "imAdmin is an administrator", 1002),
    ("deactivate/query", {"pageSize": 51}, "pageSize must be a number from 1 to 50", 1002),
    ("deactivate/query", {"pageNo": 0}, f"pageNo must be a number from 1 to {2**53}", 1002),
    ("query", {"pageSize": 101}, "pageSize must be a number from 1 to 100", 1002),
    ("query", {"order": 2}, "order must be 0 or 1", 1002),
    ("delusers", {"userId": ["alice", "openIMAdmin"]}, "openIMAdmin is an administrator", 1002),
    ("remarks/set", {"userId": "u", "remarks": "x"}, "remarks must be JSON, and an array", 1002),
    ("remarks/set", {"userId": "u", "remarks": "{}"}, "remarks must be JSON, and an array", 1002),
    (
        "remarks/set",
        {"userId": "u", "remarks": '[{"id":"a"}]'},
        'remarks must be like [{"id":"","remark":""}]',
        1002,
    ),
    (
        "remarks/set",
        {"userId": "u", "remarks": json.dumps([{"id": user_id, "remark": ""} for user_id in MANY])},
        "remarks has over 100 values",
        1002,
    ),
    (
        "remarks/set",
        {"userId": "u", "remarks": f'[{{"id":"{LONG}","remark":""}}]'},
        "remarks is too long",
        1005,
    ),
    ("remarks/get", {"userId": "u", "size": 51}, "size must be a number from 1 to 50", 1002),
    ("chat/fb/set", {"userId": "u", "state": 2, "type": "PERSON"}, "state must be 0 or 1", 1002),
    ("chat/fb/set", {"userId": "u", "state": 1, "type": "GROUP"}, "type must be PERSON", 1002),
    ("chat/fb/querylist", {"type": "PERSON", "num": 201}, "num must be a number from 1 to 200", 1002),
    (
        "blockPushPeriod/set",
        {"userId": "u", "startTime": "24:00:00", "period": 1},
        "startTime must be like 23:59:59",
        1002,
    ),
    (
        "blockPushPeriod/set",
        {"userId": "u", "startTime": "23:00:00", "period": 1440},
        "period must be a number from 0 to 1439",
        1002,
    ),
    (
        "blockPushPeriod/set",
        {"userId": "u", "startTime": "23:00:00", "period": 1, "level": 2},
        "level must be 1 or 5",
        1002,
    ),
    ("profile/set", {"userId": "u", "userProfile": "[]"}, "userProfile must be JSON, and an object", 1002),
    ("profile/query", {"size": 101}, "size must be a number from 1 to 100", 1002),
    ("subscribe/set", {"userId": "u", "subUserIds": "a", "opType": 0}, "expiry is required", 26001),
    ("subscribe/set", {"userId": "u", "opType": 0, "expiry": 1}, "subUserIds is required", 26001),
    ("subscribe/set", {"userId": "u", "subUserIds": "a", "opType": 2}, "opType must be 0 or 1", 26001),
    (
        "subscribe/set",
        {"userId": "u", "subUserIds": ",".join(map(str, range(201))), "opType": 1},
        "subUserIds has over 200 values",
        26001,
    ),
    ("subscribe/query", {"userId": "u", "pageSize": 49}, "pageSize must be a number from 50 to 200", 26001),
]


@pytest.mark.parametrize(("path", "body", "text", "code"), INVALID)
def test_what_cannot_be_is_refused_and_changes_nothing(
    world: Flask, path: str, body: Body, text: str, code: int
) -> None:
    answer: dict[str, Any] = {"code": code, "errorMessage": f"ParamError:{text}."}
    send(world, path, body, answer, 400)


# What each call does.


def test_a_profile_is_read_and_refreshed(here: Flask) -> None:
    created = "2023-11-15 06:13:20"
    before = {"code": 200, "userName": "Alice", "userPortrait": "F", "createTime": created}
    send(here, "info", {"userId": "alice"}, before)
    send(here, "refresh", {"userId": "alice"}, DONE)
    send(here, "refresh", "userId=alice&name=&portraitUri=", DONE)
    send(here, "info", {"userId": "alice"}, before)
    send(here, "refresh", "userId=alice&name=青花瓷", DONE)
    send(here, "info", {"userId": "alice"}, {**before, "userName": "青花瓷"})
    send(here, "refresh", {"userId": "alice", "portraitUri": "G"}, DONE, headers=DOCUMENTED)
    send(here, "info", {"userId": "alice"}, {**before, "userName": "青花瓷", "userPortrait": "G"})
    send(here, "refresh", {"userId": "nobody", "name": "N"}, DONE)
    nobody = {"code": 200, "userName": "", "userPortrait": "", "createTime": ""}
    send(here, "info", {"userId": "nobody"}, nobody)


def test_who_is_online_is_a_text(here: Flask, clock: FakeClock) -> None:
    send(here, "checkOnline", {"userId": "alice"}, {"code": 200, "status": "0"})
    assert heartbeat(here, ALICE_V2, ttl=60) == 0
    send(here, "checkOnline", {"userId": "alice"}, {"code": 200, "status": "1"})
    send(here, "checkOnline", {"userId": "nobody"}, {"code": 200, "status": "0"})
    clock.advance(60)
    send(here, "checkOnline", {"userId": "alice"}, {"code": 200, "status": "0"})


def opaque(app: Flask, user_id: str) -> str:
    services = app.extensions["rollcall"]
    token: str = services.codecs.encode(
        services.tokens.issue(services.codecs.request_opaque("live-app-key", user_id))
    )
    return token


def test_tokens_of_every_dialect_expire_that_were_issued_before(here: Flask, clock: FakeClock) -> None:
    clock.advance(1)
    early = opaque(here, "alice")
    clock.advance(1)
    late = opaque(here, "alice")
    for token in (ALICE_V2, ALICE_V3, early, late):
        assert heartbeat(here, token) == 0
    send(here, "token/expire", {"userId": ["alice", "nobody"], "time": int(START * 1000) + 2000}, DONE)
    assert [heartbeat(here, token) for token in (ALICE_V2, ALICE_V3, early, late)] == [1506, 1506, 1506, 0]
    send(here, "checkOnline", {"userId": "alice"}, {"code": 200, "status": "1"})
    # One that is to come: what is issued before it is void at once, and so it is after a restart.
    send(here, "token/expire", {"userId": "alice", "time": int(clock.wall * 1000) + 5000}, DONE)
    send(here, "token/expire", {"userId": "alice", "time": int(clock.wall * 1000) + 4000}, DONE)
    assert heartbeat(here, late) == 1506
    clock.advance(4.5)
    between = opaque(here, "alice")
    assert heartbeat(here, between) == 1506
    clock.advance(0.5)
    after = opaque(here, "alice")
    services = here.extensions["rollcall"]
    services.stop()
    services.start()
    assert [heartbeat(here, token) for token in (between, after)] == [1506, 0]


def test_a_blocked_users_tokens_are_refused_until_the_block_lapses(here: Flask, clock: FakeClock) -> None:
    services = here.extensions["rollcall"]
    token = opaque(here, "alice")
    for each in (ALICE_V2, ALICE_V3, token):
        assert heartbeat(here, each, ttl=86400) == 0
    send(here, "block", {"userId": ["alice", "nobody"], "minute": 2}, DONE)
    send(here, "checkOnline", {"userId": "alice"}, {"code": 200, "status": "0"})
    assert [heartbeat(here, each) for each in (ALICE_V2, ALICE_V3, token)] == [1506] * 3
    assert heartbeat(here, ADMIN["token"], userID="alice", platformID=1) == 1002
    send(here, "checkOnline", {"userId": "alice"}, {"code": 200, "status": "0"})
    # In each dialect's own words; new tokens are issued, and do not count either.
    ask = {"userIDs": ["alice"]}
    answer = here.test_client().post(
        "/user/get_users_info", json=ask, headers={"operationID": "1", "token": ALICE_V3}
    )
    assert answer.get_json()["errCode"] == 1506
    parsed = here.test_client().post(
        "/auth/parse_token", json={"operationID": "1"}, headers={"token": ALICE_V2}
    )
    assert parsed.get_json()["errMsg"].endswith("user has been kicked")
    assert heartbeat(here, opaque(here, "alice")) == 1506
    body = {"operationID": "1", "pageNumber": 1, "showNumber": 1, "userID": "alice"}
    headers = {"token": tokens.v2("openIMAdmin", "IOS", NOW)}
    users = here.test_client().post("/user/get_users", json=body, headers=headers).get_json()
    assert users["data"]["userList"][0]["isBlock"] is True
    # Over a restart, until its end.
    services.stop()
    services.start()
    assert heartbeat(here, ALICE_V3) == 1506
    clock.advance(119.5)
    assert heartbeat(here, ALICE_V3) == 1506
    clock.advance(0.5)
    assert [heartbeat(here, each) for each in (ALICE_V2, ALICE_V3, token)] == [0] * 3
    send(here, "checkOnline", {"userId": "alice"}, {"code": 200, "status": "1"})
    send(here, "block/query", "", {"code": 200, "users": []})


def test_blocks_are_listed_by_their_end_and_lifted(here: Flask, clock: FakeClock) -> None:
    def entry(user_id: str, end: str) -> dict[str, str]:
        return {"userId": user_id, "blockEndTime": end}

    send(here, "block", {"userId": ["a", "b"], "minute": 1}, DONE)
    send(here, "block", {"userId": "c", "minute": 43200}, DONE)
    send(here, "block", {"userId": "a", "minute": 3}, DONE)
    a, b = entry("a", "2023-11-15 06:16:20"), entry("b", "2023-11-15 06:14:20")
    c = entry("c", "2023-12-15 06:13:20")
    send(here, "block/query", "", {"code": 200, "users": [c, a, b]})
    send(here, "block/query", {"page": 0, "size": 1}, {"code": 200, "users": [c, a, b]})
    send(here, "block/query", {"page": 1}, {"code": 200, "users": [c, a, b]})
    send(here, "block/query", "size=1&page=2", {"code": 200, "users": [a]})
    send(here, "block/query", {"page": 4, "size": 1}, {"code": 200, "users": []})
    clock.advance(60)
    send(here, "block/query", "", {"code": 200, "users": [c, a]})
    send(here, "unblock", {"userId": ["c", "nobody"]}, DONE)
    here.extensions["rollcall"].stop()
    here.extensions["rollcall"].start()
    send(here, "block/query", "", {"code": 200, "users": [a]})


@pytest.mark.parametrize(
    ("path", "other"),
    [("blacklist", "blackUserId"), ("blocklist", "blackUserId"), ("whitelist", "whiteUserId")],
)
def test_lists_of_others(here: Flask, path: str, other: str) -> None:
    user = {"userId": "nobody"}
    send(here, f"{path}/query", user, {"code": 200, "users": []})
    send(here, f"{path}/add", {**user, other: ["b", "c"]}, DONE)
    send(here, f"{path}/add", {**user, other: ["d", "b"]}, DONE)
    send(here, f"{path}/query", user, {"code": 200, "users": ["d", "c", "b"]})
    send(here, f"{path}/query", {"userId": "b"}, {"code": 200, "users": []})
    page = here.test_client().post(f"/user/{path}/query.json", data={**user, "size": 2}, headers=LIVE)
    token = page.get_json()["next"]
    assert page.get_json() == {"code": 200, "users": ["d", "c"], "next": token}
    send(here, f"{path}/query", {**user, "size": 2, "pageToken": token}, {"code": 200, "users": ["b"]})
    send(here, f"{path}/query", {**user, "size": 3}, {"code": 200, "users": ["d", "c", "b"]})
    send(here, f"{path}/remove", {**user, other: ["c", "x"]}, DONE)
    send(here, f"{path}/query", user, {"code": 200, "users": ["d", "b"]})


def test_a_list_has_an_end(here: Flask) -> None:
    attributes = here.extensions["rollcall"].user_attributes
    attributes.put("blacklist", "alice", {str(number): "" for number in range(2999)})
    refuse(
        here,
        "blacklist/add",
        {"userId": "alice", "blackUserId": ["x", "y"]},
        "a user may have 3000 of these",
        1005,
    )
    send(here, "blacklist/add", {"userId": "alice", "blackUserId": ["x", "0"]}, DONE)


def test_whether_a_whitelist_counts(here: Flask) -> None:
    send(here, "whitesetting/set", {"userId": ["a", "b"], "whiteSetting": 1}, DONE)
    send(here, "whitesetting/set", {"userId": "b", "whiteSetting": 0}, DONE)
    users = [
        {"whiteSetting": setting, "userId": user_id}
        for user_id, setting in (("a", "1"), ("b", "0"), ("c", "0"))
    ]
    send(here, "whitesetting/query", {"userId": ["a", "b", "c"]}, {"code": 200, "users": users})


def test_tags_are_written_anew_each_time(here: Flask) -> None:
    def post(path: str, body: Any) -> None:
        response = here.test_client().post(f"/user/{path}.json", json=body, headers=LIVE)
        assert response.get_json() == DONE

    post("tag/set", {"userId": "31232", "tags": ["bj", "男"]})
    post("tag/batch/set", {"userIds": ["id1", "id2"], "tags": ["x", "x"]})
    found = {"31232": ["bj", "男"], "id1": ["x"], "nobody": []}
    send(here, "tags/get", {"userIds": ["31232", "id1", "nobody"]}, {"code": 200, "result": found})
    post("tag/set", {"userId": "31232", "tags": []})
    post("tag/batch/set", {"userIds": ["id1"], "tags": []})
    found = {"31232": [], "id1": [], "id2": ["x"]}
    send(here, "tags/get", {"userIds": ["31232", "id1", "id2"]}, {"code": 200, "result": found})
    # As one client sends them: JSON in a form.
    send(here, "tag/set", {"userId": "a", "tags": '["p","q"]'}, DONE)
    send(here, "tag/batch/set", {"userIds": '["b","c"]', "tags": "p"}, DONE)
    found = {"a": ["p", "q"], "b": ["p"], "c": ["p"]}
    send(here, "tags/get", {"userIds": ["a", "b", "c"]}, {"code": 200, "result": found})


def test_a_deactivated_user_is_nobody_and_the_id_stays_taken(here: Flask, clock: FakeClock) -> None:
    client = here.test_client()
    assert heartbeat(here, ALICE_V3) == 0
    for path in ("deactivate", "deactivate/query", "reactivate", "activate"):
        assert not client.post(f"/user/{path}.json", headers=LIVE).get_json().get("operateId")
    response = client.post("/user/deactivate.json", data="userId=alice%2Cnobody", headers=LIVE).get_json()
    assert re.fullmatch("[A-Z0-9]{4}(-[A-Z0-9]{4}){3}", response.pop("operateId"))
    assert response == DONE
    send(here, "deactivate/query", "pageNo=1&pageSize=50", {"code": 200, "users": ["alice"]})
    # Nobody, in every dialect.
    send(here, "checkOnline", {"userId": "alice"}, {"code": 200, "status": "0"})
    send(
        here,
        "info",
        {"userId": "alice"},
        {"code": 200, "userName": "", "userPortrait": "", "createTime": ""},
    )
    assert [heartbeat(here, token) for token in (ALICE_V2, ALICE_V3)] == [1507] * 2
    ask = {"checkUserIDs": ["alice"]}
    check = client.post("/user/account_check", json=ask, headers=ADMIN).get_json()
    assert check["data"]["results"] == [{"userID": "alice", "accountStatus": 0}]
    # But taken, in every dialect.
    users = {"users": [{"userID": "alice", "nickname": "N"}]}
    assert client.post("/user/user_register", json=users, headers=ADMIN).get_json()["errCode"] == 1102
    v2 = {"secret": "tuoyun", "platform": 1, "userID": "alice", "operationID": "1"}
    assert "Duplicate entry 'alice'" in client.post("/auth/user_register", json=v2).get_json()["errMsg"]
    taken = {"userId": "alice", "name": "N"}
    send(here, "getToken", taken, {"code": 1004, "errorMessage": "用户ID已存在"}, 409, headers=DOCUMENTED)
    refuse(here, "getToken", taken, "userId is deactivated")
    # An hour has to pass.
    early = "ParamError:userId was deactivated less than an hour ago."
    clock.advance(3599)
    refusal = {"code": 1002, "errorMessage": early}
    send(here, "reactivate", {"userId": "alice"}, refusal, 400)
    clock.advance(1)
    response = client.post("/user/activate.json", data="userId=alice,nobody", headers=LIVE).get_json()
    assert re.fullmatch("[A-Z0-9]{4}(-[A-Z0-9]{4}){3}", response.pop("operateId"))
    assert response == DONE
    send(here, "deactivate/query", "", {"code": 200, "users": []})
    again = {"code": 200, "userName": "", "userPortrait": "", "createTime": "2023-11-15 06:13:20"}
    send(here, "info", {"userId": "alice"}, again)
    assert heartbeat(here, ALICE_V3) == 1507


def test_users_are_listed_and_deleted(here: Flask) -> None:
    def user(user_id: str, name: str, portrait: str = "") -> dict[str, str]:
        time = "2023-11-15 06:13:20"
        return {"userId": user_id, "userName": name, "userPortrait": portrait, "regTime": time}

    alice, bob = user("alice", "Alice", "F"), user("bob", "Bob")
    send(here, "query", "page=2&pageSize=5", {"code": 200, "total": 7, "users": [alice, bob]})
    send(here, "query", "order=1&pageSize=2", {"code": 200, "total": 7, "users": [bob, alice]})
    send(here, "query", "page=9", {"code": 200, "total": 7, "users": []})
    assert heartbeat(here, ALICE_V3) == 0
    send(here, "remarks/set", {"userId": "alice", "remarks": '[{"id":"bob","remark":"B"}]'}, DONE)
    send(here, "delusers", "userId=alice&userId=nobody", DONE)
    send(here, "query", "page=2&pageSize=5", {"code": 200, "total": 6, "users": [bob]})
    send(here, "delusers", "userId=x%2Cbob", DONE)
    send(here, "query", "page=2&pageSize=5", {"code": 200, "total": 5, "users": []})
    assert heartbeat(here, ALICE_V3) == 1507
    send(here, "remarks/get", {"userId": "alice"}, {"code": 200, "total": 0, "users": []})
    response = here.test_client().post("/user/getToken.json", data="userId=alice&name=A", headers=LIVE)
    assert response.get_json()["code"] == 200


def test_remarks(here: Flask) -> None:
    user = {"userId": "alice"}
    both = json.dumps([{"Id": "b", "Remark": "r&x"}, {"id": "c", "remark": "你好"}])
    send(here, "remarks/set", {**user, "remarks": both}, DONE)
    send(here, "remarks/set", 'userId=alice&remarks=[{"id":"d","remark":"D"},{"id":"b","remark":"R"}]', DONE)
    b, c, d = ({"id": key, "remark": value} for key, value in (("b", "R"), ("c", "你好"), ("d", "D")))
    send(here, "remarks/get", user, {"code": 200, "total": 3, "users": [d, c, b]})
    send(here, "remarks/get", {**user, "page": 2, "size": 2}, {"code": 200, "total": 3, "users": [b]})
    send(here, "remarks/del", {**user, "targetId": "c"}, DONE)
    send(here, "remarks/del", {**user, "targetId": "c"}, DONE)
    send(here, "remarks/get", user, {"code": 200, "total": 2, "users": [d, b]})


def test_who_may_not_write_to_single_users(here: Flask) -> None:
    person = {"type": "PERSON"}
    send(here, "chat/fb/set", {**person, "userId": ["a", "b", "c"], "state": 1}, DONE)
    send(here, "chat/fb/set", {**person, "userId": ["b", "x"], "state": 0}, DONE)
    send(here, "chat/fb/querylist", person, {"code": 200, "total": 2, "users": ["a", "c"]})
    send(
        here,
        "chat/fb/querylist",
        {**person, "num": 1, "offset": 1},
        {"code": 200, "total": 2, "users": ["c"]},
    )


def test_when_a_user_is_not_to_be_disturbed(here: Flask) -> None:
    user = {"userId": "alice"}
    send(here, "blockPushPeriod/get", user, {"code": 200, "data": {}})
    send(here, "blockPushPeriod/set", {**user, "startTime": "23:59:59", "period": 120, "level": 5}, DONE)
    send(here, "blockPushPeriod/set", {**user, "startTime": "20:00:00", "period": 600}, DONE)
    data = {"startTime": "20:00:00", "period": 600, "unPushLevel": 1}
    send(here, "blockPushPeriod/get", user, {"code": 200, "data": data})
    send(here, "blockPushPeriod/delete", user, DONE)
    send(here, "blockPushPeriod/get", user, {"code": 200, "data": {}})


def test_profiles(here: Flask) -> None:
    def profile(user_id: str, version: int, own: str, extended: str = "{}") -> dict[str, Any]:
        return {"userId": user_id, "version": version, "userProfile": own, "userExtProfile": extended}

    send(here, "profile/set", {"userId": "a", "userProfile": '{"name": "名", "n": 1}'}, DONE)
    send(here, "profile/set", {"userId": "b", "userExtProfile": '{"ext_x": "y"}'}, DONE)
    send(
        here,
        "profile/set",
        {"userId": "a", "userProfile": '{"n": 2}', "userExtProfile": '{"ext_a": "b"}'},
        DONE,
    )
    a = profile("a", 2, '{"name":"名","n":2}', '{"ext_a":"b"}')
    b = profile("b", 1, "{}", '{"ext_x":"y"}')
    send(here, "profile/batch/query", {"userId": "b,nobody,a"}, {"code": 200, "userList": [b, a]})
    send(here, "profile/query", "", {"code": 200, "userList": [a, b]})
    send(here, "profile/query", {"order": 1, "size": 1}, {"code": 200, "userList": [b]})
    send(here, "profile/query", {"page": 2, "size": 1}, {"code": 200, "userList": [b]})
    send(here, "profile/clean", {"userId": "a,nobody"}, DONE)
    send(here, "profile/query", "", {"code": 200, "userList": [b]})


def test_nobody_is_in_a_group(here: Flask) -> None:
    send(here, "group/query", {"userId": "alice"}, {"code": 200, "groups": []})


def test_subscriptions_are_everybodys_and_end(here: Flask, clock: FakeClock) -> None:
    since = int(START * 1000)

    def record(user_id: str, expiry: int) -> dict[str, Any]:
        return {"subUserIds": [user_id], "subType": 1, "subTime": since, "expiry": expiry}

    def page(*rows: dict[str, Any]) -> dict[str, Any]:
        return {"code": 200, "hasNext": False, "pageToken": "", "subscriptions": list(rows)}

    user = {"userId": "bob"}
    send(
        here,
        "subscribe/set",
        {**user, "subUserIds": "alice,c", "opType": 0, "expiry": 60, "subType": 1},
        DONE,
    )
    send(here, "subscribe/set", {**user, "subUserIds": "d", "opType": 0, "expiry": 3600}, DONE)
    send(here, "subscribe/query", user, page(record("alice", 60), record("c", 60), record("d", 3600)))
    send(here, "subscribe/set", {**user, "subUserIds": "c,x", "opType": 1}, DONE)
    followed = here.test_client().post(
        "/user/get_subscribe_users_status", json={"userID": "bob"}, headers=ADMIN
    )
    assert [row["userID"] for row in followed.get_json()["data"]["statusList"]] == ["alice", "d"]
    here.test_client().post(
        "/user/subscribe_users_status", json={"userID": "bob", "userIDs": ["e"], "genre": 1}, headers=ADMIN
    )
    clock.advance(60)
    send(here, "subscribe/query", user, page(record("d", 3600), record("e", 0)))


def test_subscriptions_come_in_pages(here: Flask) -> None:
    others = [str(number) for number in range(120)]
    here.extensions["rollcall"].subscriptions.add("bob", others, 60)
    seen: list[str] = []
    token = ""
    for has_next in (True, True, False):
        body = {"userId": "bob", "pageSize": 50, "pageToken": token}
        answer = here.test_client().post("/user/subscribe/query.json", data=body, headers=LIVE).get_json()
        assert (answer["code"], answer["hasNext"]) == (200, has_next)
        seen += [user_id for row in answer["subscriptions"] for user_id in row["subUserIds"]]
        token = answer["pageToken"]
    assert seen == others
    assert token == ""


# The failures that can be rehearsed.


def test_a_window_of_time_may_be_set(make_app: MakeApp, clock: FakeClock) -> None:
    app = make_app(rongcloud_timestamp_window=60)

    def code(timestamp: str) -> int:
        headers = {
            "App-Key": "live-app-key",
            "Nonce": "1",
            "Timestamp": timestamp,
            "Signature": signature_of("live-app-secret", "1", timestamp),
        }
        response = app.test_client().post("/user/info.json", data="userId=u", headers=headers)
        assert response.status_code == (200 if response.get_json()["code"] == 200 else 401)
        answer: int = response.get_json()["code"]
        return answer

    assert [code(str(NOW + off)) for off in (-60, -59, 60, 61)] == [1004, 200, 200, 1004]
    assert [code(str((NOW + off) * 1000)) for off in (-61, -59, 60, 61)] == [1004, 200, 200, 1004]
    assert [code(text) for text in ("x", "1" * 20, "-1", "1.5")] == [1004] * 4


def test_a_nonce_may_count_once(make_app: MakeApp) -> None:
    client = make_app(rongcloud_nonce_once=True).test_client()
    codes = [
        client.post("/user/info.json", data="userId=u", headers=LIVE).get_json()["code"] for _ in range(3)
    ]
    assert codes == [200, 1004, 1004]


def test_calls_may_be_limited_for_each_app_and_call(make_app: MakeApp, clock: FakeClock) -> None:
    app = make_app(rongcloud_rate_limit=2)
    refusal = {"code": 1008, "errorMessage": "调用频率超限"}
    status = {"code": 200, "status": "0"}
    for _ in range(2):
        send(app, "checkOnline", {"userId": "u"}, status)
    send(app, "checkOnline", {"userId": "u"}, refusal, 429)
    send(app, "checkOnline", {"userId": "u"}, status, headers=DOCUMENTED)
    send(app, "group/query", {"userId": "u"}, {"code": 200, "groups": []})
    clock.advance(1)
    send(app, "checkOnline", {"userId": "u"}, status)


def test_users_may_be_limited(make_app: MakeApp) -> None:
    app = make_app(rongcloud_max_users=6)
    client = app.test_client()
    for _ in range(2):
        answer = client.post("/user/getToken.json", data="userId=first&name=N", headers=LIVE).get_json()
        assert answer["code"] == 200
    refusal = {"code": 2007, "errorMessage": "测试用户数量超限"}
    send(app, "getToken", {"userId": "second", "name": "N"}, refusal, 403)
    send(app, "getToken", {"userId": "second", "name": "N"}, refusal, 403, headers=DOCUMENTED)


@pytest.mark.parametrize(
    "value", ['{"a":NaN}', '{"a":1e400}', '{"a":-Infinity}', '{"a":' * 101 + "1" + "}" * 101]
)
def test_a_profile_that_could_not_be_given_back_is_refused(here: Flask, value: str) -> None:
    refusal = {"code": 1002, "errorMessage": "ParamError:userProfile must be JSON, and an object."}
    send(here, "profile/set", {"userId": "alice", "userProfile": value}, refusal, 400)


def test_half_a_surrogate_in_json_is_a_replacement_character(here: Flask) -> None:
    value = r'{"\ud800k": "a\udc00", "pair": "\ud83d\ude00"}'
    send(here, "profile/set", {"userId": "alice", "userProfile": value}, DONE)
    profile = '{"\ufffdk":"a\ufffd","pair":"\U0001f600"}'
    row = {"userId": "alice", "version": 1, "userProfile": profile, "userExtProfile": "{}"}
    send(here, "profile/batch/query", {"userId": "alice"}, {"code": 200, "userList": [row]})


def test_tokens_of_administrators_that_are_still_to_come_are_not_cancelled(
    here: Flask, clock: FakeClock
) -> None:
    now = int(clock.wall * 1000)
    refusal = {"code": 1002, "errorMessage": "ParamError:imAdmin is an administrator."}
    send(here, "token/expire", {"userId": ["alice", "imAdmin"], "time": now + 1000}, refusal, 400)
    send(here, "token/expire", {"userId": "imAdmin", "time": now}, DONE)
