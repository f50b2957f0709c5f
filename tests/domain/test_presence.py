"""Presence: deadlines, platforms, several connections, threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from rollcall_server.clock import Clock
from rollcall_server.domain.presence import MAX_CONNECTIONS, Presence
from rollcall_server.errors import TooManyConnections
from rollcall_server.models import Connection

from tests.support.clock import FakeClock


@pytest.fixture
def presence(clock: FakeClock) -> Presence:
    return Presence(clock)


def connections_of(presence: Presence, user_id: str) -> tuple[Connection, ...]:
    return presence.connections([user_id])[0]


def stored_users(presence: Presence) -> list[str]:
    """Return the ids of the users who have a row in the table."""
    return [user_id for _, user_id in presence._table.timers()]


def test_all_users_are_offline_at_first(presence: Presence) -> None:
    assert presence.connections(["a", "b"]) == [(), ()]


def test_a_connection_is_online_before_its_deadline_and_offline_at_it(
    presence: Presence, clock: FakeClock
) -> None:
    presence.touch("a", 1, 10)
    clock.advance(9.5)
    assert connections_of(presence, "a") == (Connection(1, "", False, 0.5),)
    clock.advance(0.5)
    assert connections_of(presence, "a") == ()


def test_a_sweep_frees_memory_and_changes_no_answer(presence: Presence, clock: FakeClock) -> None:
    presence.touch("a", 1, 10)
    presence.touch("a", 2, 20)
    presence.touch("b", 1, 10)
    clock.advance(10)
    before = presence.connections(["a", "b"])
    presence.sweep()
    assert presence.connections(["a", "b"]) == before == [(Connection(2, "", False, 10),), ()]
    clock.advance(10)
    presence.sweep()
    assert len(presence._table) == 0
    assert len(presence._timers) == 0


def test_a_heartbeat_sets_a_later_or_an_earlier_deadline(presence: Presence, clock: FakeClock) -> None:
    presence.touch("a", 1, 10)
    clock.advance(5)
    presence.touch("a", 1, 10)
    assert connections_of(presence, "a") == (Connection(1, "", False, 10),)
    presence.touch("a", 1, 1)
    clock.advance(1)
    presence.sweep()
    assert connections_of(presence, "a") == ()
    assert len(presence._table) == 0


def test_a_jump_of_the_wall_clock_does_not_change_presence(presence: Presence, clock: FakeClock) -> None:
    presence.touch("a", 1, 10)
    for jump in (86400, -2 * 86400):
        clock.wall += jump
        presence.sweep()
        assert connections_of(presence, "a") == (Connection(1, "", False, 10),)


def test_connections_are_sorted_by_platform_and_then_by_age(presence: Presence) -> None:
    presence.touch("a", 5, 10, "web-2")
    presence.touch("a", 1, 10, "phone")
    presence.touch("a", 5, 10, "web-1", is_background=True)
    presence.touch("a", 5, 20, "web-2")
    assert connections_of(presence, "a") == (
        Connection(1, "phone", False, 10),
        Connection(5, "web-2", False, 20),
        Connection(5, "web-1", True, 10),
    )


def test_leave_ends_one_connection_or_all_of_a_platform(presence: Presence) -> None:
    presence.touch("a", 1, 10, "x")
    presence.touch("a", 1, 10, "y")
    presence.touch("a", 2, 10, "x")
    presence.leave("a", 1, "x")
    presence.leave("a", 1, "x")
    assert [(one.platform_id, one.connection_id) for one in connections_of(presence, "a")] == [
        (1, "y"),
        (2, "x"),
    ]
    presence.leave("a", 1)
    assert [(one.platform_id, one.connection_id) for one in connections_of(presence, "a")] == [(2, "x")]
    presence.leave("nobody", 1)
    presence.leave("a", 2)
    assert connections_of(presence, "a") == ()


def test_repeated_touch_and_leave_use_constant_memory(presence: Presence, clock: FakeClock) -> None:
    for _ in range(1000):
        presence.touch("a", 1, 86400)
        presence.leave("a", 1)
        clock.advance(1)
    assert len(presence._timers) == 1
    clock.advance(86400)
    presence.sweep()
    assert len(presence._table) == 0


def test_repeatedly_shortening_the_ttl_uses_bounded_memory(presence: Presence, clock: FakeClock) -> None:
    presence.touch("b", 1, 5)
    for ttl in range(86400, 80000, -1):
        presence.touch("a", 1, ttl)
        assert len(presence._timers) <= 1005
    clock.advance(5)
    presence.sweep()
    assert stored_users(presence) == ["a"]
    clock.advance(80001 - 5)
    presence.sweep()
    assert len(presence._table) == 0


def test_connections_of_a_user_on_a_platform_are_limited(presence: Presence, clock: FakeClock) -> None:
    for number in range(MAX_CONNECTIONS):
        presence.touch("a", 1, 10, str(number))
    presence.touch("a", 2, 10)
    with pytest.raises(TooManyConnections):
        presence.touch("a", 1, 10, "one more")
    assert len(connections_of(presence, "a")) == MAX_CONNECTIONS + 1
    presence.touch("a", 1, 10, "0")
    clock.advance(10)
    presence.touch("a", 1, 10, "one more")
    assert connections_of(presence, "a") == (Connection(1, "one more", False, 10),)


def test_each_start_has_a_new_epoch(presence: Presence) -> None:
    epochs = set()
    for _ in range(3):
        presence.start()
        epochs.add(presence.epoch)
        presence.stop()
    assert len(epochs) == 3
    assert all(epochs)


def test_one_sweep_removes_more_rows_than_one_slice(presence: Presence, clock: FakeClock) -> None:
    for number in range(2500):
        presence.touch(str(number), 1, 10)
    clock.advance(10)
    presence.sweep()
    assert len(presence._table) == 0


@pytest.fixture
def running() -> Iterator[Presence]:
    presence = Presence(Clock())
    presence.start()
    yield presence
    presence.stop()
    presence.stop()


def test_the_background_thread_removes_expired_connections_within_seconds(running: Presence) -> None:
    running.touch("a", 1, 86400)
    running.touch("b", 1, 0.05)
    deadline = time.monotonic() + 5
    while "b" in stored_users(running):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert stored_users(running) == ["a"]


def test_a_deleted_user_leaves_nothing_behind(presence: Presence) -> None:
    """Not even until the ttl ends, or a loop of registrations and deletions would fill the memory."""
    for number in range(20_000):
        presence.touch(f"u{number}", 1, 86_400)
        presence.forget(f"u{number}")
    assert stored_users(presence) == []
    assert len(presence._timers) < 10_000


def test_stop_forgets_all_connections(clock: FakeClock) -> None:
    presence = Presence(clock)
    presence.start()
    presence.touch("a", 1, 10)
    presence.stop()
    assert connections_of(presence, "a") == ()


def test_concurrent_changes_of_one_user_lose_no_connection(running: Presence) -> None:
    """Each thread uses its own platform, and the final state of each must be there."""

    def touch_and_leave(platform_id: int) -> None:
        for number in range(300):
            running.touch("a", platform_id, 60, str(number % 3))
            running.connections(["a", "b"])
            running.leave("a", platform_id, str((number + 1) % 3))
        running.leave("a", platform_id)
        if platform_id % 2:
            running.touch("a", platform_id, 60, "last")

    threads = [threading.Thread(target=touch_and_leave, args=(platform_id,)) for platform_id in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [(one.platform_id, one.connection_id) for one in connections_of(running, "a")] == [
        (platform_id, "last") for platform_id in (1, 3, 5, 7)
    ]
