"""How each dialect renders a refusal or a failure of a before-callback, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from rollcall_server import create_app
from rollcall_server.models import User

from tests.support.sink import FINE, Sink, answering, hung_up
from tests.support.tokens import signature_of

REFUSAL = json.dumps({**json.loads(FINE), "nextCode": 1, "errCode": 20001, "errMsg": "no", "errDlt": "why"})
V3 = {"operationID": "op"}
RONG = {
    "App-Key": "live-app-key",
    "Nonce": "1",
    "Timestamp": "2",
    "Signature": signature_of("live-app-secret", "1", "2"),
}
REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "v2": (
        "/auth/user_register",
        {"json": {"secret": "tuoyun", "platform": 1, "userID": "u", "operationID": "op"}},
    ),
    "v3.4": (
        "/user/user_register",
        {"json": {"secret": "openIM123", "users": [{"userID": "u"}]}, "headers": V3},
    ),
    "v3.8": ("/v3.8/user/user_register", {"json": {"users": [{"userID": "u", "nickname": "n"}]}}),
    "rongcloud": ("/user/getToken.json", {"data": "userId=u&name=n", "headers": RONG}),
}


def url(path: str, code: int, text: str) -> dict[str, Any]:
    return {"url": path, "code": code, "errorMessage": text}


@pytest.fixture(name="app")
def _app(tmp_path: Path, sink: Sink) -> Iterator[Flask]:
    app = create_app(
        {
            "instance": tmp_path / "instance",
            "openim_callback_url": sink.url,
            "openim_callbacks": "beforeUserRegister:1:refuse,beforeUpdateUserInfo:1:refuse",
        }
    )
    services = app.extensions["rollcall"]
    services.start()
    yield app
    services.stop()


def send(app: Flask, dialect: str) -> tuple[int, Any]:
    path, given = REQUESTS[dialect]
    if dialect == "v3.8":
        body = {"secret": "openIM123", "userID": "imAdmin"}
        client = app.test_client()
        token = client.post("/auth/get_admin_token", json=body, headers=V3).get_json()["data"]["token"]
        given = {**given, "headers": {**V3, "token": token}}
    response = app.test_client().post(path, **given)
    return response.status_code, response.get_json()


@pytest.mark.parametrize(
    ("dialect", "status", "answer"),
    [
        ("v2", 200, {"errCode": 20001, "errMsg": "no"}),
        ("v3.4", 200, {"errCode": 20001, "errMsg": "no", "errDlt": "why"}),
        ("v3.8", 200, {"errCode": 20001, "errMsg": "no", "errDlt": "why"}),
        ("rongcloud", 403, url("/user/getToken.json", 20001, "no")),
    ],
)
def test_a_refusal_by_the_callback_is_rendered_in_each_dialect(
    app: Flask, sink: Sink, dialect: str, status: int, answer: dict[str, Any]
) -> None:
    sink.behave = answering(REFUSAL.encode())
    assert send(app, dialect) == (status, answer)
    assert app.extensions["rollcall"].users.existing_ids(["u"]) == set()
    sink.behave = answering()
    assert send(app, dialect)[0] == 200
    assert app.extensions["rollcall"].users.existing_ids(["u"]) == {"u"}


def test_texts_of_an_answer_that_are_too_long_are_a_parameter_error(app: Flask, sink: Sink) -> None:
    users = [{"userID": "u", "nickname": "n" * 70_000}]
    sink.behave = answering(json.dumps({"actionCode": 0, "errCode": 0, "users": users}).encode())
    too_long = "ParamError:the texts have over 65536 characters."
    assert send(app, "rongcloud") == (400, url("/user/getToken.json", 1005, too_long))
    documented = {**RONG, "App-Key": "your-app-key", "Signature": signature_of("your-app-secret", "1", "2")}
    response = app.test_client().post("/user/getToken.json", data="userId=u&name=n", headers=documented)
    assert response.get_json() == url("/user/getToken.json", 1003, "参数错误")


CLOSED = "RemoteDisconnected: Remote end closed connection without response"
UNREACHED = f"beforeUserRegister: {CLOSED}"
GARBLED = "beforeUserRegister: invalid character '<' looking for beginning of value"


@pytest.mark.parametrize(
    ("dialect", "status", "answer", "garbled"),
    [
        ("v2", 500, {"errCode": 500, "errMsg": UNREACHED}, {"errCode": 500, "errMsg": GARBLED}),
        (
            "v3.4",
            200,
            {"errCode": 90004, "errMsg": "NetworkError", "errDlt": f"{UNREACHED}: 90004 NetworkError"},
            {
                "errCode": 90007,
                "errMsg": "DataError",
                "errDlt": f"{GARBLED} response format error: 90007 DataError",
            },
        ),
        (
            "v3.8",
            200,
            {"errCode": 90004, "errMsg": "NetworkError", "errDlt": UNREACHED},
            {
                "errCode": 90007,
                "errMsg": "DataError",
                "errDlt": f"{GARBLED} response format error",
            },
        ),
        (
            "rongcloud",
            503,
            url("/user/getToken.json", 1000, UNREACHED),
            url("/user/getToken.json", 1000, GARBLED),
        ),
    ],
)
def test_a_missing_or_invalid_answer_is_rendered_in_each_dialect(
    app: Flask, sink: Sink, dialect: str, status: int, answer: dict[str, Any], garbled: dict[str, Any]
) -> None:
    sink.behave = hung_up
    assert send(app, dialect) == (status, answer)
    sink.behave = answering(b"<html>")
    assert send(app, dialect) == (status, garbled)
    assert app.extensions["rollcall"].users.existing_ids(["u"]) == set()


def test_profile_updates_send_the_before_callback_in_every_dialect(app: Flask, sink: Sink) -> None:
    app.extensions["rollcall"].users.register([User("u", "n")])
    sink.behave = answering(REFUSAL.encode())
    sink.received.clear()
    client = app.test_client()
    body = {"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "op"}
    token = client.post("/auth/user_token", json=body).get_json()["data"]["token"]
    headers = {**V3, "token": token}
    v2 = {"userID": "u", "nickname": "x", "operationID": "op"}
    v3 = {"userInfo": {"userID": "u", "nickname": "x"}}
    answers = [
        client.post("/v2/user/update_user_info", json=v2, headers=headers),
        client.post("/v3/user/update_user_info", json=v3, headers=headers),
        client.post("/user/refresh.json", data="userId=u&name=x", headers=RONG),
    ]
    assert [(answer.status_code, answer.get_json()) for answer in answers] == [
        (200, {"errCode": 20001, "errMsg": "no"}),
        (200, {"errCode": 20001, "errMsg": "no", "errDlt": "why"}),
        (403, url("/user/refresh.json", 20001, "no")),
    ]
    assert [received.json["userID"] for received in sink.received] == ["u"] * 3
    exact = client.post("/v3/user/update_user_info_ex", json=v3, headers=headers)
    assert exact.get_json()["errCode"] == 0
    assert len(sink.received) == 3
