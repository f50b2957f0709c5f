"""The limits of the outbox: the oldest events are dropped, counted and reported."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from rollcall_server import create_app
from rollcall_server.models import OutboxTotals, User, UserChanges, UserRegistered
from rollcall_server.services import Services

from tests.support.clock import FakeClock
from tests.support.sink import Sink, hung_up

MakeOne = Callable[..., Flask]
CALLBACKS = "afterUserRegister:1,afterUpdateUserInfo:1"


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A receiver that answers nothing, so that nothing leaves the outbox by delivery."""
    made = Sink()
    made.behave = hung_up
    yield made
    made.close()


@pytest.fixture
def make(tmp_path: Path, sink: Sink, clock: FakeClock) -> Iterator[MakeOne]:
    made: list[Services] = []

    def make_one(**settings: object) -> Flask:
        given = {"instance": tmp_path / "instance", "openim_callback_url": sink.url, **settings}
        app = create_app({"openim_callbacks": CALLBACKS, **given}, clock)
        services: Services = app.extensions["rollcall"]
        services.start()
        made.append(services)
        return app

    yield make_one
    for services in made:
        services.stop()


def services_of(app: Flask) -> Services:
    services: Services = app.extensions["rollcall"]
    return services


def pending(services: Services) -> list[str]:
    """Return the user of each undelivered event, oldest first."""
    return [next(iter(entry.user_ids)) for entry in services.events.pending(0, 1000)]


def register(services: Services, *numbers: int) -> None:
    for number in numbers:
        services.users.register([User(f"u{number}")])


def said(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [
        (record.levelname, record.getMessage())
        for record in caplog.records
        if record.name == "rollcall_server.domain.outbox_limits"
    ]


def content_bytes(tmp_path: Path) -> int:
    with closing(sqlite3.connect(tmp_path / "instance" / "rollcall.db")) as connection:
        (size,) = connection.execute("SELECT SUM(LENGTH(user_ids || payload)) FROM outbox").fetchone()
    assert isinstance(size, int)
    return size


def test_the_oldest_events_beyond_the_number_are_dropped_and_counted(
    make: MakeOne, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    services = services_of(make(webhook_max_events=10))
    register(services, *range(7))
    assert said(caplog) == []
    register(services, 7)
    size = services.events.totals().bytes
    nearly = ("WARNING", f"the outbox is 80% full with 8 events of {size} bytes: receivers do not keep up")
    assert said(caplog) == [nearly]
    register(services, *range(8, 25))
    assert pending(services) == [f"u{number}" for number in range(15, 25)]
    assert services.events.totals() == OutboxTotals(10, content_bytes(tmp_path), 15)
    full = ("ERROR", "the outbox is full: the oldest events are dropped undelivered")
    assert said(caplog) == [nearly, full]
    for entry in services.events.pending(0, 6):
        services.events.delivered(entry.number)
    services.users.update_profile("u24", UserChanges("x"))
    assert services.events.totals() == OutboxTotals(5, content_bytes(tmp_path), 15)
    # Not below half: a reserve, so that an outbox at the border does not fill the log.
    assert said(caplog) == [nearly, full]
    services.events.delivered(services.events.pending(0, 1)[0].number)
    services.events.expire(3600)
    room = ("WARNING", "the outbox has room again; 15 events were dropped undelivered")
    assert said(caplog) == [nearly, full, room]


def test_the_oldest_events_beyond_the_bytes_are_dropped_but_never_the_newest(
    make: MakeOne, tmp_path: Path
) -> None:
    services = services_of(make(webhook_max_bytes=2000))
    for number in range(8):
        services.users.register([User(f"u{number}", ex="é" * 50)])
    kept = len(pending(services))
    assert pending(services) == [f"u{number}" for number in range(8 - kept, 8)]
    assert services.events.totals() == OutboxTotals(kept, content_bytes(tmp_path), 8 - kept)
    assert 1000 < content_bytes(tmp_path) <= 2000
    services.users.register([User("large", ex="x" * 5000)])
    assert pending(services) == ["large"]
    assert services.events.totals() == OutboxTotals(1, content_bytes(tmp_path), 8)


def test_a_rolled_back_change_drops_nothing(make: MakeOne) -> None:
    services = services_of(make(webhook_max_events=2))
    register(services, 1, 2)

    def fail(transaction: sqlite3.Connection) -> None:
        services.events.record(transaction, UserRegistered((User("u3"),)))
        raise LookupError

    with pytest.raises(LookupError):
        services.storage.database.write(fail)
    assert pending(services) == ["u1", "u2"]
    assert services.events.totals().dropped == 0


def test_a_lower_limit_applies_at_the_next_start_and_the_count_goes_on(make: MakeOne) -> None:
    services = services_of(make())
    register(services, *range(10))
    services.stop()
    services = services_of(make(webhook_max_events=3))
    assert pending(services) == ["u7", "u8", "u9"]
    assert services.events.totals().dropped == 7


def test_readiness_and_metrics_show_an_outbox_that_is_nearly_full(make: MakeOne) -> None:
    app = make(webhook_max_events=10)
    services = services_of(app)
    client = app.test_client()

    def outbox() -> dict[str, float]:
        lines = client.get("/metrics").get_data(as_text=True).splitlines()
        found = (line.rpartition(" ") for line in lines if line.startswith("rollcall_outbox"))
        return {name: float(value) for name, _, value in found}

    register(services, *range(7))
    assert (client.get("/readyz").get_json()["warnings"], outbox()["rollcall_outbox_used_ratio"]) == ([], 0.7)
    register(services, 7, 8, 9, 10)
    size = services.events.totals().bytes
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["warnings"]) == (
        200,
        [f"the outbox is 100% full with 10 events of {size} bytes"],
    )
    assert outbox() == {
        "rollcall_outbox": 10,
        "rollcall_outbox_bytes": size,
        "rollcall_outbox_used_ratio": 1,
        "rollcall_outbox_dropped_total": 1,
    }
