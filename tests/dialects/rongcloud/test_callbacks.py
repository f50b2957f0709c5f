"""RongCloud's online-status callback, with each of the three generations of its signature."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from rollcall_server.models import User

from tests.conftest import MakeApp
from tests.support.clock import FakeClock
from tests.support.tokens import signature_of

PATH = "/callback/onlinestatus"
TIME = 1_700_000_000_000
KEY, SECRET = "live-app-key", "live-app-secret"
SIGNED = {"nonce": "14314", "signature": signature_of(SECRET, "14314", "1700")}
QUERY = {"appKey": KEY, "timestamp": "1700", **SIGNED}
DONE = {"code": 200}


@pytest.fixture(name="app")
def _app(make_app: MakeApp) -> Flask:
    app = make_app(gateway_ttl=4000)
    services = app.extensions["rollcall"]
    services.start()
    services.users.register([User("alice"), User("bob")])
    return app


def status(code: str, offset: int = 0, user_id: str = "alice", **more: Any) -> dict[str, Any]:
    """Return one object of the callback's array; `offset` is in milliseconds."""
    fields = {"userid": user_id, "status": code, "os": "iOS", "time": TIME + offset}
    return {**fields, "clientIp": "1.2.3.4:5", "sessionId": "s1", **more}


def send(app: Flask, body: Any, query: Any = QUERY, path: str = PATH, **headers: str) -> tuple[int, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body)
    response = app.test_client().post(
        f"{path}?{urlencode(query)}", data=data, headers=headers, content_type="application/json"
    )
    return response.status_code, response.get_json()


def online(app: Flask, user_id: str = "alice") -> list[tuple[int, str, float]]:
    return [
        (connection.platform_id, connection.connection_id, connection.expires_in)
        for connection in app.extensions["rollcall"].presence.connections([user_id])[0]
    ]


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ({f"rc-{name}": value for name, value in {**SIGNED, "timestamp": "1700"}.items()}, {}),
        ({**SIGNED, "timestamp": "1700"}, {}),
        ({**SIGNED, "signTimestamp": "1700"}, {}),
        (QUERY, {}),
        ({**QUERY, "signTimestamp": "1700"}, {}),
        ({**QUERY, "timestamp": "9", "signTimestamp": "1700"}, {}),
        ({**QUERY, "signature": SIGNED["signature"].upper()}, {}),
        (
            {},
            {
                "RC-App-Key": KEY,
                "RC-Nonce": "14314",
                "RC-Timestamp": "1700",
                "RC-Signature": SIGNED["signature"],
            },
        ),
        ({}, {"Nonce": "14314", "Timestamp": "1700", "Signature": SIGNED["signature"]}),
    ],
)
@pytest.mark.parametrize("path", [PATH, "/rongcloud" + PATH])
def test_every_generation_of_the_signature_is_accepted(
    app: Flask, query: dict[str, str], headers: dict[str, str], path: str
) -> None:
    assert send(app, [status("0")], query, path, **headers) == (200, DONE)
    assert online(app) == [(1, "s1", 4000)]


