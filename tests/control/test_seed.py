"""Seeds: over the control API, at the start and after a reset."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from rollcall_server.errors import SettingInvalid, StartupError
from rollcall_server.services import Services

from tests.conftest import MakeApp
from tests.control.test_access import assert_problem, send
from tests.control.test_reset import rows
from tests.control.test_tokens import GOOD, check
from tests.control.test_users import ALICE, call
from tests.support import tokens
from tests.support.clock import FakeClock

NOW = 1_700_000_000
SEED: dict[str, Any] = {
    "users": [
        {
            "userID": "alice",
            "nickname": "Alice",
            "tokens": [
                {"dialect": "openim_v3", "generation": "3.8", "platformID": 5, "expiresIn": 3600},
                {"dialect": "openim_v2"},
                {"dialect": "rongcloud", "app": "live-app-key", "expiresIn": -1},
            ],
            "online": [{"platformID": 5, "ttl": 600}, {"platformID": 1, "connID": "c"}],
            "rongcloud": {"tags": ["a", "b"], "remarks": [{"id": "bob", "remark": "Bobby"}]},
        },
        {"userID": "bob", "blockedFor": 60},
    ],
    "generate": {"count": 3, "prefix": "user_"},
}
TOML = """
[[users]]
userID = "alice"
nickname = "Alice"
[[users.online]]
platformID = 5
ttl = 600
[generate]
count = 2
"""


def seed(app: Flask, document: Any) -> Any:
    response = send(app, "/_rollcall/seed", "POST", json=document)
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.get_json()


def ids(app: Flask) -> list[str]:
    return [user["userID"] for user in call(app, "GET", "?limit=1000")["users"]]


def signed(app: Flask, path: str, **form: Any) -> Any:
    headers = {"App-Key": "live-app-key", "Nonce": "1", "Timestamp": "2"}
    headers["Signature"] = tokens.signature_of("live-app-secret", "1", "2")
    return app.test_client().post(path, data=form, headers=headers).get_json()


def test_a_seed_makes_users_with_all_that_they_have(app: Flask, services: Services) -> None:
    answer = seed(app, SEED)
    token = {"userID": "alice", "generation": None, "platformID": 1}
    assert answer["tokens"][:2] == [
        {
            **token,
            "dialect": "openim_v3",
            "generation": "3.8",
            "platformID": 5,
            "token": services.codecs["v3.8"].encode(
                services.codecs.decode(answer["tokens"][0]["token"]).token
            ),
            "expiresAt": "2023-11-14T23:13:21.000Z",
        },
        {
            **token,
            "dialect": "openim_v2",
            "token": tokens.v2("alice", "IOS", NOW),
            "expiresAt": "2023-11-21T22:13:20.000Z",
        },
    ]
    expired = answer["tokens"][2]
    assert expired == {
        **token,
        "dialect": "rongcloud",
        "token": expired["token"],
        "expiresAt": "2023-11-14T22:13:19.000Z",
    }
    assert answer["users"] == 5
    kinds = zip(("v3.8", "v2", "rongcloud"), answer["tokens"], strict=True)
    assert [check(app, kind, each["token"]) for kind, each in kinds] == [
        GOOD,
        GOOD,
        (1501, "TokenExpiredError"),
    ]
    online = [
        {"platformID": 1, "endsAt": "2023-11-14T22:43:20.250Z"},
        {"platformID": 5, "endsAt": "2023-11-14T22:23:20.250Z"},
    ]
    assert call(app, "GET", "/alice") == {**ALICE, "online": online}
    assert call(app, "GET", "/bob")["blockedUntil"] == "2023-11-14T22:14:20.000Z"
    assert call(app, "GET", "/user_3")["nickname"] == "user_3"
    assert sorted(ids(app)) == ["alice", "bob", "user_1", "user_2", "user_3"]
    assert signed(app, "/user/tags/get.json", userIds="alice")["result"] == {"alice": ["a", "b"]}
    remarks = {"total": 1, "users": [{"id": "bob", "remark": "Bobby"}]}
    assert signed(app, "/user/remarks/get.json", userId="alice") == {"code": 200, **remarks}


def test_users_who_are_there_are_changed_to_match(app: Flask, clock: FakeClock) -> None:
    first = seed(app, SEED)
    assert seed(app, SEED) == {**first, "tokens": [*first["tokens"][:2], first["tokens"][2]]}
    clock.advance(1)
    changed = {"users": [{"userID": "bob", "nickname": "Bob", "blockedFor": 0}, {"userID": "alice"}]}
    assert seed(app, changed) == {"users": 5, "tokens": []}
    assert call(app, "GET", "/alice")["nickname"] == "Alice"
    assert (call(app, "GET", "/bob")["nickname"], call(app, "GET", "/bob")["blockedUntil"]) == ("Bob", None)
    seed(app, {"users": [{"userID": "alice", "blockedFor": 9}]})
    assert call(app, "GET", "/alice")["online"] == []
    assert seed(app, {}) == {"users": 5, "tokens": []}


@pytest.mark.parametrize(
    ("document", "detail"),
    [
        ({"user": []}, "'user' is not a field of this call"),
        ({"users": {}}, "users has to be a list"),
        ({"users": [1]}, "users[0] has to be an object"),
        ({"users": [{}]}, "users[0].userID is required"),
        ({"users": [{"userID": ""}]}, "users[0].userID is empty"),
        ({"users": [{"userID": "a"}, {"userID": "a"}]}, "users[1].userID is that of an earlier user"),
        ({"users": [{"userID": "a", "nick": ""}]}, "'nick' is not a field of users[0]"),
        ({"users": [{"userID": "a", "ex": "x" * 65537}]}, "users[0]: the texts have over 65536 characters"),
        (
            {"users": [{"userID": "a", "blockedFor": -1}]},
            "users[0].blockedFor has to be from 0 to 316",
        ),
        ({"users": [{"userID": "imAdmin", "blockedFor": 1}]}, "imAdmin is an administrator"),
        (
            {"users": [{"userID": "a", "blockedFor": 1, "online": [{"platformID": 1}]}]},
            "users[0].online: the user is blocked",
        ),
        (
            {"users": [{"userID": "a", "online": [{"platformID": 12}]}]},
            "users[0].online[0].platformID has to be from 1 to 11",
        ),
        ({"users": [{"userID": "a", "online": [{"ttl": 1}]}]}, "users[0].online[0].platformID is required"),
        (
            {"users": [{"userID": "a", "tokens": [{"expiresIn": 10**11}]}]},
            "users[0].tokens[0].expiresIn has to be from -3162240000 to 3162240000",
        ),
        ({"users": [{"userID": "a", "tokens": [{"dialect": "x"}]}]}, "dialect has to be openim_v2 or"),
        (
            {"users": [{"userID": "a", "rongcloud": {"tag": []}}]},
            "'tag' is not a field of users[0].rongcloud",
        ),
        (
            {"users": [{"userID": "a", "rongcloud": {"tags": ["x" * 41]}}]},
            "users[0].rongcloud.tags has to be up to 20 of 1 to 40 bytes",
        ),
        (
            {"users": [{"userID": "a", "rongcloud": {"remarks": [{"id": "", "remark": ""}]}}]},
            "users[0].rongcloud.remarks[0].id has to have 1 to 64 bytes",
        ),
        (
            {"users": [{"userID": "a", "online": [{"platformID": 1, "connID": str(n)} for n in range(31)]}]},
            "users[0].online: over 30 connections",
        ),
        ({"users": [{"userID": "a", "tokens": [{}] * 10_001}]}, "the list has over 10000 entries"),
        ({"generate": {"count": 100_001}}, "generate.count has to be from 0 to 100000"),
        ({"generate": {"count": 1, "prefix": "x" * 64}}, "generate.userID has over 64 characters"),
        ({"generate": {}}, "generate.count is required"),
        ({"users": [{"userID": str(number)} for number in range(10_001)]}, "the list has over 10000 entries"),
    ],
)
def test_a_wrong_seed_is_refused_and_changes_nothing(
    app: Flask, services: Services, document: Any, detail: str
) -> None:
    before = rows(services)
    answer = send(app, "/_rollcall/seed", "POST", json=document).get_json()
    assert answer["detail"].startswith(detail)
    assert answer["status"] in (400, 403)
    assert rows(services) == before


def test_a_reserved_id_leaves_everything_as_it_was(app: Flask, services: Services) -> None:
    seed(app, {"users": [{"userID": "bob"}]})
    services.deletion.deactivate(["bob"])
    before = rows(services)
    response = send(app, "/_rollcall/seed", "POST", json=SEED)
    assert_problem(response, "user-exists", 409, "the id bob is reserved: its user was deactivated")
    assert rows(services) == before


def written(tmp_path: Path, text: str, name: str = "seed.json") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(("name", "text"), [("seed.json", json.dumps(SEED)), ("seed.toml", TOML)])
def test_the_settings_seed_is_applied_at_the_start_and_after_a_reset(
    make_app: MakeApp, tmp_path: Path, name: str, text: str
) -> None:
    app = make_app(seed=written(tmp_path, text, name))
    services: Services = app.extensions["rollcall"]
    services.start()
    first = ids(app)
    assert "alice" in first
    assert 5 in [one["platformID"] for one in call(app, "GET", "/alice")["online"]]
    stored = rows(services)
    call(app, "DELETE", "/alice")
    call(app, "PUT", "/carol", {})
    answer = send(app, "/_rollcall/reset", "POST").get_json()
    assert answer == {"epoch": services.presence.epoch, "users": len(first), "seeded": True}
    assert rows(services) == stored
    assert ids(app) == first
    assert 5 in [one["platformID"] for one in call(app, "GET", "/alice")["online"]]
    answer = send(app, "/_rollcall/reset", "POST", json={"seed": False}).get_json()
    assert answer == {"epoch": services.presence.epoch, "users": 0, "seeded": False}
    assert send(app, "/_rollcall/status").get_json()["disposable"] is True


def test_a_database_with_users_is_not_seeded(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app()
    call(app, "PUT", "/carol", {})
    app.extensions["rollcall"].stop()
    seeded = make_app(seed=written(tmp_path, json.dumps(SEED)))
    assert ids(seeded) == ["carol"]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("seed.json", "{", "it is not JSON: unexpected end of JSON input"),
        ("seed.json", "{} {}", "it is not JSON: invalid character '{' after top-level value"),
        ("seed.json", '{"users": [{"userID": 1}]}', "users[0].userID has to be text"),
        ("seed.toml", "users = ", "Invalid value (at end of document)"),
        ("seed.toml", "when = 2026-11-21", "'when' is not a field of this call"),
        ("missing.json", "", "[Errno 2] No such file or directory: '{path}'"),
    ],
)
def test_a_wrong_seed_stops_the_start(
    make_app: MakeApp, tmp_path: Path, name: str, text: str, reason: str
) -> None:
    path = tmp_path / name if name == "missing.json" else written(tmp_path, text, name)
    with pytest.raises(SettingInvalid) as refused:
        make_app(seed=str(path))
    expected = f"the seed {path} (ROLLCALL_SEED) cannot be used: {reason.replace('{path}', str(path))}"
    assert str(refused.value) == expected


def test_a_seed_that_a_reserved_id_prevents_stops_the_start(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app()
    call(app, "PUT", "/bob", {})
    app.extensions["rollcall"].deletion.deactivate(["bob"])
    app.extensions["rollcall"].stop()
    seeded = make_app(seed=written(tmp_path, json.dumps(SEED)))
    with pytest.raises(StartupError, match=r"^the seed of ROLLCALL_SEED cannot be applied: bob$"):
        seeded.extensions["rollcall"].start()


def test_a_blocked_user_is_not_put_online_in_silence(app: Flask, services: Services) -> None:
    call(app, "PUT", "/bob", {})
    call(app, "PUT", "/bob/block", {"for": 60})
    before = rows(services)
    online = {"userID": "bob", "online": [{"platformID": 1}]}
    response = send(app, "/_rollcall/seed", "POST", json={"users": [online]})
    detail = "bob cannot be online, being blocked (blockedFor 0 lifts it)"
    assert_problem(response, "request-invalid", 400, detail)
    assert rows(services) == before
    seed(app, {"users": [{**online, "blockedFor": 0}]})
    assert len(call(app, "GET", "/bob")["online"]) == 1


def test_a_member_of_a_dialect_is_given_once(app: Flask) -> None:
    body = b'{"users": [{"userID": "a", "rongcloud": {}, "rongcloud": {}}]}'
    headers = {"Content-Type": "application/json"}
    response = send(app, "/_rollcall/seed", "POST", data=body, headers=headers)
    assert_problem(response, "request-invalid", 400, "users[0].rongcloud is given twice")
