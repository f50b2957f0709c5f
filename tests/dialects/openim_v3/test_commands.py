"""OpenIM v3: user commands (small records of a user), in both generations."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rollcall_server.models import User

from tests.conftest import MakeApp
from tests.dialects.conftest import NOW
from tests.dialects.openim_v3.expected import (
    AS_ADMIN,
    AS_ALICE,
    AS_LEGACY_ADMIN,
    AS_LEGACY_ALICE,
    DONE,
    FIELD,
    JSON,
    OP,
    args,
    data,
    legacy_args,
    legacy_no_permission,
    legacy_not_found,
    no_permission,
    not_found,
)
from tests.support.clock import FakeClock
from tests.support.scenario import CORS, Scenario, play, scenarios

ADD, DELETE, UPDATE, GET, GET_ALL = (
    f"/user/process_user_command_{word}" for word in ("add", "delete", "update", "get", "get_all")
)
ALL = (ADD, DELETE, UPDATE, GET, GET_ALL)
#: A body that is valid for every call.
VALID = {"userID": "alice", "type": 1, "uuid": "a"}


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in VALID.items() if name != key}


MISSING = [
    *((path, without("userID"), "userID is empty") for path in ALL),
    *((path, without("type"), "type is not specified") for path in ALL[:4]),
    *((path, {**VALID, "type": 0}, "type is not specified") for path in ALL[:4]),
    *((path, without("uuid"), "UUID is empty") for path in ALL[:3]),
    *((path, {}, "userID is empty") for path in ALL),
]
REFUSED = [
    *(
        row
        for number, (path, body, message) in enumerate(MISSING)
        for row in (
            Scenario(f"{number}: {path}", path, body, args(message), headers=AS_ALICE),
            Scenario(f"legacy: {number}: {path}", path, body, legacy_args(message), headers=AS_LEGACY_ALICE),
        )
    ),
    *(
        row
        for path in ALL
        for row in (
            Scenario(
                f"{path}: another user",
                path,
                {**VALID, "userID": "bob"},
                no_permission("ownerUserID, bob=MISSING"),
                headers=AS_ALICE,
            ),
            Scenario(
                f"legacy: {path}: another user",
                path,
                {**VALID, "userID": "bob"},
                legacy_no_permission("ownerUserID, bob"),
                headers=AS_LEGACY_ALICE,
            ),
            Scenario(f"{path}: no token", path, VALID, args("header must have token"), headers=OP),
        )
    ),
    *(
        row
        for path, body in ((DELETE, VALID), (UPDATE, {**VALID, "value": ""}), (UPDATE, {**VALID, "ex": "x"}))
        for row in (
            Scenario(
                f"{path}: no such command {body}",
                path,
                body,
                not_found("RecordNotFoundError"),
                headers=AS_ALICE,
            ),
            Scenario(
                f"legacy: {path}: no such command {body}",
                path,
                body,
                legacy_not_found(""),
                headers=AS_LEGACY_ALICE,
            ),
        )
    ),
    Scenario("update: no such command and no field", UPDATE, VALID, DONE, headers=AS_ALICE),
    *(
        Scenario(f"{path}: no commands, {name}", path, VALID, data({"CommandResp": None}), headers=headers)
        for path in (GET, GET_ALL)
        for name, headers in (("current", AS_ALICE), ("legacy", AS_LEGACY_ALICE))
    ),
    Scenario(
        "an oversized value",
        ADD,
        {**VALID, "value": "x" * 65_536},
        args("the texts have over 65536 characters"),
        headers=AS_ALICE,
    ),
    Scenario(
        "an oversized update",
        UPDATE,
        {**VALID, "ex": "x" * 65_537},
        args("the texts have over 65536 characters"),
        headers=AS_ALICE,
    ),
    Scenario(
        "userID too long",
        ADD,
        {**VALID, "userID": "x" * 65},
        args("userID has over 64 characters"),
        headers=AS_ADMIN,
    ),
    Scenario(
        "a type as a string",
        ADD,
        {**VALID, "type": "1"},
        args(FIELD.format("string", "ProcessUserCommandAddReq.type", "int32")),
        headers=AS_ALICE,
    ),
    Scenario(
        "a value as a number",
        ADD,
        {**VALID, "value": 1},
        args(FIELD.format("number", "ProcessUserCommandAddReq.value", "string")),
        headers=AS_ALICE,
    ),
]


@scenarios(REFUSED)
def test_answers_match_v3_byte_for_byte(client: FlaskClient, scenario: Scenario) -> None:
    play(client, scenario, JSON, CORS)


@pytest.fixture(name="app")
def _app(make_app: MakeApp) -> Flask:
    app = make_app()
    services = app.extensions["rollcall"]
    services.start()
    services.users.register([User("alice")])
    issue, codecs = services.tokens.issue, services.codecs
    for format, user_id, platform_id in (
        ("v3.8", "imAdmin", 10),
        ("v3.4", "openIMAdmin", 1),
        ("v3.8", "alice", 1),
        ("v3.4", "alice", 1),
    ):
        issue(codecs[format].request(user_id, platform_id))
    return app


def record(type_: int, uuid: str, value: str, ex: str, second: int) -> dict[str, Any]:
    return {"type": type_, "createTime": NOW + second, "uuid": uuid, "value": value, "ex": ex}


@pytest.mark.parametrize(
    "headers",
    [AS_ALICE, AS_ADMIN, AS_LEGACY_ALICE, AS_LEGACY_ADMIN],
    ids=["owner", "administrator", "legacy owner", "legacy administrator"],
)
def test_commands_are_added_listed_updated_and_deleted(
    app: Flask, make_app: MakeApp, clock: FakeClock, headers: dict[str, str]
) -> None:
    client = app.test_client()

    def send(path: str, answer: dict[str, Any], **body: Any) -> None:
        play(client, Scenario("", path, {"userID": "alice", **body}, answer, headers=headers), JSON, CORS)

    def commands(*rows: dict[str, Any]) -> dict[str, Any]:
        return data({"CommandResp": list(rows) or None})

    send(ADD, DONE, type=1, uuid="a", value="v", ex="e")
    clock.advance(1)
    send(ADD, DONE, type=2, uuid="b", value=None)
    send(ADD, DONE, type=1, uuid="a", value="again")
    first, second, again = (
        record(1, "a", "v", "e", 0),
        record(2, "b", "", "", 1),
        record(1, "a", "again", "", 1),
    )
    send(GET_ALL, commands(first, second, again))
    send(GET, commands(first, again), type=1)
    send(GET, commands(), type=3)
    send(UPDATE, DONE, type=1, uuid="a", value="w")
    send(UPDATE, DONE, type=2, uuid="b", ex="<&>", value=None)
    first, second = record(1, "a", "w", "e", 0), record(2, "b", "", "<&>", 1)
    app.extensions["rollcall"].stop()
    client = make_app().test_client()
    # As in Go, "<" and "&" are escaped anywhere in the JSON.
    response = client.post(GET_ALL, json={"userID": "alice"}, headers=headers)
    assert response.get_json() == commands(first, second, again)
    assert b'"\\u003c\\u0026\\u003e"' in response.data
    send(UPDATE, DONE, type=1, uuid="a", value="", ex="")
    send(GET, commands(record(1, "a", "", "", 0), again), type=1)
    send(DELETE, DONE, type=1, uuid="a")
    send(GET, commands(again), type=1)
    send(DELETE, DONE, type=1, uuid="a")
    send(GET, commands(), type=1)
    send(DELETE, DONE, type=2, uuid="b")
    send(GET_ALL, commands())


def test_an_administrator_can_add_commands_for_an_unknown_user(app: Flask) -> None:
    client = app.test_client()
    body = {"userID": "nobody", "type": -1, "uuid": "a"}
    play(client, Scenario("", ADD, body, DONE, headers=AS_ADMIN), JSON, CORS)
    answer = data({"CommandResp": [record(-1, "a", "", "", 0)]})
    play(client, Scenario("", GET_ALL, body, answer, headers=AS_ADMIN), JSON, CORS)


def test_the_texts_of_a_users_commands_have_at_most_a_mebibyte(app: Flask) -> None:
    client = app.test_client()

    def send(path: str, answer: Any, **more: Any) -> None:
        play(client, Scenario("", path, {**VALID, **more}, answer, headers=AS_ADMIN), JSON, CORS)

    # 16 commands of 65,532 bytes in 16,383 characters.
    for number in range(16):
        send(ADD, DONE, uuid=str(number), value="\U0001f600" * 16_380)
    refusal = args("a user's commands may have 1048576 bytes")
    send(ADD, refusal, uuid="x", value="\U0001f600" * 200)
    send(UPDATE, refusal, uuid="0", value="\U0001f600" * 16_600)
    send(ADD, DONE, userID="bob", uuid="x", value="x" * 60_000)
    send(DELETE, DONE, uuid="0")
    send(ADD, DONE, uuid="x", value="\U0001f600" * 200)


def test_a_user_has_at_most_10000_commands(app: Flask) -> None:
    services = app.extensions["rollcall"]
    values = [("alice", 1, str(number), "", "", 0) for number in range(10_000)]
    services.storage.database.write(
        lambda transaction: transaction.executemany(
            "INSERT INTO user_commands (user_id, type, uuid, value, ex, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            values,
        )
    )
    client = app.test_client()
    body = {**VALID, "uuid": "one more"}
    refusal = args("a user may have 10000 commands")
    play(client, Scenario("", ADD, body, refusal, headers=AS_ALICE), JSON, CORS)
    play(client, Scenario("", DELETE, {**VALID, "uuid": "7"}, DONE, headers=AS_ALICE), JSON, CORS)
    play(client, Scenario("", ADD, body, DONE, headers=AS_ALICE), JSON, CORS)
