"""Rollcall dialect: heartbeat and leave, with a token of any dialect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rollcall_server.models import User

from tests.conftest import MakeApp
from tests.dialects.conftest import NOW
from tests.support import tokens
from tests.support.clock import FakeClock
from tests.support.scenario import CORS, Scenario, play, scenarios

JSON, TEXT = "application/json", "text/plain"
HEARTBEAT, LEAVE = "/presence/heartbeat", "/presence/leave"
DONE = {"errCode": 0, "errMsg": "", "errDlt": ""}
ALICE, ADMIN = tokens.v3_8("alice", 1, NOW), tokens.v3_8("imAdmin", 10, NOW)


def error(code: int, name: str, detail: str = "") -> dict[str, object]:
    return {"errCode": code, "errMsg": name, "errDlt": detail or name}


def args(message: str) -> dict[str, object]:
    return error(1001, "ArgsError", message)


def bad_type(value: str, name: str, go_type: str, struct: str = "HeartbeatReq") -> dict[str, object]:
    return args(f"json: cannot unmarshal {value} into Go struct field {struct}.{name} of type {go_type}")


def as_alice(name: str, body: Any, answer: Any, path: str = HEARTBEAT) -> Scenario:
    return Scenario(name, path, body, answer, headers={"token": ALICE})


def as_admin(name: str, body: Any, answer: Any, path: str = HEARTBEAT) -> Scenario:
    return Scenario(name, path, body, answer, headers={"token": ADMIN})


FORGED_OPAQUE = "WyJ5b3VyLWFwcC1rZXkiLCJ1IiwxNzAwMDAwMDAwMjUwLDE3MDI1OTIwMDBd@forged"


@scenarios(
    [
        Scenario("no token", HEARTBEAT, b"{", args("header must have token")),
        Scenario("malformed", HEARTBEAT, b"", error(1503, "TokenMalformedError"), headers={"token": "x"}),
        Scenario(
            "malformed RongCloud token",
            LEAVE,
            b"",
            error(1503, "TokenMalformedError"),
            headers={"token": "x@y"},
        ),
        Scenario(
            "forged RongCloud token",
            LEAVE,
            b"",
            error(1505, "TokenUnknownError", "signature is invalid"),
            headers={"token": FORGED_OPAQUE},
        ),
        Scenario(
            "expired",
            HEARTBEAT,
            b"",
            error(1501, "TokenExpiredError"),
            headers={"token": tokens.v2("alice", "IOS", 5)},
        ),
        Scenario(
            "not valid yet",
            HEARTBEAT,
            b"",
            error(1504, "TokenNotValidYetError"),
            headers={"token": tokens.v2("alice", "IOS", NOW + 9)},
        ),
        Scenario(
            "forged",
            HEARTBEAT,
            b"",
            error(1505, "TokenUnknownError", "signature is invalid"),
            headers={"token": tokens.v2("alice", "IOS", NOW, key="x")},
        ),
        Scenario(
            "kicked",
            HEARTBEAT,
            b"",
            error(1506, "TokenKickedError"),
            headers={"token": tokens.v3_8("bob", 1, NOW)},
        ),
        Scenario(
            "not issued by this server",
            HEARTBEAT,
            b"",
            error(1507, "TokenNotExistError"),
            headers={"token": tokens.v2("bob", "IOS", NOW)},
        ),
        as_alice("truncated", b'{"ttl":', args("unexpected end of JSON input")),
        as_alice("blank", b" ", args("unexpected end of JSON input")),
        as_alice("text after the body", b"{}{}", args("invalid character '{' after top-level value")),
        as_alice(
            "array", b"[]", args("json: cannot unmarshal array into Go value of type presence.HeartbeatReq")
        ),
        as_alice("ttl as a string", {"ttl": "60"}, bad_type("string", "ttl", "int32")),
        as_alice("ttl as a fraction", {"ttl": 0.5}, bad_type("number 0.5", "ttl", "int32")),
        as_alice("numeric isBackground", {"isBackground": 1}, bad_type("number", "isBackground", "bool")),
        as_alice("numeric connID", {"connID": 1}, bad_type("number", "connID", "string", "LeaveReq"), LEAVE),
        *(
            as_alice(f"ttl {ttl}", {"ttl": ttl}, args("ttl must be from 1 to 86400 seconds"))
            for ttl in (0, -1, 86401)
        ),
        as_alice("connID too long", {"connID": "x" * 65}, args("connID has over 64 characters")),
        as_alice("connID too long", {"connID": "x" * 65}, args("connID has over 64 characters"), LEAVE),
        *(
            as_admin(f"platformID {number}", {"platformID": number}, args("platformID is invalid"), path)
            for number in (0, 12, -1)
            for path in (HEARTBEAT, LEAVE)
        ),
        *(
            row
            for path in (HEARTBEAT, LEAVE)
            for row in (
                as_alice(
                    "another user",
                    {"userID": "bob", "platformID": 1},
                    error(1002, "NoPermissionError", "user alice is not an administrator"),
                    path,
                ),
                as_alice(
                    "another platform",
                    {"platformID": 2},
                    error(1002, "NoPermissionError", "the token is for platform 1"),
                    path,
                ),
                as_admin(
                    "unknown user",
                    {"userID": "nobody", "platformID": 1},
                    error(1004, "RecordNotFoundError", "record not found"),
                    path,
                ),
                as_admin("no platformID", {"userID": "bob"}, args("platformID is required"), path),
            )
        ),
        as_alice("leave while offline", b"", DONE, LEAVE),
        as_admin("administrator's leave, offline user", {"userID": "bob", "platformID": 1}, DONE, LEAVE),
    ]
)
def test_heartbeat_and_leave_answers_are_exact(client: FlaskClient, scenario: Scenario) -> None:
    play(client, scenario, JSON, CORS)


@pytest.mark.parametrize(("path", "method"), [("/presence/nothing", "POST"), (HEARTBEAT, "GET")])
def test_an_unknown_path_or_method_is_a_404(client: FlaskClient, path: str, method: str) -> None:
    play(client, Scenario("", path, b"", "404 page not found", 404, method=method), TEXT, CORS)


@pytest.fixture(name="app")
def _app(make_app: MakeApp) -> Iterator[Flask]:
    """Yield a fresh app with users alice and bob, and with tokens of alice and imAdmin."""
    app = make_app()
    services = app.extensions["rollcall"]
    services.start()
    services.users.register([User("alice"), User("bob")])
    for format, user_id, platform_id in (
        ("v2", "alice", 1),
        ("v2", "alice", 0),
        ("v3.4", "alice", 2),
        ("v3.8", "alice", 5),
        ("v3.8", "imAdmin", 10),
    ):
        services.tokens.issue(services.codecs[format].request(user_id, platform_id))
    yield app


def heartbeat(app: Flask, token: str, **body: Any) -> dict[str, Any]:
    answer: dict[str, Any] = app.test_client().post(HEARTBEAT, json=body, headers={"token": token}).get_json()
    return answer


def online(app: Flask, user_id: str) -> list[tuple[int, str, bool, float]]:
    return [
        (connection.platform_id, connection.connection_id, connection.is_background, connection.expires_in)
        for connection in app.extensions["rollcall"].presence.connections([user_id])[0]
    ]


@pytest.mark.parametrize(
    ("token", "platform_id"),
    [
        (tokens.v2("alice", "IOS", NOW), 1),
        (tokens.v3_4("alice", 2, NOW), 2),
        (tokens.v3_8("alice", 5, NOW), 5),
    ],
    ids=["v2", "v3.4", "v3.8"],
)
def test_heartbeat_and_leave_use_the_platform_of_the_token(app: Flask, token: str, platform_id: int) -> None:
    epoch = app.extensions["rollcall"].presence.epoch
    data = {"userID": "alice", "platformID": platform_id, "connID": "", "ttl": 1800, "epoch": epoch}
    headers = {"token": token}
    play(app.test_client(), Scenario("", HEARTBEAT, b"", {**DONE, "data": data}, headers=headers), JSON, CORS)
    assert online(app, "alice") == [(platform_id, "", False, 1800)]
    play(app.test_client(), Scenario("", LEAVE, b"", DONE, headers=headers), JSON, CORS)
    assert online(app, "alice") == []


@pytest.mark.parametrize(("body", "platform_id"), [({}, 5), ({"platformID": 1}, 1), ({"userID": "rong"}, 5)])
def test_a_rongcloud_token_defaults_to_platform_5(app: Flask, body: dict[str, Any], platform_id: int) -> None:
    headers = {
        "App-Key": "live-app-key",
        "Nonce": "1",
        "Timestamp": "2",
        "Signature": tokens.signature_of("live-app-secret", "1", "2"),
    }
    got = app.test_client().post("/user/getToken.json", data="userId=rong&name=n", headers=headers).get_json()
    assert heartbeat(app, got["token"], **body)["data"]["platformID"] == platform_id
    assert online(app, "rong") == [(platform_id, "", False, 1800)]


def test_an_administrator_sends_heartbeats_for_any_user(app: Flask) -> None:
    answer = heartbeat(app, ADMIN, userID="bob", platformID=3, connID="c", isBackground=True, ttl=60)
    assert (answer["errCode"], answer["data"]["userID"]) == (0, "bob")
    assert online(app, "bob") == [(3, "c", True, 60)]
    heartbeat(app, ADMIN, platformID=7)
    heartbeat(app, ADMIN)
    assert [connection[0] for connection in online(app, "imAdmin")] == [7, 10]


def test_the_body_may_repeat_the_user_and_platform_of_the_token(app: Flask) -> None:
    assert heartbeat(app, tokens.v2("alice", "IOS", NOW), userID="alice", platformID=1)["errCode"] == 0


def test_connections_are_added_removed_and_expire_independently(app: Flask, clock: FakeClock) -> None:
    token = tokens.v3_8("alice", 5, NOW)
    heartbeat(app, token, connID="a", ttl=10)
    heartbeat(app, token, connID="b", ttl=86400)
    heartbeat(app, token, ttl=1)
    clock.advance(1)
    assert online(app, "alice") == [(5, "a", False, 9), (5, "b", False, 86399)]
    app.test_client().post(LEAVE, json={"connID": "b"}, headers={"token": token})
    assert online(app, "alice") == [(5, "a", False, 9)]
    app.test_client().post(LEAVE, json={"connID": ""}, headers={"token": token})
    assert online(app, "alice") == [(5, "a", False, 9)]
    clock.advance(9)
    assert online(app, "alice") == []


def test_a_token_revoked_during_a_heartbeat_does_not_put_its_user_online(
    app: Flask, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = app.extensions["rollcall"]
    old = tokens.v3_8("alice", 5, NOW)
    assert heartbeat(app, old, connID="b")["errCode"] == 0
    touch = services.presence.touch

    def revoke_then_touch(*arguments: Any) -> None:
        services.tokens.issue(services.codecs["v3.8"].request("alice", 5), kicks=True)
        touch(*arguments)

    clock.advance(1)
    with monkeypatch.context() as patch:
        patch.setattr(services.presence, "touch", revoke_then_touch)
        assert heartbeat(app, old, connID="a") == error(1506, "TokenKickedError")
    assert online(app, "alice") == []
    assert heartbeat(app, tokens.v3_8("alice", 5, NOW + 1))["errCode"] == 0


@pytest.mark.parametrize(
    ("event", "refusal"),
    [
        ("delete", error(1004, "RecordNotFoundError", "record not found")),
        ("block", error(1002, "NoPermissionError", "bob is blocked")),
    ],
)
def test_a_user_deleted_or_blocked_during_a_heartbeat_stays_offline(
    app: Flask, monkeypatch: pytest.MonkeyPatch, event: str, refusal: dict[str, Any]
) -> None:
    services = app.extensions["rollcall"]
    touch = services.presence.touch

    def remove_then_touch(*arguments: Any) -> None:
        if event == "delete":
            assert services.deletion.delete(["bob"]) == []
        else:
            services.blocks.block(["bob"], 60)
        touch(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(services.presence, "touch", remove_then_touch)
        assert heartbeat(app, ADMIN, userID="bob", platformID=1) == refusal
    assert online(app, "bob") == []


def test_a_user_has_at_most_30_connections_per_platform(app: Flask) -> None:
    token = tokens.v3_8("alice", 5, NOW)
    for number in range(30):
        assert heartbeat(app, token, connID=str(number))["errCode"] == 0
    refusal = error(1601, "ConnOverMaxNumLimit", "more than 30 connections on platform 5")
    assert heartbeat(app, token, connID="30") == refusal


def test_a_restart_takes_users_offline_changes_the_epoch_and_keeps_tokens(
    make_app: MakeApp, app: Flask
) -> None:
    token = tokens.v3_8("alice", 5, NOW)
    before = heartbeat(app, token)["data"]["epoch"]
    app.extensions["rollcall"].stop()
    restarted = make_app()
    restarted.extensions["rollcall"].start()
    assert online(restarted, "alice") == []
    assert heartbeat(restarted, token)["data"]["epoch"] != before


@pytest.mark.parametrize("platform_id", [0, 12, -1])
def test_a_token_without_a_named_platform_is_for_any_platform_and_web_by_default(
    make_app: MakeApp, platform_id: int
) -> None:
    app = make_app()
    services = app.extensions["rollcall"]
    services.start()
    services.users.register([User("alice", "Alice")])
    for user_id, number in (("alice", platform_id), ("imAdmin", 10)):
        services.tokens.issue(services.codecs["v3.8"].request(user_id, number))
    services.tokens.issue(services.codecs["v2"].request("alice", 0))
    assert heartbeat(app, tokens.v2("alice", "", NOW))["data"]["platformID"] == 5
    token = tokens.v3_8("alice", platform_id, NOW)
    assert heartbeat(app, token)["data"]["platformID"] == 5
    assert heartbeat(app, token, platformID=1)["data"]["platformID"] == 1
    body = {"userIDs": ["alice"]}
    headers = {"operationID": "1", "token": ADMIN}
    statuses = app.test_client().post("/user/get_users_status", json=body, headers=headers).get_json()
    online_on = {"statusList": [{"userID": "alice", "status": 1, "platformIDs": [1, 5]}]}
    assert statuses == {**DONE, "data": online_on}
    client = app.test_client()
    for left in ({}, {"platformID": 1}):
        play(client, Scenario("", LEAVE, left, DONE, headers={"token": token}), JSON, CORS)
    assert online(app, "alice") == []
