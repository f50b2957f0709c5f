"""Failed deliveries: retried in order for each user, at least once, across restarts, until they expire."""

from __future__ import annotations

import socket
import threading
import time
from collections import defaultdict

import pytest
from rollcall_server.models import User, UserChanges
from rollcall_server.webhooks import delivery

from tests.support.clock import FakeClock
from tests.support.server import PATIENCE
from tests.support.sink import FINE, Behaviour, Received, Sink, answering, garbled, hung_up, silent, trickling
from tests.webhooks.conftest import MakeServices

EVENTS = "afterUserRegister:1,afterUpdateUserInfo:1"


def wait_until(condition: object, what: str = "") -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def deliveries(sink: Sink) -> list[tuple[str, str]]:
    """Return the user id and the content of each delivery, in the order of arrival."""
    found = []
    for received in list(sink.received):
        body = received.json
        if "users" in body:
            found += [(user["userID"], "registered") for user in body["users"]]
        else:
            found.append((body["userID"], body["nickName"]))
    return found


@pytest.mark.parametrize(
    "failing",
    [
        hung_up,
        garbled,
        silent,
        trickling,
        answering(FINE, 500),
        answering(FINE, 404),
        answering(FINE, 302),
        answering(b"<html>oops</html>"),
        answering(b""),
    ],
    ids=["closes", "no HTTP", "silent", "trickling", "500", "404", "redirect", "no JSON", "nothing"],
)
def test_a_failed_delivery_is_retried_until_the_receiver_recovers(
    make_services: MakeServices, sink: Sink, failing: Behaviour
) -> None:
    services = make_services(EVENTS)
    sink.behave = failing
    services.users.register([User("a")])
    sink.wait_for(2)
    assert len(services.events.pending(0, 10)) == 1
    sink.behave = answering()
    wait_until(lambda: services.events.pending(0, 10) == [])
    first, *others = sink.received
    for other in others:
        assert (other.path, other.body) == (first.path, first.body)
        assert other.headers["webhook-id"] == first.headers["webhook-id"]


def test_a_receiver_that_starts_later_gets_all_deliveries(
    make_services: MakeServices, sink: Sink, caplog: pytest.LogCaptureFixture
) -> None:
    port = sink.port
    sink.close()
    services = make_services(EVENTS)
    for number in range(20):
        services.users.register([User(f"u{number}")])
        services.users.update_profile(f"u{number}", UserChanges("later"))
    wait_until(lambda: "is down" in caplog.text)
    assert len(services.events.pending(0, 100)) == 40
    back = Sink(port)
    try:
        back.wait_for(40)
        wait_until(lambda: services.events.pending(0, 10) == [])
        in_order: dict[str, list[str]] = defaultdict(list)
        for user_id, what in deliveries(back):
            in_order[user_id].append(what)
        assert in_order == {f"u{n}": ["registered", "later"] for n in range(20)}
    finally:
        back.close()
    messages = [
        record.getMessage() for record in caplog.records if record.name.startswith("rollcall_server.webhooks")
    ]
    name = f"the receiver at 127.0.0.1:{port}"
    assert messages[0].startswith(f"{name} fails, retrying: user_registered ")
    assert messages[0].endswith(": 'ConnectionRefusedError: [Errno 111] Connection refused'")
    assert messages[1].startswith(f"{name} is down, retrying: user_registered ")
    assert messages[-1].startswith(f"{name} is up again after ")
    assert len(messages) == 3


def test_a_failed_delivery_delays_only_later_ones_of_the_same_users(
    make_services: MakeServices, sink: Sink
) -> None:
    refused = threading.Event()

    def refuse_a(received: object, connection: object) -> tuple[int, bytes]:
        is_about_a = b'"a"' in received.body  # type: ignore[attr-defined]
        return (500 if is_about_a and not refused.is_set() else 200), FINE

    sink.behave = refuse_a
    services = make_services(EVENTS)
    services.users.register([User("a"), User("b")])
    services.users.update_profile("b", UserChanges("b1"))
    services.users.register([User("c")])
    services.users.update_profile("a", UserChanges("a1"))
    services.users.update_profile("c", UserChanges("c1"))
    services.users.update_profile("c", UserChanges("c2"))
    wait_until(lambda: ("c", "c2") in deliveries(sink))
    assert {row for row in deliveries(sink) if row[0] == "c"} == {
        ("c", "registered"),
        ("c", "c1"),
        ("c", "c2"),
    }
    assert ("b", "b1") not in deliveries(sink)
    assert ("a", "a1") not in deliveries(sink)
    refused.set()
    wait_until(lambda: services.events.pending(0, 10) == [])
    in_order: dict[str, list[str]] = defaultdict(list)
    for user_id, what in deliveries(sink):
        if what not in in_order[user_id]:
            in_order[user_id].append(what)
    assert in_order == {
        "a": ["registered", "a1"],
        "b": ["registered", "b1"],
        "c": ["registered", "c1", "c2"],
    }


