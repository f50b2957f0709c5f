"""Our own calls: heartbeat and leave, with any dialect's token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models import User
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


def field(what: str, name: str, kind: str, struct: str = "HeartbeatReq") -> dict[str, object]:
    return args(f"json: cannot unmarshal {what} into Go struct field {struct}.{name} of type {kind}")


def as_alice(name: str, body: Any, answer: Any, path: str = HEARTBEAT) -> Scenario:
    return Scenario(name, path, body, answer, headers={"token": ALICE})


def as_admin(name: str, body: Any, answer: Any, path: str = HEARTBEAT) -> Scenario:
    return Scenario(name, path, body, answer, headers={"token": ADMIN})


OPAQUE_FORGED = "WyJ5b3VyLWFwcC1rZXkiLCJ1IiwxNzAwMDAwMDAwMjUwLDE3MDI1OTIwMDBd@forged"


@scenarios(
    [
        Scenario("no token", HEARTBEAT, b"{", args("header must have token")),
        Scenario("garbage", HEARTBEAT, b"", error(1503, "TokenMalformedError"), headers={"token": "x"}),
        Scenario(
            "garbage like RongCloud's",
            LEAVE,
            b"",
            error(1503, "TokenMalformedError"),
            headers={"token": "x@y"},
        ),
        Scenario(
            "RongCloud's, forged",
            LEAVE,
            b"",
            error(1505, "TokenUnknownError", "signature is invalid"),
            headers={"token": OPAQUE_FORGED},
        ),
        Scenario(
            "expired",
            HEARTBEAT,
            b"",
            error(1501, "TokenExpiredError"),
            headers={"token": tokens.v2("alice", "IOS", 5)},
        ),
        Scenario(
            "not begun",
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
            "never issued here",
            HEARTBEAT,
            b"",
            error(1507, "TokenNotExistError"),
            headers={"token": tokens.v2("bob", "IOS", NOW)},
        ),
        as_alice("truncated", b'{"ttl":', args("unexpected end of JSON input")),
        as_alice("blank", b" ", args("unexpected end of JSON input")),
        as_alice("more after the body", b"{}{}", args("invalid character '{' after top-level value")),
        as_alice(
            "array", b"[]", args("json: cannot unmarshal array into Go value of type presence.HeartbeatReq")
        ),
        as_alice("ttl as text", {"ttl": "60"}, field("string", "ttl", "int32")),
        as_alice("ttl as a fraction", {"ttl": 0.5}, field("number 0.5", "ttl", "int32")),
        as_alice("isBackground as a number", {"isBackground": 1}, field("number", "isBackground", "bool")),
        as_alice("connID as a number", {"connID": 1}, field("number", "connID", "string", "LeaveReq"), LEAVE),
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
                    "somebody else",
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
                    "nobody",
                    {"userID": "nobody", "platformID": 1},
                    error(1004, "RecordNotFoundError", "record not found"),
                    path,
                ),
                as_admin("no platform", {"userID": "bob"}, args("platformID is required"), path),
            )
        ),
        as_alice("leaving without being there", b"", DONE, LEAVE),
        as_admin("taking offline who is not online", {"userID": "bob", "platformID": 1}, DONE, LEAVE),
    ]
)
def test_an_answer_is_whole(client: FlaskClient, scenario: Scenario) -> None:
    play(client, scenario, JSON, CORS)


@pytest.mark.parametrize(("path", "method"), [("/presence/nothing", "POST"), (HEARTBEAT, "GET")])
def test_what_is_no_call_is_a_404(client: FlaskClient, path: str, method: str) -> None:
    play(client, Scenario("", path, b"", "404 page not found", 404, method=method), TEXT, CORS)


@pytest.fixture(name="own")
def _own(make_app: MakeApp) -> Iterator[Flask]:
    """A Rollcall of the test's own, with alice and bob in it, and their tokens."""
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
        services.tokens.issue(services.codecs.request(format, user_id, platform_id))
    yield app


def heartbeat(app: Flask, token: str, **body: Any) -> dict[str, Any]:
    answer: dict[str, Any] = app.test_client().post(HEARTBEAT, json=body, headers={"token": token}).get_json()
    return answer


def online(app: Flask, user_id: str) -> list[tuple[int, str, bool, float]]:
    return [
        (one.platform_id, one.connection_id, one.is_background, one.expires_in)
        for one in app.extensions["rollcall"].presence.connections([user_id])[0]
    ]


@pytest.mark.parametrize(
    ("token", "platform_id"),
    [
        (tokens.v2("alice", "IOS", NOW), 1),
        (tokens.v2("alice", "", NOW), 0),
        (tokens.v3_4("alice", 2, NOW), 2),
        (tokens.v3_8("alice", 5, NOW), 5),
    ],
    ids=["v2", "v2 without a platform", "v3.4", "v3.8"],
)
def test_a_user_speaks_for_the_platform_of_the_token(own: Flask, token: str, platform_id: int) -> None:
    epoch = own.extensions["rollcall"].presence.epoch
    data = {"userID": "alice", "platformID": platform_id, "connID": "", "ttl": 1800, "epoch": epoch}
    headers = {"token": token}
    play(own.test_client(), Scenario("", HEARTBEAT, b"", {**DONE, "data": data}, headers=headers), JSON, CORS)
    assert online(own, "alice") == [(platform_id, "", False, 1800)]
    play(own.test_client(), Scenario("", LEAVE, b"", DONE, headers=headers), JSON, CORS)
    assert online(own, "alice") == []


