"""`POST /_rollcall/reset`: nothing from before is left, and no request sees half of it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from flask import Flask
from rollcall_server.capacity import RequestGate
from rollcall_server.errors import Overloaded
from rollcall_server.services import Services

from tests.conftest import MakeApp
from tests.control.test_access import KEY, OWN, assert_problem, send
from tests.support.drivers import DRIVERS, OpenIMv38, RongCloud

RESET = "/_rollcall/reset"


def reset(app: Flask, **given: Any) -> dict[str, Any]:
    response = send(app, RESET, "POST", **given)
    assert response.status_code == 200, response.get_data(as_text=True)
    answer: dict[str, Any] = response.get_json()
    return answer


def rows(services: Services) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of the database, without the times and the numbers that go on."""
    with closing(sqlite3.connect(services.settings.database)) as connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        ]
        found = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables}
    return {name: rows for name, rows in found.items() if name not in ("uptime", "sqlite_sequence")}


def user_of(dialect: Any) -> str:
    return "user_of_" + str(dialect.name).replace(".", "_")


def fill(app: Flask) -> str:
    """Leave something of every kind; return a token."""
    services: Services = app.extensions["rollcall"]
    for dialect in DRIVERS:
        driver = dialect(app.test_client())
        assert driver.register(user_of(driver)) == "done"
        assert driver.token(user_of(driver))
    user = "user_of_openim_v3_8"
    services.presence.touch(user, 1, 60)
    services.blocks.block(["user_of_rongcloud"], 60)
    services.commands.add(user, 1, "uuid", "value", "")
    services.subscriptions.add(user, ["user_of_openim_v2"])
    services.deletion.deactivate(["user_of_openim_v2"])
    services.nonces.seen_before("nonce")
    services.rate_limiter.hit("key", 1)
    for _ in range(30):
        services.auth_throttle.record_failure("192.0.2.7")
    token = OpenIMv38(app.test_client()).token("user_of_openim_v3_8")
    assert token
    return token


def parse(app: Flask, token: str) -> dict[str, Any]:
    headers = {"operationID": "1"}
    answer: dict[str, Any] = (
        app.test_client().post("/auth/parse_token", json={"token": token}, headers=headers).get_json()
    )
    return answer


def test_nothing_from_before_is_left(make_app: MakeApp) -> None:
    app = make_app()
    services: Services = app.extensions["rollcall"]
    services.start()
    first = rows(services)
    epoch = services.presence.epoch
    token = fill(app)
    assert parse(app, token)["errCode"] == 0
    assert rows(services) != first
    assert services.auth_throttle.is_limited("192.0.2.7")

    assert reset(app) == {"epoch": services.presence.epoch, "users": 0, "seeded": False}

    assert services.presence.epoch != epoch
    assert rows(services) == first
    assert parse(app, token)["errCode"] == 1507
    counts = services.presence.counts()
    assert (counts.number, counts.users, counts.connections) == (0, 0, 0)
    assert services.presence.details("user_of_openim_v3_8").last_seen is None
    assert services.blocks.active() == []
    assert not services.auth_throttle.is_limited("192.0.2.7")
    assert not services.nonces.seen_before("nonce")
    assert not services.rate_limiter.hit("key", 1)
    # And everything works as at first, with the same ids.
    for dialect in DRIVERS:
        assert dialect(app.test_client()).register(user_of(dialect)) == "done"


@pytest.mark.parametrize("body", [b"", b"{}", b" {} "])
def test_the_body_may_be_empty(app: Flask, body: bytes) -> None:
    given = {"data": body, "headers": {"Content-Type": "application/json"}} if body else {}
    assert reset(app, **given)["users"] == 0


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"sed":true}', "'sed' is not a field of this call"),
        (b'{"\xf0\x9f\x98\x80":1}', "'\\U0001f600' is not a field of this call"),
        (b"[]", "the body has to be a JSON object"),
        (b"null", "the body has to be a JSON object"),
        (b"{", "the body is not JSON: unexpected end of JSON input"),
        (b"{}x", "the body is not JSON: invalid character 'x' after top-level value"),
    ],
)
def test_other_bodies_are_refused_and_nothing_is_reset(app: Flask, body: bytes, detail: str) -> None:
    fill(app)
    before = rows(app.extensions["rollcall"])
    refused = send(app, RESET, "POST", data=body, headers={"Content-Type": "application/json"})
    assert_problem(refused, "request-invalid", 400, detail)
    assert rows(app.extensions["rollcall"]) == before


