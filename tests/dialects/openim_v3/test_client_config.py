"""OpenIM v3: settings of clients, for all users and for one."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from rollcall_server.models import User

from tests.conftest import MakeApp
from tests.dialects.openim_v3.expected import (
    AS_ADMIN,
    AS_ALICE,
    AS_LEGACY_ALICE,
    DONE,
    FIELD,
    JSON,
    args,
    data,
    legacy,
    legacy_not_found,
    no_permission,
    not_found,
)
from tests.support.scenario import CORS, Scenario, play, scenarios

GET, SET, DEL, PAGE = (f"/user/{word}_user_client_config" for word in ("get", "set", "del", "page"))
MONGO = "mongo: no documents in result mongo find one"

REFUSED = [
    *(
        Scenario(f"{path}: not an administrator", path, {}, no_permission(text), headers=AS_ALICE)
        for path, text in (
            (SET, "user alice is not admin userID"),
            (DEL, "user alice is not admin userID"),
            (PAGE, "user alice is not admin userID"),
        )
    ),
    Scenario(
        "get: another user",
        GET,
        {"userID": "bob"},
        no_permission("ownerUserID, bob=MISSING"),
        headers=AS_ALICE,
    ),
    Scenario(
        "legacy: get: another user",
        GET,
        {"userID": "bob"},
        legacy(1002, "NoPermissionError", "CheckAccessV3"),
        headers=AS_LEGACY_ALICE,
    ),
    Scenario("get: unknown user", GET, {"userID": "nobody"}, not_found(MONGO), headers=AS_ADMIN),
    Scenario("set: unknown user", SET, {"userID": "nobody"}, not_found(MONGO), headers=AS_ADMIN),
    Scenario(
        "legacy: set: unknown user",
        "/v3.4" + SET,
        {"userID": "nobody"},
        legacy_not_found("userID not found"),
        headers=AS_ADMIN,
    ),
    Scenario(
        "set: a list",
        SET,
        {"configs": []},
        args(FIELD.format("array", "SetUserClientConfigReq.configs", "map[string]string")),
        headers=AS_ADMIN,
    ),
    Scenario(
        "set: a number",
        SET,
        {"configs": {"a": 1}},
        args(FIELD.format("number", "SetUserClientConfigReq.configs", "string")),
        headers=AS_ADMIN,
    ),
    Scenario(
        "set: too long",
        SET,
        {"configs": {"a": "x" * 65_536}},
        args("the texts have over 65536 characters"),
        headers=AS_ADMIN,
    ),
    Scenario("get: none", GET, {"userID": "alice"}, data({"configs": {}}), headers=AS_ALICE),
    Scenario("page: none", PAGE, {}, data({"total": 0, "configs": None}), headers=AS_ADMIN),
]


@scenarios(REFUSED)
def test_answers_match_v3_byte_for_byte(client: FlaskClient, scenario: Scenario) -> None:
    play(client, scenario, JSON, CORS)


def app_with_alice(make_app: MakeApp) -> Flask:
    app = make_app()
    services = app.extensions["rollcall"]
    services.start()
    services.users.register([User("alice", "Alice"), User("bob", "Bob")])
    for user_id, platform_id in (("imAdmin", 10), ("alice", 1)):
        services.tokens.issue(services.codecs["v3.8"].request(user_id, platform_id))
    return app


def test_a_users_own_values_override_those_for_all_users(make_app: MakeApp) -> None:
    app = app_with_alice(make_app)
    client = app.test_client()

    def send(path: str, body: dict[str, Any], answer: Any, headers: dict[str, str] = AS_ADMIN) -> None:
        play(client, Scenario("", path, body, answer, headers=headers), JSON, CORS)

    def row(user_id: str, key: str, value: str) -> dict[str, str]:
        return {"key": key, "userID": user_id, "value": value}

    send(SET, {"configs": {"theme": "dark", "lang": "en"}}, DONE)
    send(SET, {"userID": "alice", "configs": {"theme": "light", "z": None}}, DONE)
    send(SET, {"userID": "alice"}, DONE)
    own = {"configs": {"lang": "en", "theme": "light", "z": ""}}
    send(GET, {"userID": "alice"}, data(own), AS_ALICE)
    send(GET, {"userID": "alice"}, data(own))
    for body in ({}, {"userID": ""}):
        send(GET, body, data({"configs": {"lang": "en", "theme": "dark"}}), AS_ALICE)
    send(GET, {"userID": "bob"}, data({"configs": {"lang": "en", "theme": "dark"}}))
    # Pages, with exact filters; an empty user id matches all rows.
    rows = [
        row("", "theme", "dark"),
        row("", "lang", "en"),
        row("alice", "theme", "light"),
        row("alice", "z", ""),
    ]
    first = {"pagination": {"pageNumber": 1, "showNumber": 10}}
    send(PAGE, first, data({"total": 4, "configs": rows}))
    send(PAGE, {**first, "userID": "alice"}, data({"total": 2, "configs": rows[2:]}))
    send(PAGE, {**first, "key": "theme"}, data({"total": 2, "configs": [rows[0], rows[2]]}))
    send(PAGE, {**first, "key": "them"}, data({"total": 0, "configs": None}))
    second = {"pagination": {"pageNumber": 2, "showNumber": 3}}
    send(PAGE, second, data({"total": 4, "configs": rows[3:]}))
    for pagination in (None, {}, {"pageNumber": -5, "showNumber": -1}):
        send(PAGE, {"pagination": pagination}, data({"total": 4, "configs": None}))
    send(DEL, {"userID": "alice", "keys": ["theme", "unknown"]}, DONE)
    send(DEL, {"keys": ["lang"]}, DONE)
    send(DEL, {"userID": "nobody", "keys": None}, DONE)
    send(GET, {"userID": "alice"}, data({"configs": {"theme": "dark", "z": ""}}), AS_ALICE)
    # They are deleted with their user; those for all users stay.
    app.extensions["rollcall"].deletion.delete(["alice"])
    send(PAGE, first, data({"total": 1, "configs": rows[:1]}))