@pytest.mark.parametrize(("body", "platform_id"), [({}, 5), ({"platformID": 1}, 1), ({"userID": "rong"}, 5)])
def test_a_rongcloud_token_names_its_platform(own: Flask, body: dict[str, Any], platform_id: int) -> None:
    headers = {
        "App-Key": "live-app-key",
        "Nonce": "1",
        "Timestamp": "2",
        "Signature": tokens.signature_of("live-app-secret", "1", "2"),
    }
    got = own.test_client().post("/user/getToken.json", data="userId=rong&name=n", headers=headers).get_json()
    assert heartbeat(own, got["token"], **body)["data"]["platformID"] == platform_id
    assert online(own, "rong") == [(platform_id, "", False, 1800)]


def test_an_administrator_speaks_for_anybody(own: Flask) -> None:
    answer = heartbeat(own, ADMIN, userID="bob", platformID=3, connID="c", isBackground=True, ttl=60)
    assert (answer["errCode"], answer["data"]["userID"]) == (0, "bob")
    assert online(own, "bob") == [(3, "c", True, 60)]
    heartbeat(own, ADMIN, platformID=7)
    heartbeat(own, ADMIN)
    assert [one[0] for one in online(own, "imAdmin")] == [7, 10]


def test_a_user_may_spell_out_what_the_token_says(own: Flask) -> None:
    assert heartbeat(own, tokens.v2("alice", "IOS", NOW), userID="alice", platformID=1)["errCode"] == 0


def test_connections_come_go_and_lapse_one_by_one(own: Flask, clock: FakeClock) -> None:
    token = tokens.v3_8("alice", 5, NOW)
    heartbeat(own, token, connID="a", ttl=10)
    heartbeat(own, token, connID="b", ttl=86400)
    heartbeat(own, token, ttl=1)
    clock.advance(1)
    assert online(own, "alice") == [(5, "a", False, 9), (5, "b", False, 86399)]
    own.test_client().post(LEAVE, json={"connID": "b"}, headers={"token": token})
    assert online(own, "alice") == [(5, "a", False, 9)]
    own.test_client().post(LEAVE, json={"connID": ""}, headers={"token": token})
    assert online(own, "alice") == [(5, "a", False, 9)]
    clock.advance(9)
    assert online(own, "alice") == []


def test_a_token_that_is_cancelled_in_the_middle_brings_nobody_back(
    own: Flask, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = own.extensions["rollcall"]
    old = tokens.v3_8("alice", 5, NOW)
    assert heartbeat(own, old, connID="b")["errCode"] == 0
    put_online = services.presence.touch

    def cancelled_first(*arguments: Any) -> None:
        services.tokens.issue(services.codecs.request("v3.8", "alice", 5), kicks=True)
        put_online(*arguments)

    clock.advance(1)
    with monkeypatch.context() as patch:
        patch.setattr(services.presence, "touch", cancelled_first)
        assert heartbeat(own, old, connID="a") == error(1506, "TokenKickedError")
    assert online(own, "alice") == []
    assert heartbeat(own, tokens.v3_8("alice", 5, NOW + 1))["errCode"] == 0


@pytest.mark.parametrize(
    ("happens", "refusal"),
    [
        ("delete", error(1004, "RecordNotFoundError", "record not found")),
        ("block", error(1002, "NoPermissionError", "bob is blocked")),
    ],
)
def test_who_goes_in_the_middle_of_an_administrators_word_does_not_come_back(
    own: Flask, monkeypatch: pytest.MonkeyPatch, happens: str, refusal: dict[str, Any]
) -> None:
    services = own.extensions["rollcall"]
    put_online = services.presence.touch

    def gone_first(*arguments: Any) -> None:
        if happens == "delete":
            assert services.deletion.delete(["bob"]) == []
        else:
            services.blocks.block(["bob"], 60)
        put_online(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(services.presence, "touch", gone_first)
        assert heartbeat(own, ADMIN, userID="bob", platformID=1) == refusal
    assert online(own, "bob") == []


def test_so_many_connections_and_no_more(own: Flask) -> None:
    token = tokens.v3_8("alice", 5, NOW)
    for number in range(30):
        assert heartbeat(own, token, connID=str(number))["errCode"] == 0
    refusal = error(1601, "ConnOverMaxNumLimit", "more than 30 connections on platform 5")
    assert heartbeat(own, token, connID="30") == refusal


def test_after_a_restart_everybody_is_offline_and_tokens_go_on(make_app: MakeApp, own: Flask) -> None:
    token = tokens.v3_8("alice", 5, NOW)
    before = heartbeat(own, token)["data"]["epoch"]
    own.extensions["rollcall"].stop()
    restarted = make_app()
    restarted.extensions["rollcall"].start()
    assert online(restarted, "alice") == []
    assert heartbeat(restarted, token)["data"]["epoch"] != before
