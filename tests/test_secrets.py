"""Secrets: rotation, throttled guesses, no secret in the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from rollcall_server.domain.auth_throttle import BURST

from tests.conftest import MakeApp
from tests.support import tokens
from tests.support.clock import START, FakeClock
from tests.support.tokens import signature_of

NOW = int(START)
V3 = {"operationID": "1"}
OLD, NEW = "the-old-secret-of-ours", "the-new-secret-of-ours"
REMOTE = {"REMOTE_ADDR": "192.0.2.7"}


def v2_token(app: Flask, secret: str, **more: Any) -> dict[str, Any]:
    body = {"secret": secret, "platform": 1, "userID": "openIMAdmin", "operationID": "1"}
    answer: dict[str, Any] = app.test_client().post("/auth/user_token", json=body, **more).get_json()
    return answer


def v3_token(app: Flask, secret: str, **more: Any) -> dict[str, Any]:
    body = {"secret": secret, "platformID": 1, "userID": "openIMAdmin"}
    response = app.test_client().post("/auth/user_token", json=body, headers=V3, **more)
    answer: dict[str, Any] = response.get_json()
    return answer


def rong_token(app: Flask, secret: str, **more: Any) -> dict[str, Any]:
    headers = {
        "App-Key": "live-app-key",
        "Nonce": "1",
        "Timestamp": "2",
        "Signature": signature_of(secret, "1", "2"),
    }
    response = app.test_client().post("/user/getToken.json", data="userId=u&name=n", headers=headers, **more)
    answer: dict[str, Any] = response.get_json()
    return answer


def parse_code(app: Flask, token: str) -> int:
    headers = {**V3, "token": token}
    response = app.test_client().post("/v3/auth/parse_token", json={"token": token}, headers=headers)
    code: int = response.get_json()["errCode"]
    return code


def test_a_secret_is_rotated_without_an_outage(make_app: MakeApp, clock: FakeClock) -> None:
    names = ("openim_secret", "openim_v2_secret", "openim_v2_access_secret")

    def app_with(secrets: str) -> Flask:
        return make_app(**dict.fromkeys(names, secrets))

    before = app_with(OLD)
    first = [v2_token(before, OLD)["data"]["token"], v3_token(before, OLD)["data"]["token"]]
    assert first == [
        tokens.v2("openIMAdmin", "IOS", NOW, key=OLD),
        tokens.v3_4("openIMAdmin", 1, NOW, key=OLD),
    ]
    before.extensions["rollcall"].stop()
    clock.advance(10)
    both = app_with(f"{NEW},{OLD}")
    assert [parse_code(both, token) for token in first] == [0, 0]
    for secret in (OLD, NEW):
        assert v2_token(both, secret)["data"]["token"] == tokens.v2("openIMAdmin", "IOS", NOW + 10, key=NEW)
        assert v3_token(both, secret)["data"]["token"] == tokens.v3_4("openIMAdmin", 1, NOW + 10, key=NEW)
    second = [v2_token(both, NEW)["data"]["token"], v3_token(both, NEW)["data"]["token"]]
    assert v2_token(both, "wrong")["errCode"] == 401
    assert v3_token(both, "wrong")["errCode"] == 1002
    both.extensions["rollcall"].stop()
    after = app_with(NEW)
    assert [parse_code(after, token) for token in (*first, *second)] == [1505, 1505, 0, 0]
    assert v2_token(after, OLD)["errCode"] == 401
    assert v3_token(after, OLD)["errCode"] == 1002


TOO_MANY = "too many wrong secrets from this address, wait before the next one"


@pytest.mark.parametrize(
    ("get_token", "right", "wrong", "refused", "too_many"),
    [
        (
            v2_token,
            OLD,
            "guess",
            {"errCode": 401, "errMsg": "1 params.Secret != config.Config.Secret "},
            {"errCode": 401, "errMsg": TOO_MANY},
        ),
        (
            v3_token,
            OLD,
            "guess",
            {"errCode": 1002, "errMsg": "NoPermissionError"},
            {"errCode": 1002, "errMsg": "NoPermissionError", "errDlt": f"{TOO_MANY}: 1002 NoPermissionError"},
        ),
        (
            rong_token,
            "live-app-secret",
            "guess",
            {"code": 1004},
            {"url": "/user/getToken.json", "code": 1008, "errorMessage": TOO_MANY},
        ),
    ],
)
def test_wrong_secrets_from_a_remote_address_are_throttled(
    make_app: MakeApp,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
    get_token: Any,
    right: str,
    wrong: str,
    refused: dict[str, Any],
    too_many: dict[str, Any],
) -> None:
    app = make_app(openim_secret=OLD, openim_v2_secret=OLD, allow_documented_secrets=True)
    for _ in range(BURST):
        answer = get_token(app, wrong, environ_overrides=REMOTE)
        assert {key: answer[key] for key in refused} == refused
    answer = get_token(app, wrong, environ_overrides=REMOTE)
    assert {key: answer[key] for key in too_many} == too_many
    # An honest server may share the address: a right secret is always accepted.
    answer = get_token(app, right, environ_overrides=REMOTE)
    assert (answer.get("errCode", 0), answer.get("code", 200)) == (0, 200)
    assert "guess" not in caplog.text
    assert right not in caplog.text
    other_address = get_token(app, right, environ_overrides={"REMOTE_ADDR": "192.0.2.8"})
    assert other_address.get("errCode", 0) == 0
    assert other_address.get("code", 200) == 200
    clock.advance(1)
    answer = get_token(app, wrong, environ_overrides=REMOTE)
    assert {key: answer[key] for key in refused} == refused


def forwarded(text: str, address: str = "127.0.0.1") -> dict[str, str]:
    return {"REMOTE_ADDR": address, "HTTP_X_FORWARDED_FOR": text}


@pytest.mark.parametrize(
    ("proxies", "environ"),
    [
        (0, lambda number: {"REMOTE_ADDR": ""}),
        (0, lambda number: {"REMOTE_ADDR": f"/run/{number}.sock"}),
        (0, lambda number: {"HTTP_HOST": "evil.example"}),
        (0, lambda number: forwarded(f"192.0.2.{number}")),
        (1, lambda number: forwarded(f"192.0.2.{number}", "198.51.100.7")),
        (1, lambda number: forwarded("127.0.0.1")),
        (1, lambda number: forwarded(f"192.0.2.{number}, 203.0.113.9")),
        (1, lambda number: forwarded(f"client-{number}")),
        (2, lambda number: forwarded(f"192.0.2.{number}")),
    ],
    ids=[
        "unix socket",
        "named unix sockets",
        "page in a browser of this machine",
        "proxy that is not trusted",
        "past the proxy",
        "loopback address forwarded",
        "invented address before the proxy's",
        "forwarded names",
        "proxy left out",
    ],
)
def test_clients_that_cannot_be_told_apart_share_one_throttle(
    make_app: MakeApp, proxies: int, environ: Callable[[int], dict[str, str]]
) -> None:
    app = make_app(openim_v2_secret=OLD, allow_documented_secrets=True, trusted_proxies=proxies)
    wrong = [v2_token(app, "guess", environ_overrides=environ(number)) for number in range(BURST)]
    assert {answer["errMsg"] for answer in wrong} == {"1 params.Secret != config.Config.Secret "}
    refused = {"errCode": 401, "errMsg": TOO_MANY}
    assert v2_token(app, "guess", environ_overrides=environ(BURST)) == refused


def test_clients_behind_a_trusted_proxy_are_throttled_one_by_one(make_app: MakeApp) -> None:
    app = make_app(
        openim_v2_secret=OLD,
        allow_documented_secrets=True,
        trusted_proxies=1,
        proxy_addresses="10.0.0.0/8",
    )
    for _ in range(BURST):
        v2_token(app, "guess", environ_overrides=forwarded("192.0.2.1", "10.1.2.3"))
    answers = [
        v2_token(app, "guess", environ_overrides=forwarded(client, "10.1.2.3"))["errMsg"]
        for client in ("192.0.2.1", "192.0.2.2")
    ]
    assert answers == [TOO_MANY, "1 params.Secret != config.Config.Secret "]


def test_wrong_secrets_of_this_machine_are_not_counted(make_app: MakeApp) -> None:
    app = make_app(openim_v2_secret=OLD)
    for _ in range(2 * BURST):
        assert v2_token(app, "guess")["errCode"] == 401
    assert v2_token(app, OLD)["errCode"] == 0