def test_a_receiver_that_is_down_gets_no_further_deliveries_during_the_pause(
    make_services: MakeServices, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "FIRST_BACKOFF", 30.0)
    sink.behave = answering(FINE, 503)
    services = make_services(EVENTS, webhook_max_backoff=3600)
    for number in range(50):
        services.users.register([User(f"u{number}")])
    sink.wait_for(3)
    time.sleep(0.3)
    assert len(sink.received) == delivery.DOWN_AFTER


def test_undelivered_events_are_delivered_after_a_restart(make_services: MakeServices, sink: Sink) -> None:
    sink.behave = silent
    services = make_services(EVENTS.replace(":1", ":15"))
    for number in range(5):
        services.users.register([User(f"u{number}")])
    sink.wait_for(1)
    begun = time.monotonic()
    services.stop()
    assert time.monotonic() - begun < 5, "a silent receiver delays the stop"
    sink.behave = answering()
    count = len(sink.received)
    services = make_services(EVENTS)
    sink.wait_for(count + 5)
    wait_until(lambda: services.events.pending(0, 10) == [])
    assert [row[0] for row in deliveries(sink)[count:]] == [f"u{number}" for number in range(5)]


def test_events_that_are_no_longer_configured_are_dropped(
    make_services: MakeServices, sink: Sink, caplog: pytest.LogCaptureFixture
) -> None:
    sink.behave = hung_up
    services = make_services(EVENTS)
    services.users.register([User("a")])
    services.users.update_profile("a", UserChanges("x"))
    services.stop()
    services = make_services("afterUpdateUserInfo")
    assert [entry.kind for entry in services.events.pending(0, 10)] == ["user_updated"]
    assert "1 events that were to be told are forgotten, as no setting asks for them" in caplog.text


