"""RongCloud: exact answers of every call but getToken, in both profiles."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from rollcall_server.models import User

from tests.conftest import MakeApp
from tests.dialects.rongcloud.expected import DOCUMENTED, JSON, LIVE, NO_CORS, text_of
from tests.support import tokens
from tests.support.clock import START, FakeClock
from tests.support.scenario import Scenario, play
from tests.support.tokens import signature_of

NOW = int(START)
_WITH_MSG = ("/user/deactivate", "/user/reactivate", "/user/profile/query", "/user/profile/batch/query")
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
        if path.startswith(_WITH_MSG):
            # The Go SDK reads the error message from this key.
            answer["msg"] = answer["errorMessage"]
    play(app.test_client(), Scenario("", path, form(body), answer, status, headers), JSON, NO_CORS, text_of)


def refuse(app: Flask, path: str, body: Body, text: str, code: int = 1002, **more: Any) -> None:
    send(app, path, body, {"code": code, "errorMessage": f"ParamError:{text}."}, 400, **more)


@pytest.fixture(name="app")
def _app(app: Flask) -> Flask:
    """Return the app with users alice and bob, and with tokens of alice and two administrators."""
    services = app.extensions["rollcall"]
    services.start()
    services.users.register([User("alice", "Alice", "F"), User("bob", "Bob")])
    for format, user_id, platform_id in (
        ("v3.8", "imAdmin", 10),
        ("v2", "openIMAdmin", 1),
        ("v2", "alice", 1),
        ("v3.8", "alice", 5),
    ):
        services.tokens.issue(services.codecs[format].request(user_id, platform_id))
    return app


ADMIN = {"operationID": "1", "token": tokens.v3_8("imAdmin", 10, NOW)}
ALICE_V2, ALICE_V3 = tokens.v2("alice", "IOS", NOW), tokens.v3_8("alice", 5, NOW)


def heartbeat(app: Flask, token: str, **body: Any) -> int:
    answer = app.test_client().post("/presence/heartbeat", json=body, headers={"token": token})
    code: int = answer.get_json()["errCode"]
    return code


# Missing and invalid parameters.

ID_ONLY = ["refresh", "info", "checkOnline", "group/query", "blockPushPeriod/get", "blockPushPeriod/delete"]
REQUIRED = [
    *((path, {}, "userId") for path in ID_ONLY),
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
    ("tag/set", {"userId": "u"}, "tags"),
    ("tag/set", {"userId": "u", "tags": ""}, "tags"),
    ("tag/set", json.dumps({"userId": "u", "Tags": []}), "tags"),
    ("tag/set", json.dumps({"userId": "u", "tags": None}), "tags"),
    ("tag/batch/set", {"userIds": "u", "tag": "a"}, "tags"),
    ("online/platforms", {}, "userId"),
    ("conversation/tag/set", {"userId": "u"}, "tags"),
    ("conversation/tag/del", {"userId": "u"}, "tagIds"),
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


@pytest.mark.parametrize(("path", "body", "missing"), REQUIRED)
def test_a_missing_parameter_is_named_in_the_words_of_the_profile(
    shared_app: Flask, path: str, body: Body, missing: str
) -> None:
    body = {**body, "unknown": "1"} if isinstance(body, dict) else body
    refuse(shared_app, path, body, f"{missing} is required", headers=DOCUMENTED)
    recorded = {"code": 1002, "errorMessage": f"The parameter {missing} is required."}
    send(shared_app, path, body, recorded, 400, headers=LIVE)


#: The first required parameter of calls where it is not `userId`.
FIRST = {"tag/batch/set": "userIds", "tags/get": "userIds", "chat/fb/querylist": "type"}


@pytest.mark.parametrize("path", dict.fromkeys(path for path, _, _ in REQUIRED))
def test_an_empty_body_is_error_1003_if_documented_and_a_missing_parameter_if_live(
    shared_app: Flask, path: str
) -> None:
    send(shared_app, path, "", {"code": 1003, "errorMessage": "参数错误"}, 400, headers=DOCUMENTED)
    recorded = {
        "code": 1002,
        "errorMessage": f"The parameter {FIRST.get(path, 'userId')} is required.",
    }
    send(shared_app, path, "", recorded, 400, headers=LIVE)


@pytest.mark.parametrize("path", ["subscribe/set", "subscribe/query"])
def test_subscription_calls_have_a_code_of_their_own_for_an_empty_body(shared_app: Flask, path: str) -> None:
    refuse(shared_app, path, "", "the body is empty", 26001, headers=DOCUMENTED)
    refuse(shared_app, path, "", "userId is required", 26001, headers=LIVE)


MANY = [f"u{number}" for number in range(101)]
LONG = "x" * 65
INVALID = [
    *((path, {"userId": LONG}, "userId is too long", 1005) for path in ID_ONLY),
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
    ("whitesetting/set", {"userId": "u", "whiteSetting": 2}, "whiteSetting must be 0 or 1", 1002),
    ("whitesetting/query", {"userId": MANY[:21]}, "userId has over 20 values", 1002),
    ("tag/set", {"userId": "u", "tags": [str(n) for n in range(21)]}, "tags has over 20 values", 1002),
    ("tag/set", {"userId": "u", "tags": "名" * 14}, "tags is too long", 1005),
    ("tag/set", {"userId": "u", "tags": "a\tb"}, "tags holds characters that are not allowed", 1002),
    ("tags/get", {"userIds": MANY[:51]}, "userIds has over 50 values", 1002),
    ("profile/clean", {"userId": ",".join(MANY[:21])}, "userId has over 20 values", 1002),
    (
        "profile/set",
        {"userId": "u", "userExtProfile": '{"ext_a":1,"a":1}'},
        "userExtProfile has keys that do not begin with ext_",
        1002,
    ),
    *(
        (
            "conversation/tag/set",
            json.dumps({"userId": "u", "tags": [tag]}),
            'tags must be like [{"tagId":"","tagName":""}]',
            1002,
        )
        for tag in ({"tagId": "a"}, {"tagId": "", "tagName": "A"}, {"tagId": 1, "tagName": "A"})
    ),
    (
        "conversation/tag/set",
        {"userId": "u", "tags": "a"},
        "tags must be JSON, and an object",
        1002,
    ),
    (
        "conversation/tag/set",
        json.dumps({"userId": "u", "tags": [{"tagId": "a", "tagName": "名" * 22}]}),
        "tags is too long",
        1005,
    ),
    ("conversation/tag/del", {"userId": "u", "tagIds": MANY[:21]}, "tagIds has over 20 values", 1002),
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
    ("profile/query", {"size": 101}, "size must be a number from 0 to 100", 1002),
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
def test_an_invalid_parameter_is_refused(
    shared_app: Flask, path: str, body: Body, text: str, code: int
) -> None:
    answer: dict[str, Any] = {"code": code, "errorMessage": f"ParamError:{text}."}
    send(shared_app, path, body, answer, 400)


# Effects of each call.


def test_refresh_writes_the_given_fields_and_info_returns_them(app: Flask) -> None:
    created = "2023-11-15 06:13:20"
    before = {"code": 200, "userName": "Alice", "userPortrait": "F", "createTime": created}
    send(app, "info", {"userId": "alice"}, before)
    send(app, "refresh", {"userId": "alice"}, DONE)
    send(app, "refresh", "userId=alice&name=&portraitUri=", DONE)
    send(app, "info", {"userId": "alice"}, before)
    send(app, "refresh", "userId=alice&name=青花瓷", DONE)
    send(app, "info", {"userId": "alice"}, {**before, "userName": "青花瓷"})
    send(app, "refresh", {"userId": "alice", "portraitUri": "G"}, DONE, headers=DOCUMENTED)
    send(app, "info", {"userId": "alice"}, {**before, "userName": "青花瓷", "userPortrait": "G"})
    send(app, "refresh", {"userId": "nobody", "name": "N"}, DONE, headers=DOCUMENTED)
    recorded = {"code": 1002, "errorMessage": "userIdnobody is not exist."}
    send(app, "refresh", {"userId": "nobody", "name": "N"}, recorded, 400)
    unknown = {"code": 200, "userName": "", "userPortrait": "", "createTime": ""}
    send(app, "info", {"userId": "nobody"}, unknown)


def test_check_online_answers_a_string(app: Flask, clock: FakeClock) -> None:
    send(app, "checkOnline", {"userId": "alice"}, {"code": 200, "status": "0"})
    assert heartbeat(app, ALICE_V2, ttl=60) == 0
    send(app, "checkOnline", {"userId": "alice"}, {"code": 200, "status": "1"})
    send(app, "checkOnline", {"userId": "nobody"}, {"code": 200, "status": "0"})
    clock.advance(60)
    send(app, "checkOnline", {"userId": "alice"}, {"code": 200, "status": "0"})


def opaque_token(app: Flask, user_id: str) -> str:
    services = app.extensions["rollcall"]
    token: str = services.codecs["rongcloud"].encode(
        services.tokens.issue(services.codecs["rongcloud"].request(issuer="live-app-key", user_id=user_id))
    )
    return token


def test_token_expire_revokes_earlier_tokens_of_every_dialect(app: Flask, clock: FakeClock) -> None:
    clock.advance(1)
    early = opaque_token(app, "alice")
    clock.advance(1)
    late = opaque_token(app, "alice")
    for token in (ALICE_V2, ALICE_V3, early, late):
        assert heartbeat(app, token) == 0
    send(app, "token/expire", {"userId": ["alice", "nobody"], "time": int(START * 1000) + 2000}, DONE)
    assert [heartbeat(app, token) for token in (ALICE_V2, ALICE_V3, early, late)] == [1506, 1506, 1506, 0]
    send(app, "checkOnline", {"userId": "alice"}, {"code": 200, "status": "1"})
    # With a future time, tokens issued before it are void at once, also after a restart.
    send(app, "token/expire", {"userId": "alice", "time": int(clock.wall * 1000) + 5000}, DONE)
    send(app, "token/expire", {"userId": "alice", "time": int(clock.wall * 1000) + 4000}, DONE)
    assert heartbeat(app, late) == 1506
    clock.advance(4.5)
    between = opaque_token(app, "alice")
    assert heartbeat(app, between) == 1506
    clock.advance(0.5)
    after = opaque_token(app, "alice")
    services = app.extensions["rollcall"]
    services.stop()
    services.start()
    assert [heartbeat(app, token) for token in (between, after)] == [1506, 0]


def test_a_blocked_users_tokens_are_refused_until_the_block_ends(app: Flask, clock: FakeClock) -> None:
    services = app.extensions["rollcall"]
    token = opaque_token(app, "alice")
    for each in (ALICE_V2, ALICE_V3, token):
        assert heartbeat(app, each, ttl=86400) == 0
    send(app, "block", {"userId": ["alice", "nobody"], "minute": 2}, DONE)
    send(app, "checkOnline", {"userId": "alice"}, {"code": 200, "status": "0"})
    assert [heartbeat(app, each) for each in (ALICE_V2, ALICE_V3, token)] == [1506] * 3
    assert heartbeat(app, ADMIN["token"], userID="alice", platformID=1) == 1002
    send(app, "checkOnline", {"userId": "alice"}, {"code": 200, "status": "0"})
    # Each dialect renders the refusal in its own format; a token issued during the block is refused too.
    query = {"userIDs": ["alice"]}
    answer = app.test_client().post(
        "/user/get_users_info", json=query, headers={"operationID": "1", "token": ALICE_V3}
    )
    assert answer.get_json()["errCode"] == 1506
    parsed = app.test_client().post(
        "/auth/parse_token", json={"operationID": "1"}, headers={"token": ALICE_V2}
    )
    assert parsed.get_json()["errMsg"].endswith("user has been kicked")
    assert heartbeat(app, opaque_token(app, "alice")) == 1506
    body = {"operationID": "1", "pageNumber": 1, "showNumber": 1, "userID": "alice"}
    headers = {"token": tokens.v2("openIMAdmin", "IOS", NOW)}
    users = app.test_client().post("/user/get_users", json=body, headers=headers).get_json()
    assert users["data"]["userList"][0]["isBlock"] is True
    # The block survives a restart and ends on time.
    services.stop()
    services.start()
    assert heartbeat(app, ALICE_V3) == 1506
    clock.advance(119.5)
    assert heartbeat(app, ALICE_V3) == 1506
    clock.advance(0.5)
    assert [heartbeat(app, each) for each in (ALICE_V2, ALICE_V3, token)] == [0] * 3
    send(app, "checkOnline", {"userId": "alice"}, {"code": 200, "status": "1"})
    send(app, "block/query", "", {"code": 200, "users": []})


def test_blocks_are_listed_latest_end_first_and_removed_by_unblock(app: Flask, clock: FakeClock) -> None:
    def entry(user_id: str, end: str) -> dict[str, str]:
        return {"userId": user_id, "blockEndTime": end}

    send(app, "block", {"userId": ["a", "b"], "minute": 1}, DONE)
    send(app, "block", {"userId": "c", "minute": 43200}, DONE)
    send(app, "block", {"userId": "a", "minute": 3}, DONE)
    a, b = entry("a", "2023-11-15 06:16:20"), entry("b", "2023-11-15 06:14:20")
    c = entry("c", "2023-12-15 06:13:20")
    send(app, "block/query", "", {"code": 200, "users": [c, a, b]})
    send(app, "block/query", {"page": 0, "size": 1}, {"code": 200, "users": [c, a, b]})
    send(app, "block/query", {"page": 1}, {"code": 200, "users": [c, a, b]})
    send(app, "block/query", "size=1&page=2", {"code": 200, "users": [a]})
    send(app, "block/query", {"page": 4, "size": 1}, {"code": 200, "users": []})
    clock.advance(60)
    send(app, "block/query", "", {"code": 200, "users": [c, a]})
    send(app, "unblock", {"userId": ["c", "nobody"]}, DONE)
    app.extensions["rollcall"].stop()
    app.extensions["rollcall"].start()
    send(app, "block/query", "", {"code": 200, "users": [a]})


@pytest.mark.parametrize(
    ("path", "other"),
    [("blacklist", "blackUserId"), ("blocklist", "blackUserId"), ("whitelist", "whiteUserId")],
)
def test_blacklists_and_whitelists_can_be_extended_listed_and_reduced(
    app: Flask, path: str, other: str
) -> None:
    user = {"userId": "nobody"}
    send(app, f"{path}/query", user, {"code": 200, "users": []})
    send(app, f"{path}/add", {**user, other: ["b", "c"]}, DONE)
    send(app, f"{path}/add", {**user, other: ["d", "b"]}, DONE)
    send(app, f"{path}/query", user, {"code": 200, "users": ["d", "c", "b"]})
    send(app, f"{path}/query", {"userId": "b"}, {"code": 200, "users": []})
    page = app.test_client().post(f"/user/{path}/query.json", data={**user, "size": 2}, headers=LIVE)
    token = page.get_json()["next"]
    assert page.get_json() == {"code": 200, "users": ["d", "c"], "next": token}
    send(app, f"{path}/query", {**user, "size": 2, "pageToken": token}, {"code": 200, "users": ["b"]})
    send(app, f"{path}/query", {**user, "size": 3}, {"code": 200, "users": ["d", "c", "b"]})
    send(app, f"{path}/remove", {**user, other: ["c", "x"]}, DONE)
    send(app, f"{path}/query", user, {"code": 200, "users": ["d", "b"]})


def test_a_blacklist_holds_at_most_3000_users(app: Flask) -> None:
    attributes = app.extensions["rollcall"].user_attributes
    attributes.put("blacklist", "alice", {str(number): "" for number in range(2999)})
    refuse(
        app,
        "blacklist/add",
        {"userId": "alice", "blackUserId": ["x", "y"]},
        "a user may have 3000 of these",
        1005,
    )
    send(app, "blacklist/add", {"userId": "alice", "blackUserId": ["x", "0"]}, DONE)


def test_the_whitelist_setting_is_stored_per_user(app: Flask) -> None:
    send(app, "whitesetting/set", {"userId": ["a", "b"], "whiteSetting": 1}, DONE)
    send(app, "whitesetting/set", {"userId": "b", "whiteSetting": 0}, DONE)
    users = [
        {"whiteSetting": setting, "userId": user_id}
        for user_id, setting in (("a", "1"), ("b", "0"), ("c", "0"))
    ]
    send(app, "whitesetting/query", {"userId": ["a", "b", "c"]}, {"code": 200, "users": users})


def test_setting_tags_replaces_the_previous_ones(app: Flask) -> None:
    def post(path: str, body: Any) -> None:
        response = app.test_client().post(f"/user/{path}.json", json=body, headers=LIVE)
        assert response.get_json() == DONE

    post("tag/set", {"userId": "31232", "tags": ["bj", "男"]})
    post("tag/batch/set", {"userIds": ["id1", "id2"], "tags": ["x", "x"]})
    found = {"31232": ["bj", "男"], "id1": ["x"], "nobody": []}
    send(app, "tags/get", {"userIds": ["31232", "id1", "nobody"]}, {"code": 200, "result": found})
    post("tag/set", {"userId": "31232", "tags": []})
    post("tag/batch/set", {"userIds": ["id1"], "tags": []})
    found = {"31232": [], "id1": [], "id2": ["x"]}
    send(app, "tags/get", {"userIds": ["31232", "id1", "id2"]}, {"code": 200, "result": found})
    # One client sends JSON inside a form field.
    send(app, "tag/set", {"userId": "a", "tags": "[]"}, DONE)
    send(app, "tag/set", {"userId": "a", "tags": '["p","q"]'}, DONE)
    send(app, "tag/batch/set", {"userIds": '["b","c"]', "tags": "p"}, DONE)
    found = {"a": ["p", "q"], "b": ["p"], "c": ["p"]}
    send(app, "tags/get", {"userIds": ["a", "b", "c"]}, {"code": 200, "result": found})


def test_a_deactivated_user_is_unknown_and_the_id_stays_taken(app: Flask, clock: FakeClock) -> None:
    client = app.test_client()
    assert heartbeat(app, ALICE_V3) == 0
    for path in ("deactivate", "deactivate/query", "reactivate", "activate"):
        assert not client.post(f"/user/{path}.json", headers=LIVE).get_json().get("operateId")
    response = client.post("/user/deactivate.json", data="userId=alice%2Cnobody", headers=LIVE).get_json()
    assert re.fullmatch("[A-Z0-9]{4}(-[A-Z0-9]{4}){3}", response.pop("operateId"))
    assert response == DONE
    send(app, "deactivate/query", "pageNo=1&pageSize=50", {"code": 200, "users": ["alice"]})
    # Every dialect treats the user as unknown.
    send(app, "checkOnline", {"userId": "alice"}, {"code": 200, "status": "0"})
    send(
        app,
        "info",
        {"userId": "alice"},
        {"code": 200, "userName": "", "userPortrait": "", "createTime": ""},
    )
    assert [heartbeat(app, token) for token in (ALICE_V2, ALICE_V3)] == [1507] * 2
    query = {"checkUserIDs": ["alice"]}
    check = client.post("/user/account_check", json=query, headers=ADMIN).get_json()
    assert check["data"]["results"] == [{"userID": "alice", "accountStatus": 0}]
    # No dialect registers the id again.
    users = {"users": [{"userID": "alice", "nickname": "N"}]}
    assert client.post("/user/user_register", json=users, headers=ADMIN).get_json()["errCode"] == 1102
    v2 = {"secret": "tuoyun", "platform": 1, "userID": "alice", "operationID": "1"}
    assert "Duplicate entry 'alice'" in client.post("/auth/user_register", json=v2).get_json()["errMsg"]
    taken = {"userId": "alice", "name": "N"}
    send(app, "getToken", taken, {"code": 1004, "errorMessage": "用户ID已存在"}, 409, headers=DOCUMENTED)
    refuse(app, "getToken", taken, "userId is deactivated")
    # The user can be reactivated after an hour.
    early = "ParamError:userId was deactivated less than an hour ago."
    clock.advance(3599)
    refusal = {"code": 1002, "errorMessage": early}
    send(app, "reactivate", {"userId": "alice"}, refusal, 400)
    clock.advance(1)
    response = client.post("/user/activate.json", data="userId=alice,nobody", headers=LIVE).get_json()
    assert re.fullmatch("[A-Z0-9]{4}(-[A-Z0-9]{4}){3}", response.pop("operateId"))
    assert response == DONE
    send(app, "deactivate/query", "", {"code": 200, "users": []})
    again = {"code": 200, "userName": "", "userPortrait": "", "createTime": "2023-11-15 06:13:20"}
    send(app, "info", {"userId": "alice"}, again)
    assert heartbeat(app, ALICE_V3) == 1507


def test_query_lists_users_and_delusers_deletes_them(app: Flask) -> None:
    def user(user_id: str, name: str, portrait: str = "") -> dict[str, str]:
        time = "2023-11-15 06:13:20"
        return {"userId": user_id, "userName": name, "userPortrait": portrait, "regTime": time}

    alice, bob = user("alice", "Alice", "F"), user("bob", "Bob")
    # Administrators are not listed.
    send(app, "query", "page=1", {"code": 200, "total": 2, "users": [alice, bob]})
    send(app, "query", "order=1&pageSize=1", {"code": 200, "total": 2, "users": [bob]})
    send(app, "query", "page=9", {"code": 200, "total": 2, "users": []})
    assert heartbeat(app, ALICE_V3) == 0
    send(app, "remarks/set", {"userId": "alice", "remarks": '[{"id":"bob","remark":"B"}]'}, DONE)
    send(app, "delusers", "userId=alice&userId=nobody", DONE)
    send(app, "query", "", {"code": 200, "total": 1, "users": [bob]})
    send(app, "delusers", "userId=x%2Cbob", DONE)
    send(app, "query", "", {"code": 200, "total": 0, "users": []})
    assert heartbeat(app, ALICE_V3) == 1507
    send(app, "remarks/get", {"userId": "alice"}, {"code": 200, "total": 0, "users": []})
    response = app.test_client().post("/user/getToken.json", data="userId=alice&name=A", headers=LIVE)
    assert response.get_json()["code"] == 200


def test_remarks_are_set_listed_and_deleted(app: Flask) -> None:
    user = {"userId": "alice"}
    both = json.dumps([{"Id": "b", "Remark": "r&x"}, {"id": "c", "remark": "你好"}])
    send(app, "remarks/set", {**user, "remarks": both}, DONE)
    send(app, "remarks/set", 'userId=alice&remarks=[{"id":"d","remark":"D"},{"id":"b","remark":"R"}]', DONE)
    b, c, d = ({"id": key, "remark": value} for key, value in (("b", "R"), ("c", "你好"), ("d", "D")))
    send(app, "remarks/get", user, {"code": 200, "total": 3, "users": [d, c, b]})
    send(app, "remarks/get", {**user, "page": 2, "size": 2}, {"code": 200, "total": 3, "users": [b]})
    send(app, "remarks/del", {**user, "targetId": "c"}, DONE)
    send(app, "remarks/del", {**user, "targetId": "c"}, DONE)
    send(app, "remarks/get", user, {"code": 200, "total": 2, "users": [d, b]})


def test_users_banned_from_single_chats_are_listed(app: Flask) -> None:
    person = {"type": "PERSON"}
    send(app, "chat/fb/set", {**person, "userId": ["a", "b", "c"], "state": 1}, DONE)
    send(app, "chat/fb/set", {**person, "userId": ["b", "x"], "state": 0}, DONE)
    send(app, "chat/fb/querylist", person, {"code": 200, "total": 2, "users": ["a", "c"]})
    send(
        app,
        "chat/fb/querylist",
        {**person, "num": 1, "offset": 1},
        {"code": 200, "total": 2, "users": ["c"]},
    )


def test_a_push_block_period_is_set_replaced_and_deleted(app: Flask) -> None:
    user = {"userId": "alice"}
    send(app, "blockPushPeriod/get", user, {"code": 200, "data": {}})
    send(app, "blockPushPeriod/set", {**user, "startTime": "23:59:59", "period": 120, "level": 5}, DONE)
    send(app, "blockPushPeriod/set", {**user, "startTime": "20:00:00", "period": 600}, DONE)
    data = {"startTime": "20:00:00", "period": 600, "unPushLevel": 1}
    send(app, "blockPushPeriod/get", user, {"code": 200, "data": data})
    send(app, "blockPushPeriod/delete", user, DONE)
    send(app, "blockPushPeriod/get", user, {"code": 200, "data": {}})


def test_profiles_are_merged_listed_and_cleaned(app: Flask) -> None:
    def profile(user_id: str, version: int, basic: str, extended: str = "{}") -> dict[str, Any]:
        return {"userId": user_id, "version": version, "userProfile": basic, "userExtProfile": extended}

    send(app, "profile/set", {"userId": "a", "userProfile": '{"name": "名", "n": 1}'}, DONE)
    send(app, "profile/set", {"userId": "b", "userExtProfile": '{"ext_x": "y"}'}, DONE)
    send(
        app,
        "profile/set",
        {"userId": "a", "userProfile": '{"n": 2}', "userExtProfile": '{"ext_a": "b"}'},
        DONE,
    )
    a = profile("a", 2, '{"name":"名","n":2}', '{"ext_a":"b"}')
    b = profile("b", 1, "{}", '{"ext_x":"y"}')
    send(app, "profile/batch/query", {"userId": "b,nobody,a"}, {"code": 200, "userList": [b, a]})
    send(app, "profile/query", "", {"code": 200, "userList": [a, b]})
    send(app, "profile/query", {"order": 1, "size": 1}, {"code": 200, "userList": [b]})
    send(app, "profile/query", {"page": 2, "size": 1}, {"code": 200, "userList": [b]})
    # One SDK sends 0 for parameters that were not set.
    send(app, "profile/query", {"page": 0, "size": 0}, {"code": 200, "userList": [a, b]})
    send(app, "profile/clean", {"userId": "a,nobody"}, DONE)
    send(app, "profile/query", "", {"code": 200, "userList": [b]})


def test_group_query_answers_an_empty_list(app: Flask) -> None:
    send(app, "group/query", {"userId": "alice"}, {"code": 200, "groups": []})


def test_subscriptions_expire_and_are_shared_with_openim_v3(app: Flask, clock: FakeClock) -> None:
    since = int(START * 1000)

    def record(*user_ids: str, expiry: int) -> dict[str, Any]:
        return {"subUserIds": user_ids, "subType": 1, "subTime": since, "expiry": expiry}

    def page(*rows: dict[str, Any]) -> dict[str, Any]:
        return {"code": 200, "hasNext": False, "pageToken": "", "subscriptions": list(rows)}

    app.extensions["rollcall"].users.register([User(user_id) for user_id in "cde"])
    user = {"userId": "bob"}
    send(
        app,
        "subscribe/set",
        {**user, "subUserIds": "alice,c", "opType": 0, "expiry": 60, "subType": 1},
        DONE,
    )
    send(app, "subscribe/set", {**user, "subUserIds": "d", "opType": 0, "expiry": 3600}, DONE)
    send(app, "subscribe/query", user, page(record("alice", "c", expiry=60), record("d", expiry=3600)))
    send(app, "subscribe/set", {**user, "subUserIds": "c,x", "opType": 1}, DONE)
    followed = app.test_client().post(
        "/user/get_subscribe_users_status", json={"userID": "bob"}, headers=ADMIN
    )
    assert [row["userID"] for row in followed.get_json()["data"]["statusList"]] == ["alice", "d"]
    app.test_client().post(
        "/user/subscribe_users_status", json={"userID": "bob", "userIDs": ["e"], "genre": 1}, headers=ADMIN
    )
    clock.advance(60)
    send(app, "subscribe/query", user, page(record("d", expiry=3600), record("e", expiry=0)))


def test_subscriptions_are_listed_in_pages(app: Flask) -> None:
    others = [str(number) for number in range(120)]
    app.extensions["rollcall"].users.register([User(user_id) for user_id in others])
    app.extensions["rollcall"].subscriptions.add("bob", others, 60)
    seen: list[str] = []
    token = ""
    for has_next in (True, True, False):
        body = {"userId": "bob", "pageSize": 50, "pageToken": token}
        answer = app.test_client().post("/user/subscribe/query.json", data=body, headers=LIVE).get_json()
        assert (answer["code"], answer["hasNext"]) == (200, has_next)
        seen += [user_id for row in answer["subscriptions"] for user_id in row["subUserIds"]]
        token = answer["pageToken"]
    assert seen == others
    assert token == ""


# Limits that are off by default.


def test_the_timestamp_window_refuses_timestamps_outside_it(make_app: MakeApp, clock: FakeClock) -> None:
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


def test_nonce_once_refuses_a_repeated_nonce(make_app: MakeApp) -> None:
    client = make_app(rongcloud_nonce_once=True).test_client()
    codes = [
        client.post("/user/info.json", data="userId=u", headers=LIVE).get_json()["code"] for _ in range(3)
    ]
    assert codes == [200, 1004, 1004]


def test_the_border_between_nonce_and_timestamp_cannot_be_moved_to_repeat_a_request(
    make_app: MakeApp,
) -> None:
    client = make_app(rongcloud_nonce_once=True).test_client()
    signature = signature_of("live-app-secret", "10000", "1700000000")

    def code(nonce: str, timestamp: str) -> int:
        headers = {
            "App-Key": "live-app-key",
            "Nonce": nonce,
            "Timestamp": timestamp,
            "Signature": signature,
        }
        answer: int = client.post("/user/info.json", data="userId=u", headers=headers).get_json()["code"]
        return answer

    assert code("10000", "1700000000") == 200
    assert [code("1" + "0" * zeros, "0" * (4 - zeros) + "1700000000") for zeros in range(5)] == [1004] * 5


def test_the_rate_limit_counts_per_app_and_call(make_app: MakeApp, clock: FakeClock) -> None:
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


def test_get_token_refuses_a_user_beyond_the_maximum(make_app: MakeApp) -> None:
    # Administrators do not count.
    app = make_app(rongcloud_max_users=1)
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
def test_profile_json_with_non_finite_numbers_or_deep_nesting_is_refused(app: Flask, value: str) -> None:
    refusal = {"code": 1002, "errorMessage": "ParamError:userProfile must be JSON, and an object."}
    send(app, "profile/set", {"userId": "alice", "userProfile": value}, refusal, 400)


def test_a_lone_surrogate_in_json_becomes_a_replacement_character(app: Flask) -> None:
    value = r'{"\ud800k": "a\udc00", "pair": "\ud83d\ude00"}'
    send(app, "profile/set", {"userId": "alice", "userProfile": value}, DONE)
    profile = '{"\ufffdk":"a\ufffd","pair":"\U0001f600"}'
    row = {"userId": "alice", "version": 1, "userProfile": profile, "userExtProfile": "{}"}
    send(app, "profile/batch/query", {"userId": "alice"}, {"code": 200, "userList": [row]})


def test_administrators_are_no_rongcloud_users(app: Flask, clock: FakeClock) -> None:
    clock.advance(1)
    token = app.test_client().post("/user/getToken.json", data="userId=imAdmin&name=N", headers=LIVE)
    assert token.get_json()["code"] == 200
    unchanged = {
        "code": 200,
        "userName": "imAdmin",
        "userPortrait": "",
        "createTime": "2023-11-15 06:13:20",
    }
    send(app, "info", {"userId": "imAdmin"}, unchanged)
    send(app, "refresh", {"userId": "imAdmin", "name": "N"}, DONE)
    send(app, "info", {"userId": "imAdmin"}, unchanged)
    later = int(clock.wall * 1000) + 1000
    send(app, "token/expire", {"userId": ["alice", "imAdmin"], "time": later}, DONE)
    assert [heartbeat(app, each) for each in (ALICE_V3, ADMIN["token"])] == [1506, 0]
    # The token is an ordinary user's: it puts no other user online.
    opaque = token.get_json()["token"]
    assert heartbeat(app, opaque) == 0
    assert heartbeat(app, opaque, userID="bob", platformID=1) == 1002
    everyone = app.test_client().get("/presence/counts", headers={"token": opaque})
    assert everyone.get_json() == {
        "errCode": 1002,
        "errMsg": "NoPermissionError",
        "errDlt": "user imAdmin is not an administrator",
    }


def test_a_page_token_that_was_not_given_out_begins_at_the_first_page_if_live(app: Flask) -> None:
    send(app, "blacklist/add", {"userId": "alice", "blackUserId": ["b", "c"]}, DONE)
    send(app, "subscribe/set", {"userId": "bob", "subUserIds": "alice", "opType": 0, "expiry": 60}, DONE)
    subscribed = {
        "code": 200,
        "hasNext": False,
        "pageToken": "",
        "subscriptions": [
            {"subUserIds": ["alice"], "subType": 1, "subTime": int(START * 1000), "expiry": 60},
        ],
    }
    text = "pageToken is none that was given out"
    for page_token in ("COIB", "CBc="):
        blacklist = {"userId": "alice", "pageToken": page_token}
        send(app, "blacklist/query", blacklist, {"code": 200, "users": ["c", "b"]})
        refuse(app, "blacklist/query", blacklist, text, headers=DOCUMENTED)
        subscriptions = {"userId": "bob", "pageToken": page_token}
        send(app, "subscribe/query", subscriptions, subscribed)
        refuse(app, "subscribe/query", subscriptions, text, 26001, headers=DOCUMENTED)


def test_tags_of_conversations_are_set_renamed_listed_and_deleted(app: Flask) -> None:
    def post(path: str, body: Any) -> None:
        response = app.test_client().post(f"/user/conversation/tag/{path}.json", json=body, headers=LIVE)
        assert response.get_json() == DONE

    def tags(user_id: str, **names: str) -> None:
        response = app.test_client().get(f"/user/conversation/tag/get.json?userId={user_id}", headers=LIVE)
        rows = [{"tagId": tag_id, "tagName": name} for tag_id, name in names.items()]
        assert response.get_json() == {"code": 200, "data": {"userId": user_id, "tags": rows}}

    tags("alice")
    post(
        "set",
        {"userId": "alice", "tags": [{"tagId": "a", "tagName": "A"}, {"tagId": "b", "tagName": "家"}]},
    )
    post("set", {"userId": "alice", "tags": [{"tagId": "a", "tagName": "Z", "unknown": 1.5}]})
    tags("alice", a="Z", b="家")
    tags("bob")
    post("del", {"userId": "alice", "tagIds": ["a", "c"]})
    tags("alice", b="家")


def test_a_get_call_takes_its_parameters_from_the_query_and_needs_a_signature(app: Flask) -> None:
    path = "/user/conversation/tag/get.json"
    unsigned = app.test_client().get(f"{path}?userId=a", headers={**LIVE, "Signature": "x"})
    assert unsigned.status_code == 401
    assert unsigned.get_json() == {"url": path, "code": 1004, "errorMessage": "签名错误，请检查。"}
    missing = app.test_client().get(path, headers=LIVE)
    assert missing.status_code == 400
    assert missing.get_json() == {
        "url": path,
        "code": 1002,
        "errorMessage": "The parameter userId is required.",
    }
    posted = app.test_client().post(path, data="userId=a", headers=LIVE)
    assert (posted.status_code, posted.get_json()["code"]) == (405, 405)


def test_online_platforms_are_the_numbers_of_the_java_sdk(app: Flask) -> None:
    send(app, "online/platforms", {"userId": "alice"}, {"code": 200, "list": []})
    for platform_id in (9, 1, 5, 3, 7, 11):
        assert heartbeat(app, ADMIN["token"], userID="alice", platformID=platform_id) == 0
    send(app, "online/platforms", {"userId": "alice"}, {"code": 200, "list": [0, 1, 3, 4]})


def test_every_answer_of_a_live_app_has_a_request_id(app: Flask) -> None:
    client = app.test_client()

    def request_id(path: str = "/user/info.json", **headers: str) -> str | None:
        return client.post(path, data="userId=a", headers=headers).headers.get("X-Request-Id")

    first, second, refused, unknown = (
        request_id(**LIVE),
        request_id(**LIVE),
        request_id("/user/block.json", **LIVE),
        request_id("/user/unknown.json", **LIVE),
    )
    given = {first, second, refused, unknown}
    assert len(given) == 4
    assert all(re.fullmatch("[0-9a-f]{32}", str(each)) for each in given)
    assert request_id(**LIVE, **{"X-Request-ID": "mine"}) == "mine"
    assert request_id(**DOCUMENTED) is None


def test_an_unknown_app_key_is_worded_as_the_profile_of_all_apps(make_app: MakeApp) -> None:
    from_live = make_app(rongcloud_apps="k:s:live,l:s:live")
    send(from_live, "info", {"userId": "u"}, {"code": 1002, "errorMessage": "invalid App-Key."}, 400)
    from_live.extensions["rollcall"].stop()
    from_both = make_app(rongcloud_apps="k:s:live,l:s")
    send(from_both, "info", {"userId": "u"}, {"code": 1002, "errorMessage": "AppKey不存在"}, 400)
