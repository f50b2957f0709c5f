"""Tokens over the control API: issued without a secret, cancelled, expired on purpose, in every dialect."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from rollcall_server.services import Services

from tests.control.test_access import assert_problem, send
from tests.control.test_users import call
from tests.support import tokens
from tests.support.clock import FakeClock

NOW = 1_700_000_000
TOKENS = "/_rollcall/users/alice/tokens"
KINDS: dict[str, dict[str, Any]] = {
    "v2": {"dialect": "openim_v2"},
    "v3.4": {"dialect": "openim_v3", "generation": "3.4"},
    "v3.8": {},
    "rongcloud": {"dialect": "rongcloud"},
    "another app of RongCloud's": {"dialect": "rongcloud", "app": "live-app-key"},
}
EXPIRED_IN_V2 = (
    " GetUserIDFromTokenExpireTime failed ==> Open_IM/pkg/common/token_verify.ParseToken()@192: : ==> "
    "Open_IM/pkg/common/token_verify.GetClaimFromToken()@106: : token is timed out, please log in again"
)


def issue(app: Flask, /, **wanted: Any) -> str:
    return str(call(app, "POST", "/alice/tokens", wanted)["token"])


def check(app: Flask, kind: str, token: str) -> Any:
    """Send a token in a request of its own dialect; return the answer's error."""
    client = app.test_client()
    if kind == "v2":
        answer = client.post("/auth/parse_token", json={"operationID": "op"}, headers={"token": token})
        return answer.get_json()["errCode"], answer.get_json()["errMsg"].removeprefix("op")
    if kind.startswith("v3"):
        headers = {"operationID": "op", "token": token}
        path = f"/{kind}/user/get_users_info"
        answer = client.post(path, json={"userIDs": ["alice"]}, headers=headers)
    else:
        answer = client.post("/presence/heartbeat", json={}, headers={"token": token})
    return answer.get_json()["errCode"], answer.get_json()["errMsg"]


EXPIRED: dict[str, Any] = {
    "v2": (1001, EXPIRED_IN_V2),
    # A 3.4 server reports all errors of a token in the header alike.
    "v3.4": (1505, "TokenUnknownError"),
    "v3.8": (1501, "TokenExpiredError"),
    "rongcloud": (1501, "TokenExpiredError"),
    "another app of RongCloud's": (1501, "TokenExpiredError"),
}
GOOD = (0, "")


@pytest.fixture(autouse=True)
def _alice(app: Flask) -> None:
    call(app, "PUT", "/alice", {})


def test_the_token_is_the_vendors(app: Flask) -> None:
    wanted = {"dialect": "openim_v2", "platformID": 5}
    answer = {"token": tokens.v2("alice", "Web", NOW), "expiresAt": "2023-11-21T22:13:20.000Z"}
    assert call(app, "POST", "/alice/tokens", wanted) == answer
    assert issue(app, dialect="openim_v2", platformID=11) == tokens.v2("alice", "", NOW)
    assert issue(app, generation="3.4", platformID=2) == tokens.v3_4("alice", 2, NOW)
    assert issue(app) == tokens.v3_8("alice", 1, NOW)
    assert call(app, "POST", "/alice/tokens")["expiresAt"] == "2024-02-12T22:13:20.000Z"


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_is_good_until_it_ends(app: Flask, clock: FakeClock, kind: str) -> None:
    clock.advance(0.5)
    token = issue(app, **KINDS[kind], expiresIn=1)
    clock.advance(1)
    assert check(app, kind, token) == GOOD
    clock.advance(0.5)
    assert check(app, kind, token) == EXPIRED[kind]


