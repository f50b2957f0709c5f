"""OpenIM v3: notification accounts, in both generations."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rollcall_server.models import User

from tests.conftest import MakeApp
from tests.dialects.openim_v3.expected import (
    AS_ADMIN,
    AS_ALICE,
    AS_LEGACY_ADMIN,
    AS_LEGACY_ALICE,
    DONE,
    JSON,
    OP,
    args,
    current,
    data,
    legacy_args,
    legacy_no_permission,
    no_permission,
)
from tests.support.scenario import CORS, Scenario, play, scenarios

ADD, UPDATE, SEARCH = (f"/user/{word}_notification_account" for word in ("add", "update", "search"))
PAGE = {"pagination": {"pageNumber": 1, "showNumber": 10}}
FULL = {"userID": "note", "nickName": "N", "faceURL": "F", "appMangerLevel": 3, **PAGE}

REFUSED = [
    *(
        row
        for path in (ADD, UPDATE, SEARCH)
        for row in (
            Scenario(f"{path}: no token", path, FULL, args("header must have token"), headers=OP),
            Scenario(
                f"{path}: not an administrator",
                path,
                FULL,
                no_permission("user alice is not admin userID"),
                headers=AS_ALICE,
            ),
            Scenario(
                f"legacy: {path}: not an administrator",
                path,
                FULL,
                legacy_no_permission("user alice is not CheckIMAdmin userID"),
                headers=AS_LEGACY_ALICE,
            ),
        )
    ),
    Scenario("add: no nickName", ADD, {}, args("nickName is empty"), headers=AS_ALICE),
    Scenario("legacy: add: no nickName", ADD, {}, legacy_args("nickName is empty"), headers=AS_LEGACY_ALICE),
    Scenario(
        "legacy: add: no faceURL",
        ADD,
        {"nickName": "N"},
        legacy_args("nickName is empty"),
        headers=AS_LEGACY_ADMIN,
    ),
    *(
        Scenario(
            f"add: level {level}",
            ADD,
            {**FULL, "appMangerLevel": level},
            args("app level not supported"),
            headers=AS_ADMIN,
        )
        for level in (None, 0, 2, -1)
    ),
    Scenario("add: a used id", ADD, {**FULL, "userID": "alice"}, args("userID is used"), headers=AS_ADMIN),
    Scenario(
        "legacy: add: a used id",
        ADD,
        {**FULL, "userID": "imAdmin"},
        legacy_args("userID is used"),
        headers=AS_LEGACY_ADMIN,
    ),
    Scenario(
        "add: userID too long",
        ADD,
        {**FULL, "userID": "x" * 65},
        args("userID has over 64 characters"),
        headers=AS_ADMIN,
    ),
    Scenario("update: no userID", UPDATE, {"nickName": "N"}, args("userID is empty"), headers=AS_ALICE),
    Scenario(
        "update: no field",
        UPDATE,
        {"userID": "app"},
        args("faceURL and nickName is empty at the same"),
        headers=AS_ALICE,
    ),
    Scenario(
        "update: unknown user",
        UPDATE,
        {"userID": "nobody", "nickName": "N"},
        current(1001, "ArgsError", "ArgsError"),
        headers=AS_ADMIN,
    ),
    Scenario(
        "legacy: update: unknown user",
        UPDATE,
        {"userID": "nobody", "nickName": "N"},
        legacy_args(""),
        headers=AS_LEGACY_ADMIN,
    ),
    Scenario("search: no pagination", SEARCH, {}, args("pagination is empty"), headers=AS_ALICE),
    Scenario("search: page 0", SEARCH, {"pagination": {}}, args("pageNumber is invalid"), headers=AS_ALICE),
    Scenario(
        "legacy: search: no pagination",
        SEARCH,
        {},
        legacy_args("pagination is empty"),
        headers=AS_LEGACY_ALICE,
    ),
]


@scenarios(REFUSED)
def test_refusals_match_v3_byte_for_byte(client: FlaskClient, scenario: Scenario) -> None:
    play(client, scenario, JSON, CORS)


def account(user_id: str, name: str, face: str = "", level: int | None = 3) -> dict[str, Any]:
    row = {"userID": user_id, "faceURL": face, "nickName": name}
    return row if level is None else {**row, "appMangerLevel": level}


@pytest.fixture(name="app")
def _app(make_app: MakeApp) -> Flask:
    app = make_app()
    services = app.extensions["rollcall"]
    services.start()
    services.users.register(
        [
            User("alice", "three"),
            User("three", "Three", level=3),
            User("four", "Four", level=4),
            User("also", "Four", level=3),
        ]
    )
    services.tokens.issue(services.codecs["v3.8"].request("imAdmin", 10))
    services.tokens.issue(services.codecs["v3.4"].request("openIMAdmin", 1))
    return app


@pytest.mark.parametrize(
    ("headers", "keyword", "total", "found"),
    [
        (AS_ADMIN, "", 2, [account("three", "Three"), account("also", "Four")]),
        (AS_ADMIN, "three", 1, [account("three", "Three")]),
        (AS_ADMIN, "Four", 2, [account("four", "Four", level=4), account("also", "Four")]),
        (AS_ADMIN, "four", 1, [account("four", "Four", level=4)]),
        (AS_ADMIN, "thre", 0, None),
        (AS_ADMIN, "THREE", 0, None),
        (AS_ADMIN, "alice", 0, None),
        (AS_ADMIN, "three\0x", 0, None),
        (AS_ADMIN, "Three\0", 0, None),
        (AS_ADMIN, "imAdmin", 0, None),
        (
            AS_LEGACY_ADMIN,
            "",
            2,
            [account("three", "Three", level=None), account("also", "Four", level=None)],
        ),
        (AS_LEGACY_ADMIN, "four", 0, None),
        (AS_LEGACY_ADMIN, "Four", 1, [account("also", "Four", level=None)]),
    ],
)
def test_search_finds_accounts_by_exact_id_or_name(
    app: Flask, headers: dict[str, str], keyword: str, total: int, found: Any
) -> None:
    answer = data({"total": total, "notificationAccounts": found})
    body = {"keyword": keyword, **PAGE}
    play(app.test_client(), Scenario("", SEARCH, body, answer, headers=headers), JSON, CORS)


@pytest.mark.parametrize(
    ("number", "size", "found"),
    [(1, 1, [account("three", "Three")]), (2, 1, [account("also", "Four")]), (3, 1, None), (1, 0, None)],
)
def test_search_returns_pages(app: Flask, number: int, size: int, found: Any) -> None:
    body = {"pagination": {"pageNumber": number, "showNumber": size}}
    answer = data({"total": 2, "notificationAccounts": found})
    play(app.test_client(), Scenario("", SEARCH, body, answer, headers=AS_ADMIN), JSON, CORS)


@pytest.mark.parametrize(
    ("headers", "sent", "shown"),
    [
        (AS_ADMIN, 3, 3),
        (AS_ADMIN, 4, 4),
        (AS_ADMIN, 2**31 - 1, 2**31 - 1),
        (AS_LEGACY_ADMIN, 4, None),
        (AS_LEGACY_ADMIN, None, None),
    ],
)
def test_an_account_can_be_added_once_updated_and_found(
    app: Flask, headers: dict[str, str], sent: int | None, shown: int | None
) -> None:
    client = app.test_client()
    body = {**FULL, "userID": "a-b.c", "appMangerLevel": sent}
    added = data(account("a-b.c", "N", "F", shown))
    play(client, Scenario("", ADD, body, added, headers=headers), JSON, CORS)
    again = legacy_args("userID is used") if headers is AS_LEGACY_ADMIN else args("userID is used")
    play(client, Scenario("", ADD, body, again, headers=headers), JSON, CORS)
    change = {"userID": "a-b.c", "nickName": "M", "faceURL": ""}
    play(client, Scenario("", UPDATE, change, DONE, headers=headers), JSON, CORS)
    found = data({"total": 1, "notificationAccounts": [account("a-b.c", "M", "F", shown)]})
    play(client, Scenario("", SEARCH, {"keyword": "M", **PAGE}, found, headers=headers), JSON, CORS)
    stored = app.extensions["rollcall"].users.get("a-b.c")
    assert stored.level == (sent if headers is AS_ADMIN else 3)


def test_an_account_added_without_an_id_gets_one_of_ten_digits(app: Flask) -> None:
    response = app.test_client().post(ADD, json={"nickName": "N", "appMangerLevel": 3}, headers=AS_ADMIN)
    body = response.get_json()
    user_id = body["data"].pop("userID")
    assert body == data({"faceURL": "", "nickName": "N", "appMangerLevel": 3})
    assert re.fullmatch("[1-9][0-9]{9}", user_id)
    assert app.extensions["rollcall"].users.get(user_id).nickname == "N"


def test_adding_an_account_fails_if_no_free_id_is_found(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.randbelow", lambda below: 7)
    app.extensions["rollcall"].users.register([User("1000000007")])
    body = {"nickName": "N", "appMangerLevel": 3}
    refusal = current(500, "ServerInternalError", "gen user id failed")
    play(app.test_client(), Scenario("", ADD, body, refusal, headers=AS_ADMIN), JSON, CORS)


@pytest.mark.parametrize("user_id", ["three", "alice"])
def test_update_accepts_any_user(app: Flask, user_id: str) -> None:
    body = {"userID": user_id, "faceURL": "G"}
    play(app.test_client(), Scenario("", UPDATE, body, DONE, headers=AS_ADMIN), JSON, CORS)
    assert app.extensions["rollcall"].users.get(user_id).face_url == "G"


def test_an_administrator_is_never_a_notification_account(app: Flask, make_app: MakeApp) -> None:
    app.extensions["rollcall"].stop()
    client = make_app(admins="imAdmin,three").test_client()
    for keyword, total, found in (("", 1, [account("also", "Four")]), ("three", 0, None), ("Three", 0, None)):
        answer = data({"total": total, "notificationAccounts": found})
        play(client, Scenario("", SEARCH, {"keyword": keyword, **PAGE}, answer, headers=AS_ADMIN), JSON, CORS)
