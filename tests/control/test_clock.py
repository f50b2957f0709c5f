"""The clock: what goes by it, and what does not."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from rollcall_server.clock import AdjustableClock, ClockState
from rollcall_server.services import Services

from tests.conftest import MakeApp
from tests.control.test_access import assert_problem, send
from tests.control.test_tokens import EXPIRED, GOOD, KINDS, check, issue
from tests.control.test_users import call
from tests.support.clock import START, FakeClock

CLOCK = "/_rollcall/clock"
STEPS = ("advance", "pass", "freeze", "thaw")
REAL = {"now": "2023-11-14T22:13:20.250Z", "offset": 0.0, "frozen": False}


def put(app: Flask, **change: Any) -> Any:
    response = send(app, CLOCK, "PUT", json=change)
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.get_json()


def test_the_clock_is_advanced_set_and_restored(app: Flask, clock: FakeClock) -> None:
    assert send(app, CLOCK).get_json() == REAL
    assert put(app, advance=3600) == {"now": "2023-11-14T23:13:20.250Z", "offset": 3600.0, "frozen": False}
    clock.advance(1)
    assert send(app, CLOCK).get_json()["now"] == "2023-11-14T23:13:21.250Z"
    assert put(app, now="2027-01-01T01:00:00+01:00")["now"] == "2027-01-01T00:00:00.000Z"
    assert send(app, "/_rollcall/status").get_json()["now"] == "2027-01-01T00:00:00.000Z"
    assert put(app, offset=0) == {**REAL, "now": "2023-11-14T22:13:21.250Z"}
    assert put(app, advance=-60)["offset"] == -60.0
    assert send(app, "/_rollcall/status").get_json()["clock"] == {"offset": -60.0, "frozen": False}
    send(app, "/_rollcall/reset", "POST")
    assert send(app, CLOCK).get_json()["offset"] == 0.0


def test_frozen_it_stands_still_and_goes_on_from_there(app: Flask, clock: FakeClock) -> None:
    call(app, "PUT", "/alice", {})
    call(app, "PUT", "/alice/presence/1", {"ttl": 60})
    assert put(app, frozen=True) == {**REAL, "frozen": True}
    clock.advance(3600)
    assert send(app, CLOCK).get_json() == {**REAL, "frozen": True}
    assert len(call(app, "GET", "/alice")["online"]) == 1
    assert put(app, advance=30)["now"] == "2023-11-14T22:13:50.250Z"
    assert len(call(app, "GET", "/alice")["online"]) == 1
    assert put(app, frozen=False) == {"now": "2023-11-14T22:13:50.250Z", "offset": -3570.0, "frozen": False}
    clock.advance(31)
    assert call(app, "GET", "/alice")["online"] == []


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_expire_by_it(app: Flask, kind: str) -> None:
    call(app, "PUT", "/alice", {})
    token = issue(app, **KINDS[kind])
    put(app, advance=6 * 86_400)
    assert check(app, kind, token) == GOOD
    put(app, advance=100 * 86_400)
    assert check(app, kind, token) == EXPIRED[kind]


def test_presence_lapses_before_the_answer_and_blocks_end(app: Flask, services: Services) -> None:
    call(app, "PUT", "/alice", {})
    call(app, "PUT", "/alice/presence/1", {"ttl": 60})
    put(app, advance=61)
    changes = services.presence.changes(services.presence.epoch, 0, 10).changes
    assert changes is not None
    assert [change.status.name for change in changes] == ["ONLINE", "LAPSED"]
    call(app, "PUT", "/alice/block", {"for": 60})
    put(app, advance=59)
    assert call(app, "GET", "/alice")["blockedUntil"] is not None
    put(app, advance=2)
    assert call(app, "GET", "/alice")["blockedUntil"] is None


def test_backwards_presence_stays_as_it_is(app: Flask) -> None:
    call(app, "PUT", "/alice", {})
    call(app, "PUT", "/alice/presence/1", {"ttl": 60})
    put(app, advance=-3600)
    assert len(call(app, "GET", "/alice")["online"]) == 1
    put(app, advance=61)
    assert call(app, "GET", "/alice")["online"] == []


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({}, "one of advance, now, offset and frozen has to be given"),
        ({"advance": 1, "frozen": True}, "one of advance, now, offset and frozen has to be given"),
        ({"advance": "1"}, "advance has to be a number"),
        ({"advance": 1e300}, "advance has to be from -3162240000 to 3162240000"),
        ({"now": "tomorrow"}, "now has to be a time like 2027-01-01T00:00:00Z"),
        ({"now": "2027-01-01T00:00:00"}, "now has to name its time zone, like 2027-01-01T00:00:00Z"),
        ({"now": "9999-01-01T00:00:00Z"}, "now has to be from 0 to 7258118400"),
        ({"now": "1969-01-01T00:00:00Z"}, "now has to be from 0 to 7258118400"),
        ({"later": 1}, "'later' is not a field of this call"),
    ],
)
def test_wrong_changes_are_named(app: Flask, body: dict[str, Any], detail: str) -> None:
    assert_problem(send(app, CLOCK, "PUT", json=body), "request-invalid", 400, detail)
    assert send(app, CLOCK).get_json() == REAL


def test_without_the_bench_there_is_none(make_app: MakeApp) -> None:
    app = make_app(bench="0")
    detail = "this call is served if ROLLCALL_BENCH is 1"
    assert_problem(send(app, CLOCK), "bench-off", 404, detail)
    assert send(app, "/_rollcall/status").get_json()["clock"] == {"offset": 0.0, "frozen": False}


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["advance", "pass", "freeze", "thaw"]), st.integers(-1000, 1000)),
        max_size=30,
    )
)
def test_it_agrees_with_a_model(steps: list[tuple[str, int]]) -> None:
    base = FakeClock()
    clock = AdjustableClock(base)
    wall, elapsed, is_frozen = START, base.since, False
    for step, number in steps:
        if step == "advance":
            clock.advance(number)
            wall, elapsed = wall + number, elapsed + max(number, 0)
        elif step == "pass":
            base.advance(abs(number))
            if not is_frozen:
                wall, elapsed = wall + abs(number), elapsed + abs(number)
        else:
            is_frozen = step == "freeze"
            clock.freeze() if is_frozen else clock.thaw()
        assert (clock.now(), clock.elapsed()) == (wall, elapsed)
        assert (clock.state.frozen is not None) == is_frozen
    clock.restore(ClockState())
    assert (clock.now(), clock.elapsed()) == (base.now(), base.elapsed())