@pytest.mark.parametrize("settings", [{"bench": "0"}, {**OWN, "control_key": KEY}])
def test_without_the_bench_nothing_can_be_reset(make_app: MakeApp, settings: dict[str, str]) -> None:
    refused = send(make_app(**settings), RESET, "POST", headers={"Authorization": f"Bearer {KEY}"})
    detail = "this call is served if ROLLCALL_BENCH is 1"
    assert_problem(refused, "bench-off", 404, detail)


def test_a_reset_that_cannot_write_changes_nothing(app: Flask) -> None:
    token = fill(app)
    services: Services = app.extensions["rollcall"]
    before, counts = rows(services), services.presence.counts()
    with closing(sqlite3.connect(services.settings.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        refused = send(app, RESET, "POST")
        assert (refused.status_code, refused.get_json()["type"]) == (503, "urn:rollcall:unavailable")
    assert (rows(services), services.presence.counts()) == (before, counts)
    assert parse(app, token)["errCode"] == 0


def test_a_closed_gate_waits_for_those_inside_and_holds_the_others_up() -> None:
    gate = RequestGate()
    order: list[str] = []
    entered, leave, closed = threading.Event(), threading.Event(), threading.Event()

    def early() -> None:
        with gate:
            entered.set()
            leave.wait(10)
            order.append("early")

    def change() -> None:
        with gate.closed(10):
            order.append("change")
            closed.set()

    def late() -> None:
        with gate:
            order.append("late")

    first, second = threading.Thread(target=early), threading.Thread(target=change)
    first.start()
    entered.wait(10)
    second.start()
    while not gate._is_closed:
        pass
    third = threading.Thread(target=late)
    third.start()
    leave.set()
    for thread in (first, second, third):
        thread.join(10)
    assert order == ["early", "change", "late"]


def test_a_gate_opens_again_if_those_inside_stay() -> None:
    gate = RequestGate()
    with (
        gate,
        pytest.raises(Overloaded, match="requests that began earlier have not ended"),
        gate.closed(0.01),
    ):
        raise AssertionError("a request is inside")
    with gate:
        pass


@pytest.fixture
def storm(app: Flask) -> Iterator[list[str]]:
    """Let each dialect register users and get tokens, until the test ends; yield what went wrong."""
    stop, wrong = threading.Event(), list[str]()

    def run(dialect: type[Any], number: int) -> None:
        count = 0
        while not stop.is_set():
            count += 1
            user = f"s{number}-{count}"
            try:
                driver = dialect(app.test_client())
                driver.register(user)
                driver.token(user)
            except (AssertionError, KeyError):
                # A reset came between two of the driver's requests, so the second was refused.
                continue
            except Exception as error:
                wrong.append(repr(error))

    threads = [
        threading.Thread(target=run, args=(dialect, number))
        for number, dialect in enumerate((*DRIVERS, OpenIMv38, RongCloud))
    ]
    for thread in threads:
        thread.start()
    yield wrong
    stop.set()
    for thread in threads:
        thread.join(30)


def test_resets_under_load_are_whole(app: Flask, storm: list[str]) -> None:
    """After each one, a user's token is there only with the user, and no 5xx is answered."""
    services: Services = app.extensions["rollcall"]
    services.start()
    epochs = set()
    for _ in range(20):
        epochs.add(reset(app)["epoch"])
        with closing(sqlite3.connect(services.settings.database)) as connection:
            query = "SELECT COUNT(*) FROM tokens WHERE user_id NOT IN (SELECT user_id FROM users)"
            assert connection.execute(query).fetchone() == (0,)
            users, counted = connection.execute(
                "SELECT (SELECT COUNT(*) FROM users), (SELECT SUM(users) FROM user_counts)"
            ).fetchone()
            assert users == counted
    assert len(epochs) == 20
    assert storm == []
