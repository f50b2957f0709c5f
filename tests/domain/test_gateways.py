"""Gateway events that come late, twice or out of order, and events of users who may not be online."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

import pytest
from rollcall_server.errors import UserBlocked, UserNotFound
from rollcall_server.models import ConnectionEvent, ConnectionEventType, Heartbeat, PresenceStatus, User
from rollcall_server.services import Services

from tests.support.clock import FakeClock

T = 1_700_000_000_000
ON, OFF, KICK = ConnectionEventType


@pytest.fixture(name="services")
def _services(services: Services) -> Services:
    services.users.register([User("a"), User("b")])
    return services


def event_at(
    type: ConnectionEventType, time: int, connection_id: str = "", platform_id: int | None = 1
) -> ConnectionEvent:
    return ConnectionEvent(type, "a", platform_id, connection_id, T + time, 60)


def online(services: Services, user_id: str = "a") -> list[tuple[int, str]]:
    (connections,) = services.presence.connections([user_id])
    return [(one.platform_id, one.connection_id) for one in connections]


NAMED, UNNAMED = [(1, "x")], [(1, "")]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([event_at(ON, 1, "x")], NAMED),
        ([event_at(ON, 1, "x"), event_at(OFF, 2, "x")], []),
        ([event_at(OFF, 2, "x"), event_at(ON, 1, "x")], []),
        ([event_at(ON, 1, "x"), event_at(OFF, 2, "x"), event_at(ON, 1, "x")], []),
        ([event_at(ON, 1, "x"), event_at(OFF, 2, "x"), event_at(ON, 2, "x")], []),
        ([event_at(ON, 1, "x"), event_at(OFF, 2, "x"), event_at(OFF, 2, "x"), event_at(ON, 3, "x")], NAMED),
        ([event_at(ON, 1, "x"), event_at(OFF, 1, "x")], []),
        ([event_at(ON, 2, "x"), event_at(OFF, 1, "x")], NAMED),
        ([event_at(ON, 1, "x"), event_at(OFF, 2, "y")], NAMED),
        ([event_at(ON, 2, "x"), event_at(ON, 1, "y", 2), event_at(OFF, 3, "y", 2)], NAMED),
        ([event_at(ON, 1, "x"), event_at(OFF, 2, "x", None)], []),
        ([event_at(ON, 1, "x"), event_at(ON, 2, "y", 5), event_at(OFF, 3, "", None)], []),
        ([event_at(OFF, 3, "", None), event_at(ON, 2, "x")], []),
        ([event_at(OFF, 3, "", None), event_at(ON, 4, "x")], NAMED),
        ([event_at(ON, 1), event_at(OFF, 5, "", None), event_at(ON, 3)], []),
        ([event_at(ON, 1, "x"), event_at(OFF, 5), event_at(ON, 3, "x")], []),
        ([event_at(OFF, 5), event_at(ON, 3, "x")], []),
        ([event_at(OFF, 5), event_at(ON, 3, "x", 2)], [(2, "x")]),
        ([event_at(OFF, 5), event_at(ON, 6, "x")], NAMED),
        ([event_at(ON, 1)], UNNAMED),
        ([event_at(ON, 1), event_at(ON, 5), event_at(OFF, 4)], UNNAMED),
        ([event_at(ON, 1), event_at(OFF, 2), event_at(ON, 1)], []),
        ([event_at(ON, 1), event_at(OFF, 2, "", 2)], UNNAMED),
        # A second phone replaces the first; the first reports its kick after the second came online.
        ([event_at(ON, 1), event_at(ON, 2), event_at(KICK, 3), event_at(OFF, 4)], UNNAMED),
        ([event_at(ON, 1), event_at(ON, 2), event_at(KICK, 3), event_at(OFF, 4), event_at(OFF, 5)], []),
        ([event_at(ON, 1, "x"), event_at(ON, 2, "y"), event_at(KICK, 3), event_at(OFF, 4, "y")], NAMED),
        # The kicked connection is the only one.
        ([event_at(ON, 1), event_at(KICK, 3)], []),
        ([event_at(ON, 1), event_at(KICK, 3), event_at(OFF, 4)], []),
        ([event_at(ON, 1), event_at(KICK, 3), event_at(OFF, 4), event_at(ON, 5)], UNNAMED),
        ([event_at(KICK, 3)], []),
    ],
    ids=itertools.count(),
)
def test_the_newest_event_of_a_connection_decides(
    services: Services, events: list[ConnectionEvent], expected: list[tuple[int, str]]
) -> None:
    for event in events:
        services.gateways.apply([event])
    assert online(services) == expected
    services.gateways.forget("a")
    services.presence.remove("a")
    services.gateways.apply(events)
    assert online(services) == expected


def test_order_and_repetition_of_events_do_not_change_the_result(services: Services) -> None:
    events = [
        event_at(ON, 1, "x"),
        event_at(OFF, 2, "x"),
        event_at(ON, 3, "y"),
        event_at(ON, 4, "x", 1),
        event_at(OFF, 5, "y"),
    ]
    for order in itertools.permutations(events):
        for event in (*order, *order):
            services.gateways.apply([event])
        assert online(services) == NAMED
        services.presence.remove("a")
        services.gateways.forget("a")


def test_events_with_a_number_that_is_no_timestamp_apply_in_arrival_order(services: Services) -> None:
    for type, seq, expected in ((ON, 900, UNNAMED), (OFF, 5, []), (ON, 4, UNNAMED), (OFF, 4, [])):
        services.gateways.apply([event_at(type, seq - T)])
        assert online(services) == expected


def test_a_late_event_of_an_evicted_connection_is_ignored(services: Services) -> None:
    for number in range(200):
        services.gateways.apply([event_at(ON, 10 * number + 1, str(number))])
        services.gateways.apply([event_at(OFF, 10 * number + 2, str(number))])
    (history,) = services.gateways._histories.values()
    assert len(history.last_events) <= 6
    for number in range(200):
        services.gateways.apply([event_at(ON, 10 * number + 1, str(number))])
    assert online(services) == []
    services.gateways.apply([event_at(ON, 5000, "new")])
    assert online(services) == [(1, "new")]


def test_connections_without_an_offline_event_use_bounded_memory(
    services: Services, clock: FakeClock
) -> None:
    for number in range(300):
        services.gateways.apply([event_at(ON, number, str(number))])
        clock.advance(10)
    (history,) = services.gateways._histories.values()
    assert len(history.last_events) <= 66
    assert online(services) == [(1, str(number)) for number in range(295, 300)]
    services.gateways.apply([event_at(OFF, 400, "295"), event_at(ON, 3, "3")])
    assert online(services) == [(1, str(number)) for number in range(296, 300)]


def test_a_background_or_repeated_event_extends_the_connection(services: Services, clock: FakeClock) -> None:
    services.gateways.apply([event_at(ON, 1, "x")])
    clock.advance(50)
    services.gateways.apply([event_at(ON, 2, "x")._replace(is_background=True)])
    clock.advance(50)
    (connection,) = services.presence.connections(["a"])[0]
    assert (connection.connection_id, connection.is_background, connection.expires_in) == ("x", True, 10)
    clock.advance(10)
    assert online(services) == []


def test_connections_above_the_limit_are_ignored(services: Services) -> None:
    services.gateways.apply([event_at(ON, number, str(number)) for number in range(31)])
    assert online(services) == [(1, str(number)) for number in range(30)]


def test_an_offline_event_during_a_block_outranks_an_older_online_event_after_it(services: Services) -> None:
    services.gateways.apply([event_at(ON, 1, "x")])
    services.blocks.block(["a"], 60)
    services.gateways.apply([event_at(OFF, 5, "x")])
    services.blocks.unblock(["a"])
    services.gateways.apply([event_at(ON, 3, "x")])
    assert online(services) == []


def test_unknown_and_blocked_users_stay_offline(services: Services) -> None:
    services.blocks.block(["b"], 60)
    services.gateways.apply([event_at(ON, 1)._replace(user_id=user_id) for user_id in ("nobody", "b", "a")])
    assert [online(services, user_id) for user_id in ("nobody", "b", "a")] == [[], [], UNNAMED]
    services.deletion.delete(["a"])
    assert list(services.gateways._histories) == ["b"]
    assert services.presence.details("a").last_seen is None


def test_a_restart_clears_the_history_of_events(services: Services) -> None:
    services.gateways.apply([event_at(ON, 1, "x")])
    services.stop()
    services.start()
    assert online(services) == []
    services.gateways.apply([event_at(ON, 1, "x")])
    assert online(services) == NAMED


@pytest.mark.parametrize("change", ["delete", "block"])
def test_a_user_deleted_or_blocked_while_an_event_is_applied_stays_offline(
    services: Services, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    original_touch: Callable[..., None] = services.presence.touch

    def change_then_touch(*arguments: object) -> None:
        if change == "delete":
            assert services.deletion.delete(["a"]) == []
        else:
            services.blocks.block(["a"], 60)
        original_touch(*arguments)

    for put in (
        lambda: services.gateways.apply([event_at(ON, 1)]),
        lambda: services.heartbeats.record_many([Heartbeat("a", 1, 60)]),
    ):
        with monkeypatch.context() as patch:
            # Deletion calls forget(), which needs the lock that apply() holds.
            patch.setattr(services.gateways, "forget", lambda user_id: None)
            patch.setattr(services.presence, "touch", change_then_touch)
            put()
        assert online(services) == []
        services.blocks.unblock(["a"])
        if change == "delete":
            services.users.register([User("a")])


def test_threads_that_apply_events_in_different_orders_reach_the_same_state(services: Services) -> None:
    events = [
        event_at(type, 2 * number + type, str(number % 3)) for number in range(200) for type in (ON, OFF)
    ]

    def deliver(start: int) -> None:
        for event in events[start:] + events[:start]:
            services.gateways.apply([event])

    threads = [threading.Thread(target=deliver, args=(start,)) for start in range(0, 400, 57)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert online(services) == []


def test_a_batch_of_heartbeats_returns_each_refused_heartbeat_with_its_error(services: Services) -> None:
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