@pytest.mark.parametrize(
    "changes",
    [
        {"signature": SIGNED["signature"][:-1]},
        {"signature": ""},
        {"nonce": "1"},
        {"timestamp": "1"},
        {"appKey": "your-app-key"},
        {"appKey": "nobody's"},
        {"signature": signature_of("", "14314", "1700")},
    ],
)
def test_a_wrong_signature_is_refused_and_logged(
    app: Flask, changes: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    assert send(app, [status("0")], {**QUERY, **changes}) == (
        401,
        {"url": PATH, "code": 1004, "errorMessage": "签名错误，请检查。"},
    )
    assert online(app) == []
    assert caplog.messages == [
        f"RongCloud call '{PATH}': signature refused: no secret of an app makes the callback's"
    ]


def test_status_0_is_online_and_1_and_2_are_offline(app: Flask) -> None:
    for number, code in enumerate(("0", "1", "0", "2")):
        assert send(app, [status(code, number)]) == (200, DONE)
        assert len(online(app)) == (code == "0")


def test_a_single_object_a_numeric_status_and_a_time_string_are_accepted(app: Flask) -> None:
    assert send(app, {**status("0"), "status": 0, "time": str(TIME)}) == (200, DONE)
    assert online(app) == [(1, "s1", 4000)]


def test_an_array_is_applied_in_its_order(app: Flask) -> None:
    statuses = [
        status("0"),
        status("1", 1),
        status("0", 2, sessionId="s2", os="Android"),
        status("0", 0, "bob", os="Websocket"),
        status("0", 0, "nobody"),
    ]
    assert send(app, statuses) == (200, DONE)
    assert (online(app), online(app, "bob")) == ([(2, "s2", 4000)], [(5, "s1", 4000)])


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (0, 2, 1), (2, 1, 0, 2), (1, 1, 0, 2, 0)])
def test_reordered_and_repeated_deliveries_give_the_same_state(app: Flask, order: tuple[int, ...]) -> None:
    statuses = [status("0"), status("1", 5, os=""), status("0", 2, sessionId="s2")]
    for index in order:
        assert send(app, [statuses[index]]) == (200, DONE)
    assert online(app) == [(1, "s2", 4000)]


@pytest.mark.parametrize(
    ("os", "platform_id"),
    [
        ("iOS", 1),
        ("Android", 2),
        ("HarmonyOS", 11),
        ("Websocket", 5),
        ("PC", 3),
        ("MiniProgram", 6),
        ("IOS", 1),
        ("Fridge", 5),
        (None, 5),
        ("", 5),
    ],
)
def test_the_os_determines_the_platform(app: Flask, os: str | None, platform_id: int) -> None:
    assert send(app, [status("0", os=os)]) == (200, DONE)
    assert online(app) == [(platform_id, "s1", 4000)]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "unexpected end of JSON input"),
        (b"[", "unexpected end of JSON input"),
        (b"1", "the body is no array of objects"),
        ([1], "the body is no array of objects"),
        ([[]], "the body is no array of objects"),
        ([{}], "userid is required"),
        ([status("0"), status("3")], "status must be 0 or 1 or 2"),
        ([{**status("0"), "time": "x"}], "time must be a number from 0 to 9007199254740992"),
        ([status("0", sessionId="x" * 65)], "sessionId is too long"),
    ],
)
def test_an_invalid_body_is_refused_and_changes_nothing(app: Flask, body: Any, message: str) -> None:
    code = 1005 if "too long" in message else 1002
    assert send(app, body) == (
        400,
        {"url": PATH, "code": code, "errorMessage": f"ParamError:{message}."},
    )
    assert online(app) == []


def test_a_body_nested_too_deeply_is_refused(app: Flask) -> None:
    for depth in (600, 985, 20_000):
        body = b'[{"userid":' + b"[" * depth + b"]" * depth + b"}]"
        status_code, answer = send(app, body)
        assert (status_code, answer["code"]) == (400, 1002), answer


def test_the_timestamp_window_and_nonce_once_apply_to_callbacks(make_app: MakeApp, clock: FakeClock) -> None:
    app = make_app(rongcloud_timestamp_window=60, rongcloud_nonce_once=True)
    services = app.extensions["rollcall"]
    services.start()
    services.users.register([User("alice")])
    refused = (401, {"url": PATH, "code": 1004, "errorMessage": "签名错误，请检查。"})
    assert send(app, [status("0")]) == refused
    for value in (str(int(clock.wall)), str(int(clock.wall * 1000))):
        fresh = {"nonce": "n", "signTimestamp": value, "signature": signature_of(SECRET, "n", value)}
        assert send(app, [status("0")], fresh) == (200, DONE)
        assert send(app, [status("1", 5)], fresh) == refused
    assert len(online(app)) == 1
