"""OpenIM v3: the small records of a user, in both generations."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models import User
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
#: A body that every one of them takes.
WHOLE = {"userID": "alice", "type": 1, "uuid": "a"}


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in WHOLE.items() if name != key}


MISSING = [
    *((path, without("userID"), "userID is empty") for path in ALL),
    *((path, without("type"), "type is not specified") for path in ALL[:4]),
    *((path, {**WHOLE, "type": 0}, "type is not specified") for path in ALL[:4]),
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
                f"{path}: another's",
                path,
                {**WHOLE, "userID": "bob"},
                no_permission("ownerUserID, bob=MISSING"),
                headers=AS_ALICE,
            ),
            Scenario(
                f"legacy: {path}: another's",
                path,
                {**WHOLE, "userID": "bob"},
                legacy_no_permission("ownerUserID, bob"),
                headers=AS_LEGACY_ALICE,
            ),
            Scenario(f"{path}: no token", path, WHOLE, args("header must have token"), headers=OP),
        )
    ),
    *(
        row
        for path, body in ((DELETE, WHOLE), (UPDATE, {**WHOLE, "value": ""}), (UPDATE, {**WHOLE, "ex": "x"}))
        for row in (
            Scenario(
                f"{path}: nothing there {body}",
                path,
                body,
                not_found("RecordNotFoundError"),
                headers=AS_ALICE,
            ),
            Scenario(
                f"legacy: {path}: nothing there {body}",
                path,
                body,
                legacy_not_found(""),
                headers=AS_LEGACY_ALICE,
            ),
        )
    ),
    Scenario("update: nothing there and nothing to write", UPDATE, WHOLE, DONE, headers=AS_ALICE),
    *(
        Scenario(f"{path}: none, {name}", path, WHOLE, data({"CommandResp": None}), headers=headers)
        for path in (GET, GET_ALL)
        for name, headers in (("current", AS_ALICE), ("legacy", AS_LEGACY_ALICE))
    ),
    Scenario(
        "a value beyond all measure",
        ADD,
        {**WHOLE, "value": "x" * 65_536},
        args("the texts have over 65536 characters"),
        headers=AS_ALICE,
    ),
    Scenario(
        "an update beyond all measure",
        UPDATE,
        {**WHOLE, "ex": "x" * 65_537},
        args("the texts have over 65536 characters"),
        headers=AS_ALICE,
    ),
    Scenario(
        "for an id that nobody can have",
        ADD,
        {**WHOLE, "userID": "x" * 65},
        args("userID has over 64 characters"),
        headers=AS_ADMIN,
    ),
    Scenario(
        "a type as text",
        ADD,
        {**WHOLE, "type": "1"},
        args(FIELD.format("string", "ProcessUserCommandAddReq.type", "int32")),
        headers=AS_ALICE,
    ),
    Scenario(
        "a value as a number",
        ADD,
        {**WHOLE, "value": 1},
        args("json: cannot unmarshal number into Go value of type string"),
        headers=AS_ALICE,
    ),
]


@scenarios(REFUSED)
def test_an_answer_is_v3s_to_the_byte(client: FlaskClient, scenario: Scenario) -> None:
    play(client, scenario, JSON, CORS)


@pytest.fixture(name="here")
def _here(make_app: MakeApp) -> Flask:
    app = make_app()
    services = app.extensions["rollcall"]
    services.start()
    services.users.register([User("alice")])
    issue, order = services.tokens.issue, services.codecs.request
    for format, user_id, platform_id in (
        ("v3.8", "imAdmin", 10),
        ("v3.4", "openIMAdmin", 1),
        ("v3.8", "alice", 1),
        ("v3.4", "alice", 1),
    ):
        issue(order(format, user_id, platform_id))
    return app


def record(type_: int, uuid: str, value: str, ex: str, second: int) -> dict[str, Any]:
    return {"type": type_, "createTime": NOW + second, "uuid": uuid, "value": value, "ex": ex}


@pytest.mark.parametrize(
    "headers",
    [AS_ALICE, AS_ADMIN, AS_LEGACY_ALICE, AS_LEGACY_ADMIN],
    ids=["owner", "administrator", "legacy owner", "legacy administrator"],
)
def test_the_life_of_records(
    here: Flask, make_app: MakeApp, clock: FakeClock, headers: dict[str, str]
) -> None:
    client = here.test_client()

    def send(path: str, answer: dict[str, Any], **body: Any) -> None:
        play(client, Scenario("", path, {"userID": "alice", **body}, answer, headers=headers), JSON, CORS)

    def there(*rows: dict[str, Any]) -> dict[str, Any]:
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
    send(GET_ALL, there(first, second, again))
    send(GET, there(first, again), type=1)
    send(GET, there(), type=3)
    send(UPDATE, DONE, type=1, uuid="a", value="w")
    send(UPDATE, DONE, type=2, uuid="b", ex="<&>", value=None)
    first, second = record(1, "a", "w", "e", 0), record(2, "b", "", "<&>", 1)
    here.extensions["rollcall"].stop()
    client = make_app().test_client()
    # As Go writes it: "<" is escaped, wherever it stands.
    response = client.post(GET_ALL, json={"userID": "alice"}, headers=headers)
    assert response.get_json() == there(first, second, again)
    assert b'"\\u003c\\u0026\\u003e"' in response.data
    send(UPDATE, DONE, type=1, uuid="a", value="", ex="")
    send(GET, there(record(1, "a", "", "", 0), again), type=1)
    send(DELETE, DONE, type=1, uuid="a")
    send(GET, there(again), type=1)
    send(DELETE, DONE, type=1, uuid="a")
    send(GET, there(), type=1)
    send(DELETE, DONE, type=2, uuid="b")
    send(GET_ALL, there())


def test_an_administrator_keeps_records_for_somebody_unknown(here: Flask) -> None:
    client = here.test_client()
    body = {"userID": "nobody", "type": -1, "uuid": "a"}
    play(client, Scenario("", ADD, body, DONE, headers=AS_ADMIN), JSON, CORS)
    answer = data({"CommandResp": [record(-1, "a", "", "", 0)]})
    play(client, Scenario("", GET_ALL, body, answer, headers=AS_ADMIN), JSON, CORS)


def test_a_user_has_only_so_many_records(here: Flask) -> None:
    services = here.extensions["rollcall"]
    values = [("alice", 1, str(number), "", "", 0) for number in range(10_000)]
    services.database.write(
        lambda transaction: transaction.executemany(
            "INSERT INTO user_commands (user_id, type, uuid, value, ex, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            values,
        )
    )
    client = here.test_client()
    body = {**WHOLE, "uuid": "one more"}
    refusal = args("a user may have 10000 commands")
    play(client, Scenario("", ADD, body, refusal, headers=AS_ALICE), JSON, CORS)
    play(client, Scenario("", DELETE, {**WHOLE, "uuid": "7"}, DONE, headers=AS_ALICE), JSON, CORS)
    play(client, Scenario("", ADD, body, DONE, headers=AS_ALICE), JSON, CORS)
