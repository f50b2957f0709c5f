"""Presence callbacks of OpenIM gateways: every URL form, every command name."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rollcall_server.models import User

from tests.conftest import MakeApp
from tests.support.scenario import CORS, Scenario, play, scenarios

JSON = "application/json"
KEY = "k3y-0123456789abcdef"
SEQ = 1_700_000_000_000
OK = {"actionCode": 0, "errCode": 0, "errMsg": "", "errDlt": "", "nextCode": 0}


def refused(code: int, name: str, detail: str) -> dict[str, Any]:
    return {"actionCode": 1, "errCode": code, "errMsg": name, "errDlt": detail, "nextCode": 0}


def args(message: str) -> dict[str, Any]:
    return refused(1001, "ArgsError", message)


# Bodies exactly as v2.3.9, v3.4 and 3.8.2 send them.
V2 = (
    '{"callbackCommand":"callbackUserOnlineCommand","operationID":"op","platformID":1,"platform":"IOS",'
    '"userID":"alice","token":"eyJ","seq":1700000000000,"isAppBackground":true,"connID":"c1"}'
)
V2_OFFLINE = (
    '{"callbackCommand":"callbackUserOfflineCommand","operationID":"op","platformID":1,"platform":"IOS",'
    '"userID":"alice","seq":1700000000001,"connID":"c1"}'
)
V2_1 = (
    '{"callbackCommand":"callbackUserOnlineCommand","operationID":"op","platformID":2,"platform":"Android",'
    '"userID":"alice","token":"eyJ","seq":417}'
)
V3_4 = (
    '{"callbackCommand":"callbackUserOnlineCommand","operationID":"op","platformID":5,"platform":"Web",'
    '"userID":"alice","seq":1700000000000,"isAppBackground":false,"connID":"c5"}'
)
V3_8 = (
    '{"callbackCommand":"callbackAfterUserOnlineCommand","operationID":"op","platformID":5,"platform":"Web",'
    '"userID":"alice","seq":1700000000000,"isAppBackground":false,"connID":""}'
)
V3_8_OFFLINE = (
    '{"callbackCommand":"callbackAfterUserOfflineCommand","operationID":"op","platformID":5,'
    '"platform":"Web","userID":"alice","seq":1700000000001,"connID":""}'
)
KICKED = (
    '{"callbackCommand":"callbackNAMECommand","operationID":"op","platformID":5,"platform":"Web",'
    '"userID":"alice","seq":1700000000001}'
)


def online(app: Flask) -> list[tuple[int, str, bool, float]]:
    return [
        (connection.platform_id, connection.connection_id, connection.is_background, connection.expires_in)
        for connection in app.extensions["rollcall"].presence.connections(["alice"])[0]
    ]


@pytest.fixture(name="app")
def _app(make_app: MakeApp) -> Flask:
    app = make_app(gateway_ttl=4000)
    services = app.extensions["rollcall"]
    services.start()
    services.users.register([User("alice")])
    return app


FORMS = [
    "/callback",
    "/callback?callbackCommand={}",
    "/callback?command={}",
    "/callback/{}",
    "/callbackExample",
    "/callbackExample/{}",
    f"/callback/{KEY}",
    f"/callback/{KEY}?callbackCommand={{}}",
    f"/callback/{KEY}/{{}}",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("command", "body", "expected"),
    [
        ("callbackUserOnlineCommand", V2, [(1, "c1", True, 4000)]),
        ("callbackUserOnlineCommand", V2_1, [(2, "", False, 4000)]),
        ("callbackUserOnlineCommand", V3_4, [(5, "c5", False, 4000)]),
        ("callbackAfterUserOnlineCommand", V3_8, [(5, "", False, 1800)]),
    ],
    ids=["v2.3", "v2.1", "v3.4", "v3.8"],
)
def test_an_online_callback_puts_the_user_online(
    app: Flask, form: str, command: str, body: str, expected: list[tuple[int, str, bool, float]]
) -> None:
    play(app.test_client(), Scenario("", form.format(command), body, OK), JSON, CORS)
    assert online(app) == expected


@pytest.mark.parametrize(
    ("on", "off"),
    [
        (V2, V2_OFFLINE),
        (V3_8, V3_8_OFFLINE),
        (V3_8, KICKED.replace("NAME", "AfterUserKickOff")),
        (V3_8, KICKED.replace("NAME", "UserKickOff")),
    ],
)
def test_an_offline_callback_takes_offline_and_repeats_change_nothing(app: Flask, on: str, off: str) -> None:
    client = app.test_client()
    for body, count in ((on, 1), (on, 1), (off, 0), (off, 0), (on, 0)):
        play(client, Scenario("", "/callback", body, OK), JSON, CORS)
        assert len(online(app)) == count
    last_change = app.extensions["rollcall"].presence.number
    assert last_change == 2


def test_the_command_may_be_in_the_url_only(app: Flask) -> None:
    body = V3_8.replace('"callbackCommand":"callbackAfterUserOnlineCommand",', "")
    for path in (
        "/callback/callbackAfterUserOnlineCommand",
        "/callback?command=callbackAfterUserOnlineCommand",
        "/callback?callbackCommand=callbackAfterUserOnlineCommand",
    ):
        play(app.test_client(), Scenario("", path, body, OK), JSON, CORS)
        assert len(online(app)) == 1
        app.extensions["rollcall"].presence.remove("alice")
        app.extensions["rollcall"].gateways.forget("alice")


@scenarios(
    [
        Scenario(
            "another command", "/callback", {"callbackCommand": "callbackBeforeSendSingleMsgCommand"}, OK
        ),
        Scenario("no command", "/callback", {}, OK),
        Scenario("unknown user", "/callback", V3_8.replace("alice", "nobody"), OK),
        Scenario("no user", "/callback", V3_8.replace("alice", ""), args("userID is empty"), 400),
        *(
            Scenario(
                f"platform {number}",
                "/callback",
                V3_8.replace('"platformID":5', f'"platformID":{number}'),
                args("platformID is invalid"),
                400,
            )
            for number in (0, -1)
        ),
        Scenario(
            "seq as a string",
            "/callback",
            V3_8.replace(str(SEQ), f'"{SEQ}"'),
            args(
                "json: cannot unmarshal string into Go struct field CallbackUserOnlineReq.seq of type int64"
            ),
            400,
        ),
        Scenario(
            "a long connID",
            "/callback",
            V2.replace('"c1"', f'"{"x" * 65}"'),
            args("connID has over 64 characters"),
            400,
        ),
        Scenario("truncated", "/callback", b'{"a"', args("unexpected end of JSON input"), 400),
        Scenario(
            "array",
            "/callback",
            b"[]",
            args("json: cannot unmarshal array into Go value of type callbackstruct.CallbackUserOnlineReq"),
            400,
        ),
    ]
)
def test_callback_answers_are_exact(client: FlaskClient, scenario: Scenario) -> None:
    play(client, scenario, JSON, CORS)


REMOTE = {"REMOTE_ADDR": "192.0.2.7"}


@pytest.mark.parametrize(
    ("key", "path", "is_accepted"),
    [
        ("", "/callback", False),
        ("", "/callback/", False),
        ("", f"/callback/{KEY}", False),
        (KEY, "/callback", False),
        (KEY, f"/callback/{KEY[:-1]}", False),
        (KEY, f"/callback/{KEY}é", False),
        (KEY, f"/callback/{KEY}", True),
        (KEY, f"/callback/{KEY}/callbackAfterUserOnlineCommand", True),
        (KEY, f"/callback/{KEY}?command=callbackAfterUserOnlineCommand", True),
        (KEY, f"/callbackExample/{KEY}/callbackAfterUserOnlineCommand", True),
    ],
)
def test_a_remote_callback_needs_the_key_in_its_url(
    make_app: MakeApp, key: str, path: str, is_accepted: bool
) -> None:
    app = make_app(callback_key=key, allow_documented_secrets=True)
    services = app.extensions["rollcall"]
    services.start()
    services.users.register([User("alice")])
    response = app.test_client().post(path, data=V3_8, environ_overrides=REMOTE)
    detail = "the request comes from another machine, and its URL does not end with ROLLCALL_CALLBACK_KEY"
    expected = (200, OK) if is_accepted else (403, refused(1002, "NoPermissionError", detail))
    assert (response.status_code, response.get_json()) == expected
    assert bool(online(app)) == is_accepted


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Origin": "https://evil.example"}, "the request's Origin is not this machine"),
        ({"Host": "evil.example"}, "the request's Host is not this machine"),
        ({"X-Forwarded-For": "192.0.2.7"}, "the request was forwarded by a proxy"),
    ],
)
def test_a_local_request_of_a_browser_or_proxy_is_refused(
    make_app: MakeApp, headers: dict[str, str], reason: str
) -> None:
    app = make_app(allow_documented_secrets=True)
    detail = f"{reason}, and its URL does not end with ROLLCALL_CALLBACK_KEY"
    scenario = Scenario(
        "", "/callback", V3_8, refused(1002, "NoPermissionError", detail), 403, headers=headers
    )
    play(app.test_client(), scenario, JSON, CORS)


def test_a_callback_changes_the_status_in_another_dialect(app: Flask) -> None:
    client = app.test_client()
    client.post("/callback", data=V3_8)
    token_request = {"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "1"}
    token = client.post("/auth/user_token", json=token_request).get_json()["data"]["token"]
    status = client.post(
        "/user/get_users_online_status",
        json={"operationID": "1", "userIDList": ["alice"]},
        headers={"token": token},
    ).get_json()["data"]
    assert status == [
        {
            "userID": "alice",
            "status": "online",
            "detailPlatformStatus": [{"platform": "Web", "status": "online"}],
        }
    ]


def test_refused_callbacks_do_not_use_up_attempts_if_no_key_is_set(make_app: MakeApp) -> None:
    client = make_app(allow_documented_secrets=True).test_client()
    for _ in range(40):
        assert client.post("/callback", data=V3_8, environ_overrides=REMOTE).status_code == 403
    token_request = {"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "1"}
    answer = client.post("/auth/user_token", json=token_request, environ_overrides=REMOTE).get_json()
    assert (answer["errCode"], answer["errMsg"]) == (0, "")


@pytest.mark.parametrize("given", [KEY, KEY[:-1]])
def test_the_log_never_holds_the_key(make_app: MakeApp, caplog: pytest.LogCaptureFixture, given: str) -> None:
    client = make_app(callback_key=KEY, allow_documented_secrets=True, log_requests=True).test_client()
    client.post(f"/callback/{given}", data=V3_8, environ_overrides=REMOTE)
    assert "'/callback/...'" in caplog.text
    assert KEY[:-1] not in caplog.text


@pytest.mark.parametrize("platform_id", [0, -1, 65, 2**31 - 1])
def test_an_invalid_platform_is_refused(client: FlaskClient, platform_id: int) -> None:
    body = V2.replace('"platformID":1', f'"platformID":{platform_id}')
    play(client, Scenario("", "/callback", body, args("platformID is invalid"), 400), JSON, CORS)
