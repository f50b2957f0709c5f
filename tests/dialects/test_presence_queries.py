"""Rollcall dialect: heartbeat batches and presence queries of application servers."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rollcall_server.models import User

from tests.conftest import MakeApp
from tests.dialects.conftest import NOW
from tests.support import tokens
from tests.support.clock import START, FakeClock
from tests.support.scenario import CORS, Scenario, play, scenarios

JSON, TEXT = "application/json", "text/plain"
ALICE, ADMIN = tokens.v3_8("alice", 1, NOW), tokens.v3_8("imAdmin", 10, NOW)
MS = int(START * 1000)
DONE = {"errCode": 0, "errMsg": "", "errDlt": ""}
READS = ("/presence/user", "/presence/online", "/presence/counts", "/presence/changes")
BATCH = "/presence/heartbeats"


def error(code: int, name: str, detail: str = "") -> dict[str, object]:
    return {"errCode": code, "errMsg": name, "errDlt": detail or name}


def args(message: str) -> dict[str, object]:
    return error(1001, "ArgsError", message)


def type_error(value: str, field: str) -> dict[str, object]:
    return args(f"json: cannot unmarshal {value} into Go struct field {field} of type int32")


def get_call(path: str, query: str, answer: Any) -> Scenario:
    name = f"{path}?{query}"
    return Scenario(name, name, b"", answer, headers={"token": ADMIN}, method="GET")


def batch(name: str, body: Any, answer: Any) -> Scenario:
    return Scenario(name, BATCH, body, answer, headers={"token": ADMIN})


ONE = {"userID": "alice", "platformID": 1}


@scenarios(
    [
        *(
            row
            for path, method in (*((path, "GET") for path in READS), (BATCH, "POST"))
            for row in (
                Scenario("no token", path, b"", args("header must have token"), method=method),
                Scenario(
                    "malformed token",
                    path,
                    b"",
                    error(1503, "TokenMalformedError"),
                    headers={"token": "x"},
                    method=method,
                ),
                Scenario(
                    "not an administrator",
                    path,
                    b"{",
                    error(1002, "NoPermissionError", "user alice is not an administrator"),
                    headers={"token": ALICE},
                    method=method,
                ),
            )
        ),
        get_call("/presence/user", "", args("userID is required")),
        get_call("/presence/user", "userID=nobody", error(1004, "RecordNotFoundError", "record not found")),
        get_call("/presence/online", "limit=0", args("limit must be from 1 to 10000")),
        get_call("/presence/online", "limit=10001", args("limit must be from 1 to 10000")),
        get_call("/presence/online", "LIMIT=0", args("limit must be from 1 to 10000")),
        get_call("/presence/online", "limit=x", args("limit must be a whole number")),
        get_call("/presence/online", "limit=1.5", args("limit must be a whole number")),
        get_call("/presence/online", "limit=%D9%A1", args("limit must be a whole number")),
        get_call("/presence/online", "platformID=" + "9" * 30, args("platformID must be a whole number")),
        get_call(
            "/presence/online",
            "platformID=9999999999",
            type_error("number 9999999999", "OnlineReq.platformID"),
        ),
        *(
            get_call("/presence/online", f"cursor={text}", args("cursor is none that was given out"))
            for text in ("x", "%F0%9F", "bnVsbA", "WzEsMiwzXQ", "e30", "W" * 3000)
        ),
        get_call(
            "/presence/online",
            # ["other",0]
            "cursor=WyJvdGhlciIsMF0",
            args("cursor is from before a restart, begin again without one"),
        ),
        get_call("/presence/changes", "since=x", args("since must be a whole number")),
        get_call("/presence/changes", "limit=-1", args("limit must be from 1 to 10000")),
        get_call("/presence/counts", "&".join("a=1" for _ in range(101)), args("the query cannot be read")),
        batch("empty body", b"", args("users is required")),
        batch("empty list", {"users": []}, args("users is required")),
        batch("null user", {"users": [None]}, args("users holds null")),
        batch("no userID", {"users": [{"platformID": 1}]}, args("userID is required")),
        batch("no platformID", {"users": [{"userID": "alice"}]}, args("platformID is invalid")),
        batch("ttl 0", {"users": [ONE], "ttl": 0}, args("ttl must be from 1 to 86400 seconds")),
        batch("a user's ttl", {"users": [{**ONE, "ttl": 0}]}, args("ttl must be from 1 to 86400 seconds")),
        batch("long connID", {"users": [{**ONE, "connID": "x" * 65}]}, args("connID has over 64 characters")),
        batch("1001 users", {"users": [ONE] * 1001}, args("users has over 1000 entries")),
        batch(
            "platformID as a string",
            {"users": [{**ONE, "platformID": "1"}]},
            type_error("string", "UserHeartbeat.users.platformID"),
        ),
    ]
)
def test_query_and_batch_answers_are_exact(client: FlaskClient, scenario: Scenario) -> None:
    play(client, scenario, JSON, CORS)


@pytest.mark.parametrize("path", READS)
def test_a_query_path_answers_404_to_a_post(client: FlaskClient, path: str) -> None:
    play(client, Scenario("", path, b"{}", "404 page not found", 404), TEXT, CORS)


@pytest.fixture(name="app")
def _app(make_app: MakeApp) -> Flask:
    app = make_app(presence_history=10)
    services = app.extensions["rollcall"]
    services.start()
    services.users.register([User("alice"), User("bob"), User("carol")])
    services.tokens.issue(services.codecs["v3.8"].request("imAdmin", 10))
    services.presence.epoch = "e"
    return app


def get(app: Flask, path: str, **query: Any) -> Any:
    response = app.test_client().get(f"{path}?{urlencode(query)}", headers={"token": ADMIN})
    answer = response.get_json()
    assert (response.status_code, answer["errCode"]) == (200, 0)
    return answer["data"]


def test_a_batch_puts_users_online_and_lists_refused_ones(app: Flask) -> None:
    body = {
        "ttl": 60,
        "users": [
            ONE,
            {"userID": "bob", "platformID": 2, "connID": "c", "isBackground": True, "ttl": 5},
            {"userID": "nobody", "platformID": 1},
            *({"userID": "carol", "platformID": 5, "connID": str(number)} for number in range(31)),
        ],
    }
    refused = [
        {
            "userID": "nobody",
            "platformID": 1,
            "connID": "",
            **error(1004, "RecordNotFoundError", "record not found"),
        },
        {
            "userID": "carol",
            "platformID": 5,
            "connID": "30",
            **error(1601, "ConnOverMaxNumLimit", "more than 30 connections on platform 5"),
        },
    ]
    answer = {**DONE, "data": {"epoch": "e", "refused": refused}}
    play(app.test_client(), batch("", body, answer), JSON, CORS)
    found = app.extensions["rollcall"].presence.connections(["alice", "bob", "carol", "nobody"])
    assert found[3] == ()
    assert [(one.platform_id, one.connection_id, one.is_background, one.expires_in) for one in found[1]] == [
        (2, "c", True, 5)
    ]
    assert [one.expires_in for one in found[0]] == [60]
    assert len(found[2]) == 30


def test_a_users_details_hold_connections_and_last_seen(app: Flask, clock: FakeClock) -> None:
    offline = {"userID": "alice", "status": 0, "connections": [], "lastSeen": None, "epoch": "e"}
    play(app.test_client(), get_call("/presence/user", "userID=alice", {**DONE, "data": offline}), JSON, CORS)
    presence = app.extensions["rollcall"].presence
    presence.touch("alice", 5, 60.5, "x", True)
    presence.touch("alice", 1, 9)
    clock.advance(1)
    assert get(app, "/presence/user", userID="alice") == {
        "userID": "alice",
        "status": 1,
        "connections": [
            {"platformID": 1, "connID": "", "isBackground": False, "expiresIn": 8},
            {"platformID": 5, "connID": "x", "isBackground": True, "expiresIn": 60},
        ],
        "lastSeen": MS,
        "epoch": "e",
    }
    clock.advance(100)
    assert get(app, "/presence/user", userID="alice") == {**offline, "lastSeen": MS}


def test_online_users_are_listed_in_pages_by_cursor(app: Flask) -> None:
    presence = app.extensions["rollcall"].presence
    for user_id in ("alice", "bob", "carol"):
        presence.touch(user_id, 5, 60)
    presence.touch("bob", 1, 60, "phone")
    seen: list[str] = []
    cursor = ""
    pages = 0
    while pages < 10:
        pages += 1
        data = get(app, "/presence/online", limit=1, cursor=cursor)
        assert (data["epoch"], data["number"]) == ("e", 4)
        seen += [row["userID"] for row in data["users"]]
        cursor = data["cursor"]
        if not cursor:
            break
    assert (sorted(seen), pages) == (["alice", "bob", "carol"], 4)
    web = {"platformID": 5, "connID": "", "isBackground": False, "expiresIn": 60}
    assert get(app, "/presence/online", platformID=1) == {
        "epoch": "e",
        "number": 4,
        "users": [{"userID": "bob", "connections": [{**web, "platformID": 1, "connID": "phone"}, web]}],
        "cursor": "",
    }
    assert get(app, "/presence/online", platformID=9)["users"] == []


def test_counts_cover_users_connections_and_platforms(app: Flask) -> None:
    none = {"epoch": "e", "number": 0, "users": 0, "connections": 0, "platforms": []}
    assert get(app, "/presence/counts") == none
    presence = app.extensions["rollcall"].presence
    presence.touch("alice", 5, 60)
    presence.touch("alice", 1, 60)
    presence.touch("bob", 5, 60)
    assert get(app, "/presence/counts") == {
        "epoch": "e",
        "number": 3,
        "users": 2,
        "connections": 3,
        "platforms": [{"platformID": 1, "users": 1}, {"platformID": 5, "users": 2}],
    }


def test_changes_follow_a_number_and_are_reset_when_lost(app: Flask, clock: FakeClock) -> None:
    initial = {"epoch": "e", "number": 0, "reset": True, "changes": [], "more": False}
    answer = {**DONE, "data": initial}
    play(app.test_client(), get_call("/presence/changes", "", answer), JSON, CORS)
    assert get(app, "/presence/changes", epoch="e", since=0) == {**initial, "reset": False}
    services = app.extensions["rollcall"]
    services.presence.touch("alice", 1, 60, "x", True)
    services.presence.touch("bob", 2, 5)
    services.presence.leave("alice", 1)
    services.presence.touch("carol", 2, 60)
    services.blocks.block(["carol"], 60)
    clock.advance(5)
    services.presence.sweep()

    def row(number: int, user_id: str, platform_id: int, reason: str, **more: Any) -> dict[str, Any]:
        fields = {"number": number, "userID": user_id, "platformID": platform_id, "connID": ""}
        status = 1 if reason == "online" else 0
        return {**fields, "status": status, "reason": reason, "isBackground": False, "time": MS, **more}

    rows = [
        row(1, "alice", 1, "online", connID="x", isBackground=True),
        row(2, "bob", 2, "online"),
        row(3, "alice", 1, "left", connID="x", isBackground=True),
        row(4, "carol", 2, "online"),
        row(5, "carol", 2, "kicked"),
        row(6, "bob", 2, "lapsed", time=MS + 5000),
    ]
    whole = {"epoch": "e", "number": 6, "reset": False, "changes": rows, "more": False}
    assert get(app, "/presence/changes", epoch="e", since=0) == whole
    assert list(get(app, "/presence/changes", epoch="e")["changes"][0]) == list(rows[0])
    part = get(app, "/presence/changes", epoch="e", since=1, limit=2)
    assert part == {**whole, "changes": rows[1:3], "more": True}
    assert get(app, "/presence/changes", epoch="e", since=6) == {**whole, "changes": []}
    reset = {**whole, "reset": True, "changes": []}
    assert get(app, "/presence/changes", epoch="e", since=7) == reset
    assert get(app, "/presence/changes", epoch="other", since=6) == reset
    assert get(app, "/presence/changes", epoch="e", since=-1) == reset
    for number in range(9):
        services.presence.touch("bob", 2, 60, str(number))
    overrun = {**reset, "number": 15}
    assert get(app, "/presence/changes", epoch="e", since=4) == overrun
    assert len(get(app, "/presence/changes", epoch="e", since=5)["changes"]) == 10