def test_expired_events_are_dropped_and_logged(
    make_services: MakeServices, sink: Sink, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    sink.behave = hung_up
    services = make_services(EVENTS, webhook_max_age=3600, clock=clock)
    services.users.register([User("a")])
    clock.advance(1800)
    services.users.register([User("b")])
    assert services.events.expire(3600) == (0, 0)
    # Neither a jump of the wall clock nor a restart makes an event older.
    clock.wall += 10 * 86_400
    assert services.events.expire(3600) == (0, 0)
    services.stop()
    clock.since += 10 * 86_400
    services = make_services(EVENTS, webhook_max_age=3600, clock=clock)
    assert services.events.expire(3600) == (0, 0)
    assert len(services.events.pending(0, 10)) == 2
    services.stop()
    clock.advance(1)
    services = make_services(EVENTS, webhook_max_age=3600, clock=clock)
    clock.advance(1801)
    services.events.wake()
    wait_until(lambda: len(services.events.pending(0, 10)) == 1, caplog.text)
    assert "1 events of users expired after 3600 s without delivery" in caplog.text


def test_events_expire_while_a_receiver_is_busy_with_later_ones(
    make_services: MakeServices, sink: Sink, clock: FakeClock
) -> None:
    is_kept: list[bool] = []

    def behave(received: Received, connection: socket.socket) -> tuple[int, bytes]:
        """Fail for one user; during each other delivery, register another user, so that there is more."""
        if b'"bad"' in received.body:
            return 500, FINE
        clock.advance(delivery.PURGE_SECONDS)
        is_kept.append(frozenset({"bad"}) in {entry.user_ids for entry in services.events.pending(0, 100)})
        if len(is_kept) < 10:
            services.users.register([User(f"u{len(is_kept)}")])
        return 200, FINE

    sink.behave = behave
    services = make_services(EVENTS, webhook_max_age=int(4 * delivery.PURGE_SECONDS), clock=clock)
    services.users.register([User("bad")])
    services.users.register([User("u0")])
    wait_until(lambda: len(is_kept) == 10)
    assert (is_kept[0], is_kept[-1]) == (True, False)


def test_dropped_events_do_not_make_a_receiver_look_up(
    make_services: MakeServices, sink: Sink, caplog: pytest.LogCaptureFixture
) -> None:
    sink.behave = hung_up
    services = make_services(EVENTS, webhook_max_events=5)
    for number in range(5):
        services.users.register([User(f"old{number}")])
    wait_until(lambda: "is down" in caplog.text)
    for number in range(5):
        services.users.register([User(f"new{number}")])
    wait_until(lambda: any(row[0].startswith("new") for row in deliveries(sink)))
    assert {next(iter(entry.user_ids)) for entry in services.events.pending(0, 100)} == {
        f"new{number}" for number in range(5)
    }
    assert "is up again" not in caplog.text


def test_a_rolled_back_registration_sends_nothing(make_services: MakeServices, sink: Sink) -> None:
    services = make_services(EVENTS)
    services.users.register([User("a")])
    sink.wait_for(1)
    with pytest.raises(Exception, match="a"):
        services.users.register([User("b"), User("a")])
    services.users.register([User("c")])
    sink.wait_for(2)
    assert [row[0] for row in deliveries(sink)] == ["a", "c"]


def test_concurrent_changes_are_delivered_in_order_for_each_user(
    make_services: MakeServices, sink: Sink
) -> None:
    services = make_services(EVENTS)

    def change_often(user_id: str) -> None:
        services.users.register([User(user_id)])
        for number in range(10):
            services.users.update_profile(user_id, UserChanges(str(number)))

    threads = [threading.Thread(target=change_often, args=(f"u{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    sink.wait_for(88)
    in_order: dict[str, list[str]] = defaultdict(list)
    for user_id, what in deliveries(sink):
        in_order[user_id].append(what)
    assert in_order == {f"u{n}": ["registered", *map(str, range(10))] for n in range(8)}


def test_a_database_error_does_not_end_the_delivery_worker(
    make_services: MakeServices, sink: Sink, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    services = make_services(EVENTS)

    def broken(number: int) -> None:
        raise RuntimeError("out of reach")

    with monkeypatch.context() as patch:
        patch.setattr(services.events, "delivered", broken)
        services.users.register([User("a")])
        wait_until(lambda: "were aborted" in caplog.text)
    wait_until(lambda: services.events.pending(0, 10) == [])
    assert set(deliveries(sink)) == {("a", "registered")}


def answer_with_a_bad_chunk(received: Received, connection: socket.socket) -> None:
    """Answer with a chunk of negative size, for which http.client raises an exception of its own."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nxx\r\n0\r\n\r\n")


@pytest.mark.parametrize("count", [1, 2])
def test_a_permanently_failing_delivery_does_not_delay_other_users(
    make_services: MakeServices, sink: Sink, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """Not even when no other success shows that the receiver is up."""
    monkeypatch.setattr(delivery, "FIRST_BACKOFF", 0.01)

    def fail_for_bad(received: Received, connection: socket.socket) -> tuple[int, bytes] | None:
        if b'"bad' not in received.body:
            return 200, FINE
        return answer_with_a_bad_chunk(received, connection)

    sink.behave = fail_for_bad
    services = make_services(EVENTS, webhook_max_backoff=3600)
    for number in range(count):
        services.users.register([User(f"bad{number}")])
    sink.wait_for(8)
    for number in range(20):
        services.users.register([User(f"good{number}")])
        wait_until(lambda: (f"good{number}", "registered") in deliveries(sink))  # noqa: B023
    bad = {frozenset({f"bad{number}"}) for number in range(count)}
    # The last good one leaves the outbox after its answer.
    wait_until(lambda: {entry.user_ids for entry in services.events.pending(0, 100)} == bad)


def test_a_new_delivery_is_tried_even_if_older_ones_keep_failing(
    make_services: MakeServices, sink: Sink
) -> None:
    sink.behave = lambda received, connection: None if b'"bad' in received.body else (200, FINE)
    services = make_services(EVENTS)
    for number in range(5):
        services.users.register([User(f"bad{number}")])
    sink.wait_for(4)
    services.users.register([User("good")])
    wait_until(lambda: ("good", "registered") in deliveries(sink))


def test_a_worker_with_a_blocked_delivery_sleeps_until_the_retry(
    make_services: MakeServices, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "FIRST_BACKOFF", 60.0)
    sink.behave = hung_up
    services = make_services(EVENTS, webhook_max_backoff=3600)
    services.users.register([User("a")])
    services.users.update_profile("a", UserChanges("x"))
    sink.wait_for(1)
    rounds: list[float | None] = []
    wait = services.events.wait
    (only,) = services.webhooks._workers
    monkeypatch.setattr(
        only._queue, "wait", lambda sequence, seconds: (rounds.append(seconds), wait(sequence, seconds))
    )
    services.events.wake()
    time.sleep(0.5)
    assert len(rounds) <= 2
    assert all(seconds is not None and seconds > 20 for seconds in rounds)


def test_a_rename_by_rongclouds_get_token_is_delivered_once(make_services: MakeServices, sink: Sink) -> None:
    services = make_services(EVENTS)
    request = services.codecs["rongcloud"].request(issuer="live-app-key", user_id="r")
    for name in ("one", "two", "two"):
        services.registration.get_or_register(User("r", name), request, once=False)
    wait_until(lambda: services.events.pending(0, 10) == [])
    assert deliveries(sink) == [("r", "registered"), ("r", "two")]
