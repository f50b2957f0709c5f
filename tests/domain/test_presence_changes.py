"""What presence offers observers: numbered changes, paged lists, counts and the time last seen."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator

import pytest
from rollcall_server.clock import Clock
from rollcall_server.domain.presence import Presence
from rollcall_server.models import Connection, PresenceChange, PresenceCounts, PresenceDetails, PresenceStatus

from tests.support.clock import START, FakeClock

ONLINE, LEFT, LAPSED, KICKED = PresenceStatus
NOW = int(START * 1000)


@pytest.fixture
def presence(clock: FakeClock) -> Presence:
    return Presence(clock, history=5)


def changed(presence: Presence, since: int = 0) -> list[PresenceChange] | None:
    return presence.changes(presence.epoch, since, 100).changes


def test_each_transition_is_a_change_with_the_next_number(clock: FakeClock) -> None:
    presence = Presence(clock)
    presence.touch("a", 1, 10, "x")
    presence.touch("a", 1, 20, "x")
    presence.touch("a", 1, 10, "x", is_background=True)
    presence.touch("b", 2, 10)
    presence.touch("b", 3, 10)
    presence.leave("b", 3)
    presence.leave("b", 3)
    presence.remove("b")
    clock.advance(10)
    assert connections_of(presence, "a") == ()
    assert presence.number == 6
    presence.sweep()
    assert presence.changes("", 0, 100) == (
        "",
        7,
        [
            PresenceChange(1, "a", 1, "x", ONLINE, False, NOW),
            PresenceChange(2, "a", 1, "x", ONLINE, True, NOW),
            PresenceChange(3, "b", 2, "", ONLINE, False, NOW),
            PresenceChange(4, "b", 3, "", ONLINE, False, NOW),
            PresenceChange(5, "b", 3, "", LEFT, False, NOW),
            PresenceChange(6, "b", 2, "", KICKED, False, NOW),
            PresenceChange(7, "a", 1, "x", LAPSED, True, NOW + 10_000),
        ],
    )


def connections_of(presence: Presence, user_id: str) -> tuple[Connection, ...]:
    return presence.connections([user_id])[0]


def test_an_expired_connection_is_published_before_its_successor(
    presence: Presence, clock: FakeClock
) -> None:
    presence.touch("a", 1, 10)
    clock.advance(10)
    presence.touch("a", 1, 10)
    assert [change.status for change in changed(presence) or ()] == [ONLINE, LAPSED, ONLINE]


def test_changes_are_read_in_pages(presence: Presence) -> None:
    for number in range(5):
        presence.touch(str(number), 1, 10)
    pages = [presence.changes("", since, 2).changes or [] for since in (0, 2, 4, 5)]
    assert [[change.user_id for change in page] for page in pages] == [["0", "1"], ["2", "3"], ["4"], []]


def test_a_number_that_is_dropped_or_in_the_future_or_of_another_epoch_has_no_changes(
    presence: Presence,
) -> None:
    for number in range(7):
        presence.touch(str(number), 1, 10)
    assert changed(presence, 1) is None
    assert [change.number for change in changed(presence, 2) or ()] == [3, 4, 5, 6, 7]
    assert changed(presence, 8) is None
    assert presence.changes("another", 7, 100).changes is None
    assert changed(presence, -1) is None


def test_a_restart_numbers_from_1_again_under_a_new_epoch(clock: FakeClock) -> None:
    presence = Presence(clock)
    presence.start()
    first = presence.epoch
    presence.touch("a", 1, 10)
    presence.stop()
    presence.start()
    try:
        assert presence.changes(first, 1, 100) == (presence.epoch, 0, None)
        assert presence.changes(presence.epoch, 0, 100) == (presence.epoch, 0, [])
        assert presence.details("a") == PresenceDetails((), None)
    finally:
        presence.stop()


def test_pages_list_each_online_user_once(presence: Presence, clock: FakeClock) -> None:
    for number in range(2500):
        presence.touch(f"u{number}", 1 + number % 2, 10)
    presence.touch("gone", 1, 10)
    presence.leave("gone", 1)
    presence.touch("lapsed", 1, 5)
    clock.advance(5)
    for platform_id, limit, expected in ((None, 7, range(2500)), (1, 1000, range(0, 2500, 2)), (3, 9, [])):
        users, cursor = [], 0
        while True:
            page = presence.page(cursor, platform_id, limit)
            assert (page.epoch, page.number) == ("", 2503)
            assert len(page.users) <= limit
            users += page.users
            cursor = page.cursor
            if cursor is None:
                break
        assert sorted(user_id for user_id, _ in users) == sorted(f"u{number}" for number in expected)
        assert all(len(connections) == 1 for _, connections in users)


def test_users_who_come_and_go_between_pages_move_no_one_else(presence: Presence) -> None:
    for number in range(100):
        presence.touch(f"u{number}", 1, 10)
    seen, cursor = [], 0
    while cursor is not None:
        page = presence.page(cursor, None, 7)
        seen += [user_id for user_id, _ in page.users]
        cursor = page.cursor
        # The users of this page leave, some of them come back, and new ones come.
        for user_id, _ in page.users[:5]:
            presence.leave(user_id, 1)
        for user_id, _ in page.users[:2]:
            presence.touch(user_id, 1, 10)
        presence.touch(f"new{len(seen)}", 1, 10)
        if len(seen) > 300:
            break
    assert [user_id for user_id in seen if user_id.startswith("u")] == [f"u{each}" for each in range(100)]


def test_a_page_ends_when_enough_users_were_scanned(
    presence: Presence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rollcall_server.domain.presence._MAX_SCANNED", 100)
    for number in range(1000):
        presence.touch(f"u{number}", 2 if number == 500 else 1, 10)
    pages = [presence.page(0, 2, 10)]
    while (cursor := pages[-1].cursor) is not None:
        pages.append(presence.page(cursor, 2, 10))
    assert len(pages) > 5
    assert [user_id for page in pages for user_id, _ in page.users] == ["u500"]


def test_counts_match_the_newest_change(presence: Presence, clock: FakeClock) -> None:
    presence.touch("a", 1, 10)
    presence.touch("a", 1, 10, "x")
    presence.touch("a", 5, 20)
    presence.touch("b", 5, 10)
    assert presence.counts() == PresenceCounts("", 4, 2, 4, {1: 1, 5: 2})
    presence.leave("a", 1, "x")
    assert presence.counts() == PresenceCounts("", 5, 2, 3, {1: 1, 5: 2})
    clock.advance(10)
    presence.sweep()
    assert presence.counts() == PresenceCounts("", 7, 1, 1, {5: 1})
    presence.remove("a")
    assert presence.counts() == PresenceCounts("", 8, 0, 0, {})


def test_last_seen_is_the_newest_touch_or_leave(presence: Presence, clock: FakeClock) -> None:
    assert presence.details("a") == PresenceDetails((), None)
    presence.touch("a", 1, 100)
    clock.advance(30)
    assert presence.details("a") == PresenceDetails((Connection(1, "", False, 70),), NOW)
    presence.touch("a", 1, 50)
    clock.advance(60)
    for _ in range(2):  # First before the sweep, then after it.
        assert presence.details("a") == PresenceDetails((), NOW + 30_000)
        presence.sweep()
    presence.touch("a", 1, 100)
    clock.advance(1)
    presence.leave("a", 1)
    clock.advance(1)
    assert presence.details("a") == PresenceDetails((), NOW + 91_000)
    presence.touch("a", 1, 100)
    clock.advance(1)
    presence.remove("a")
    assert presence.details("a") == PresenceDetails((), NOW + 92_000)
    clock.wall += 86_400
    assert presence.details("a") == PresenceDetails((), NOW + 92_000 + 86_400_000)
    presence.forget("a")
    assert presence.details("a") == PresenceDetails((), None)


@pytest.fixture
def running() -> Iterator[Presence]:
    presence = Presence(Clock(), history=2000)
    presence.start()
    yield presence
    presence.stop()


def test_the_background_thread_publishes_an_expiry(running: Presence) -> None:
    begun = time.monotonic()
    running.touch("a", 1, 0.3)
    running.wait(1, 20)
    assert [change.status for change in changed(running) or ()] == [ONLINE, LAPSED]
    assert time.monotonic() - begun >= 0.3


def test_wait_returns_at_a_change_a_wake_or_a_stop(running: Presence) -> None:
    for end in (lambda: running.touch("a", 1, 60), running.wake, running.stop):
        waiting = threading.Thread(target=running.wait, args=(running.sequence, 20))
        waiting.start()
        time.sleep(0.05)
        assert waiting.is_alive()
        end()
        waiting.join(5)
        assert not waiting.is_alive()


def test_a_poller_rebuilds_the_state_during_concurrent_changes(running: Presence) -> None:
    """Threads change one shared user and several others; the poller reads a full list at each reset."""
    done = threading.Event()
    seen: dict[str, set[tuple[int, str]]] = defaultdict(set)
    resets = []

    def touch_and_leave(platform_id: int) -> None:
        for number in range(400):
            name = str(number % 3)
            running.touch("a", platform_id, 0.05 if number % 5 == 0 else 60, name)
            running.touch(f"u{number % 7}", platform_id, 60, name)
            running.leave("a", platform_id, str((number + 1) % 3))
            running.leave(f"u{(number + 1) % 7}", platform_id)

    def reset() -> tuple[str, int]:
        seen.clear()
        page = running.page(0, None, 1000)
        for user_id, connections in page.users:
            seen[user_id] = {(one.platform_id, one.connection_id) for one in connections}
        resets.append(page.number)
        return page.epoch, page.number

    def poll() -> None:
        epoch, number = reset()
        while not done.is_set() or running.number > number:
            changes = running.changes(epoch, number, 100).changes
            if changes is None:
                epoch, number = reset()
                continue
            for change in changes:
                key = (change.platform_id, change.connection_id)
                (seen[change.user_id].add if change.status is ONLINE else seen[change.user_id].discard)(key)
                assert change.number == number + 1
                number = change.number

    threads = [threading.Thread(target=touch_and_leave, args=(platform_id,)) for platform_id in range(1, 9)]
    poller = threading.Thread(target=poll)
    for thread in (poller, *threads):
        thread.start()
    for thread in threads:
        thread.join(30)
    time.sleep(0.1)  # Let the connections of 0.05 s expire.
    running.sweep()
    time.sleep(0.3)
    running.sweep()
    done.set()
    poller.join(30)
    online = {user_id: connections for user_id, connections in seen.items() if connections}
    assert online == {
        user_id: {(one.platform_id, one.connection_id) for one in connections}
        for user_id, connections in running.page(0, None, 1000).users
    }
    assert online
    assert resets
