"""What gateways report: late, twice and crosswise; and who may not be present at all."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

import pytest

from app.errors import UserBlocked, UserNotFound
from app.models import ConnectionEvent, ConnectionEventType, Heartbeat, PresenceStatus, User
from app.services import Services
from tests.support.clock import FakeClock

T = 1_700_000_000_000
ON, OFF, KICK = ConnectionEventType


@pytest.fixture(name="services")
def _services(services: Services) -> Services:
    services.users.register([User("a"), User("b")])
    return services


def says(
    type: ConnectionEventType, time: int, connection_id: str = "", platform_id: int | None = 1
) -> ConnectionEvent:
    return ConnectionEvent(type, "a", platform_id, connection_id, T + time, 60)


def online(services: Services, user_id: str = "a") -> list[tuple[int, str]]:
    (connections,) = services.presence.connections([user_id])
    return [(one.platform_id, one.connection_id) for one in connections]


ONE, NAMELESS = [(1, "x")], [(1, "")]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([says(ON, 1, "x")], ONE),
        ([says(ON, 1, "x"), says(OFF, 2, "x")], []),
        ([says(OFF, 2, "x"), says(ON, 1, "x")], []),
        ([says(ON, 1, "x"), says(OFF, 2, "x"), says(ON, 1, "x")], []),
        ([says(ON, 1, "x"), says(OFF, 2, "x"), says(ON, 2, "x")], []),
        ([says(ON, 1, "x"), says(OFF, 2, "x"), says(OFF, 2, "x"), says(ON, 3, "x")], ONE),
        ([says(ON, 1, "x"), says(OFF, 1, "x")], []),
        ([says(ON, 2, "x"), says(OFF, 1, "x")], ONE),
        ([says(ON, 1, "x"), says(OFF, 2, "y")], ONE),
        ([says(ON, 2, "x"), says(ON, 1, "y", 2), says(OFF, 3, "y", 2)], ONE),
        ([says(ON, 1, "x"), says(OFF, 2, "x", None)], []),
        ([says(ON, 1, "x"), says(ON, 2, "y", 5), says(OFF, 3, "", None)], []),
        ([says(OFF, 3, "", None), says(ON, 2, "x")], []),
        ([says(OFF, 3, "", None), says(ON, 4, "x")], ONE),
        ([says(ON, 1), says(OFF, 5, "", None), says(ON, 3)], []),
        ([says(ON, 1, "x"), says(OFF, 5), says(ON, 3, "x")], []),
        ([says(OFF, 5), says(ON, 3, "x")], []),
        ([says(OFF, 5), says(ON, 3, "x", 2)], [(2, "x")]),
        ([says(OFF, 5), says(ON, 6, "x")], ONE),
        ([says(ON, 1)], NAMELESS),
        ([says(ON, 1), says(ON, 5), says(OFF, 4)], NAMELESS),
        ([says(ON, 1), says(OFF, 2), says(ON, 1)], []),
        ([says(ON, 1), says(OFF, 2, "", 2)], NAMELESS),
        # One phone takes another's place: the first is kicked, and says so when the second is there.
        ([says(ON, 1), says(ON, 2), says(KICK, 3), says(OFF, 4)], NAMELESS),
        ([says(ON, 1), says(ON, 2), says(KICK, 3), says(OFF, 4), says(OFF, 5)], []),
        ([says(ON, 1, "x"), says(ON, 2, "y"), says(KICK, 3), says(OFF, 4, "y")], ONE),
        # The one that is kicked is the only one there.
        ([says(ON, 1), says(KICK, 3)], []),
        ([says(ON, 1), says(KICK, 3), says(OFF, 4)], []),
        ([says(ON, 1), says(KICK, 3), says(OFF, 4), says(ON, 5)], NAMELESS),
        ([says(KICK, 3)], []),
    ],
    ids=itertools.count(),
)
def test_the_last_word_of_a_connection_counts(
    services: Services, events: list[ConnectionEvent], expected: list[tuple[int, str]]
) -> None:
    for event in events:
        services.gateways.apply([event])
    assert online(services) == expected
    services.gateways.forget("a")
    services.presence.remove("a")
    services.gateways.apply(events)
    assert online(services) == expected


def test_in_whatever_order_and_however_often_they_come_the_end_is_the_same(services: Services) -> None:
    last_events = [
        says(ON, 1, "x"),
        says(OFF, 2, "x"),
        says(ON, 3, "y"),
        says(ON, 4, "x", 1),
        says(OFF, 5, "y"),
    ]
    for order in itertools.permutations(last_events):
        for event in (*order, *order):
            services.gateways.apply([event])
        assert online(services) == ONE
        services.presence.remove("a")
        services.gateways.forget("a")


def test_a_time_that_is_none_orders_nothing(services: Services) -> None:
    for type, seq, expected in ((ON, 900, NAMELESS), (OFF, 5, []), (ON, 4, NAMELESS), (OFF, 4, [])):
        services.gateways.apply([says(type, seq - T)])
        assert online(services) == expected


def test_who_was_forgotten_for_want_of_room_does_not_come_back(services: Services) -> None:
    for number in range(200):
        services.gateways.apply([says(ON, 10 * number + 1, str(number))])
        services.gateways.apply([says(OFF, 10 * number + 2, str(number))])
    (history,) = services.gateways._histories.values()
    assert len(history.last_events) <= 6
    for number in range(200):
        services.gateways.apply([says(ON, 10 * number + 1, str(number))])
    assert online(services) == []
    services.gateways.apply([says(ON, 5000, "new")])
    assert online(services) == [(1, "new")]


def test_connections_whose_end_was_never_told_fill_no_memory(services: Services, clock: FakeClock) -> None:
    for number in range(300):
        services.gateways.apply([says(ON, number, str(number))])
        clock.advance(10)
    (history,) = services.gateways._histories.values()
    assert len(history.last_events) <= 66
    assert online(services) == [(1, str(number)) for number in range(295, 300)]
    services.gateways.apply([says(OFF, 400, "295"), says(ON, 3, "3")])
    assert online(services) == [(1, str(number)) for number in range(296, 300)]


def test_a_background_and_a_repeat_prolong(services: Services, clock: FakeClock) -> None:
    services.gateways.apply([says(ON, 1, "x")])
    clock.advance(50)
    services.gateways.apply([says(ON, 2, "x")._replace(is_background=True)])
    clock.advance(50)
    (connection,) = services.presence.connections(["a"])[0]
    assert (connection.connection_id, connection.is_background, connection.expires_in) == ("x", True, 10)
    clock.advance(10)
    assert online(services) == []


def test_more_connections_than_there_may_be_do_not_matter(services: Services) -> None:
    services.gateways.apply([says(ON, number, str(number)) for number in range(31)])
    assert online(services) == [(1, str(number)) for number in range(30)]


def test_what_was_said_during_a_block_is_no_news_after_it(services: Services) -> None:
    services.gateways.apply([says(ON, 1, "x")])
    services.blocks.block(["a"], 60)
    services.gateways.apply([says(OFF, 5, "x")])
    services.blocks.unblock(["a"])
    services.gateways.apply([says(ON, 3, "x")])
    assert online(services) == []


def test_who_is_nobody_or_blocked_stays_offline(services: Services) -> None:
    services.blocks.block(["b"], 60)
    services.gateways.apply([says(ON, 1)._replace(user_id=user_id) for user_id in ("nobody", "b", "a")])
    assert [online(services, user_id) for user_id in ("nobody", "b", "a")] == [[], [], NAMELESS]
    services.deletion.delete(["a"])
    assert list(services.gateways._histories) == ["b"]
    assert services.presence.details("a").last_seen is None


def test_a_gateways_memory_ends_with_the_serving(services: Services) -> None:
    services.gateways.apply([says(ON, 1, "x")])
    services.stop()
    services.start()
    assert online(services) == []
    services.gateways.apply([says(ON, 1, "x")])
    assert online(services) == ONE


@pytest.mark.parametrize("happens", ["delete", "block"])
def test_who_goes_in_the_middle_does_not_come_back(
    services: Services, monkeypatch: pytest.MonkeyPatch, happens: str
) -> None:
    put_online: Callable[..., None] = services.presence.touch

    def gone_first(*arguments: object) -> None:
        if happens == "delete":
            assert services.deletion.delete(["a"]) == []
        else:
            services.blocks.block(["a"], 60)
        put_online(*arguments)

    for put in (
        lambda: services.gateways.apply([says(ON, 1)]),
        lambda: services.heartbeats.record_many([Heartbeat("a", 1, 60)]),
    ):
        with monkeypatch.context() as patch:
            # forget() of the one who goes needs the lock that report() holds.
            patch.setattr(services.gateways, "forget", lambda user_id: None)
            patch.setattr(services.presence, "touch", gone_first)
            put()
        assert online(services) == []
        services.blocks.unblock(["a"])
        if happens == "delete":
            services.users.register([User("a")])


def test_threads_that_deliver_crosswise_end_alike(services: Services) -> None:
    events = [says(type, 2 * number + type, str(number % 3)) for number in range(200) for type in (ON, OFF)]

    def deliver(start: int) -> None:
        for event in events[start:] + events[:start]:
            services.gateways.apply([event])

    threads = [threading.Thread(target=deliver, args=(start,)) for start in range(0, 400, 57)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert online(services) == []


def test_a_batch_says_who_was_refused(services: Services) -> None:
    services.blocks.block(["b"], 60)
    heartbeats = [Heartbeat("a", 1, 60, str(number)) for number in range(31)]
    refused = services.heartbeats.record_many(
        [Heartbeat("nobody", 1, 60), Heartbeat("b", 2, 60), *heartbeats]
    )
    assert [(heartbeat, type(error).__name__) for heartbeat, error in refused] == [
        (Heartbeat("nobody", 1, 60), UserNotFound.__name__),
        (Heartbeat("b", 2, 60), UserBlocked.__name__),
        (heartbeats[30], "TooManyConnections"),
    ]
    assert len(online(services)) == 30
    assert services.presence.number == 30
    kicked = services.presence.changes(services.presence.epoch, 0, 100).changes or []
    assert {change.status for change in kicked} == {PresenceStatus.ONLINE}