@pytest.mark.parametrize("seconds", [-1, 0, -3600])
@pytest.mark.parametrize("kind", KINDS)
def test_a_token_may_be_expired_already(app: Flask, clock: FakeClock, kind: str, seconds: int) -> None:
    clock.advance(0.9)
    token = issue(app, **KINDS[kind], expiresIn=seconds)
    assert check(app, kind, token) == EXPIRED[kind]
    # Another one, with which the vendors' servers forget revoked tokens.
    assert check(app, kind, issue(app, **KINDS[kind])) == GOOD
    assert check(app, kind, token) == EXPIRED[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_token_is_made_to_answer_as_expired(app: Flask, clock: FakeClock, kind: str) -> None:
    token = issue(app, **KINDS[kind])
    assert check(app, kind, token) == GOOD
    assert call(app, "POST", "/alice/tokens/expire", {}) == {"tokens": 1}
    assert check(app, kind, token) == EXPIRED[kind]
    clock.advance(1)
    assert check(app, kind, issue(app, **KINDS[kind])) == GOOD
    assert check(app, kind, token) == EXPIRED[kind]
    assert call(app, "POST", "/alice/tokens/expire") == {"tokens": 1}
    assert call(app, "POST", "/alice/tokens/expire") == {"tokens": 0}


def test_an_expired_token_is_no_valid_one_of_the_documented_app(app: Flask) -> None:
    issue(app, dialect="rongcloud")
    signed = {"App-Key": "your-app-key", "Nonce": "1", "Timestamp": "2"}
    signed["Signature"] = tokens.signature_of("your-app-secret", "1", "2")

    def get_token() -> Any:
        form = {"userId": "alice", "name": "A", "portraitUri": "http://a.example/a.png"}
        return app.test_client().post("/user/getToken.json", data=form, headers=signed).get_json()["code"]

    assert get_token() == 1004
    call(app, "POST", "/alice/tokens/expire", {"dialect": "rongcloud"})
    assert get_token() == 200


def test_tokens_are_cancelled_by_dialect_and_platform(app: Flask, services: Services) -> None:
    held = {kind: issue(app, **wanted) for kind, wanted in KINDS.items()}
    other = issue(app, platformID=5)
    services.presence.touch("alice", 1, 60)
    services.presence.touch("alice", 5, 60)
    assert call(app, "DELETE", "/alice/tokens?dialect=openim_v2") == {"tokens": 1}
    kicked = check(app, "v2", held["v2"])
    assert kicked[0] == 1001
    assert kicked[1].endswith("this token has been kicked by other same terminal : user has been kicked")
    assert call(app, "DELETE", "/alice/tokens?platformID=1") == {"tokens": 2}
    assert check(app, "v3.8", held["v3.8"]) == check(app, "v3.4", held["v3.4"]) == (1506, "TokenKickedError")
    assert check(app, "v3.8", other) == check(app, "rongcloud", held["rongcloud"]) == GOOD
    assert [one["platformID"] for one in call(app, "GET", "/alice")["online"]] == [5]
    assert call(app, "DELETE", "/alice/tokens") == {"tokens": 3}
    assert check(app, "rongcloud", held["rongcloud"]) == (1506, "TokenKickedError")
    assert call(app, "GET", "/alice")["online"] == []


def test_the_policy_applies_if_asked(app: Flask, clock: FakeClock) -> None:
    first = issue(app)
    clock.advance(1)
    issue(app)
    assert check(app, "v3.8", first) == GOOD
    clock.advance(1)
    issue(app, kick=True)
    assert check(app, "v3.8", first) == (1506, "TokenKickedError")


@pytest.mark.parametrize(
    ("wanted", "detail"),
    [
        ({"dialect": "openim"}, "dialect has to be openim_v2 or openim_v3 or rongcloud"),
        ({"generation": "3.9"}, "generation has to be 3.4 or 3.8"),
        ({"dialect": "openim_v2", "generation": "2.3"}, "generation has to be left out"),
        ({"app": "x"}, "app has to be left out"),
        ({"dialect": "rongcloud", "app": "x"}, "app has to be your-app-key or live-app-key"),
        ({"platformID": 2**31}, "platformID has to be from -2147483648 to 2147483647"),
        ({"expiresIn": 10**10}, "expiresIn has to be from -3162240000 to 3162240000"),
        ({"expiresIn": "1"}, "expiresIn has to be a whole number"),
        ({"kick": 1}, "kick has to be true or false"),
        ({"platform": "iOS"}, "'platform' is not a field of this call"),
    ],
)
def test_wrong_wishes_are_named(app: Flask, wanted: dict[str, Any], detail: str) -> None:
    assert_problem(send(app, TOKENS, "POST", json=wanted), "request-invalid", 400, detail)


@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("DELETE", ""), ("POST", "/expire")])
def test_an_unknown_user_has_none(app: Flask, method: str, path: str) -> None:
    response = send(app, f"/_rollcall/users/unknown/tokens{path}", method)
    assert_problem(response, "user-not-found", 404, "there is no user unknown")


def test_a_dialect_that_is_not_served_has_none(app: Flask) -> None:
    response = send(app, TOKENS + "?dialect=acme", "DELETE")
    detail = "dialect has to be openim_v2 or openim_v3 or rongcloud"
    assert_problem(response, "request-invalid", 400, detail)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("end", ["cancel", "expire", "reset"])
def test_a_token_that_has_ended_does_not_come_back_within_the_second(app: Flask, kind: str, end: str) -> None:
    first = issue(app, **KINDS[kind])
    if end == "cancel":
        call(app, "DELETE", "/alice/tokens")
    elif end == "expire":
        call(app, "POST", "/alice/tokens/expire")
    else:
        assert send(app, "/_rollcall/reset", "POST").status_code == 200
        call(app, "PUT", "/alice", {})
    second = issue(app, **KINDS[kind])
    assert first != second
    assert check(app, kind, second) == GOOD
    assert check(app, kind, first) != GOOD
