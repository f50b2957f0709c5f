"""Throttle: counts of a second, and what was seen before; both bounded."""

from __future__ import annotations

import pytest

from app.domain import throttle
from app.domain.throttle import Throttle
from tests.support.clock import FakeClock


def test_a_count_is_of_one_thing_in_one_second(clock: FakeClock) -> None:
    counts = Throttle(clock)
    assert [counts.exceeds("a", 2) for _ in range(3)] == [False, False, True]
    assert not counts.exceeds("b", 2)
    clock.advance(1)
    assert [counts.exceeds("a", 2) for _ in range(3)] == [False, False, True]


def test_what_was_seen_is_known(clock: FakeClock) -> None:
    seen = Throttle(clock)
    assert [seen.repeats(what) for what in ("a", "b", "a", "a")] == [False, False, True, True]


def test_the_oldest_is_forgotten(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MOST", 2)
    seen = Throttle(clock)
    assert [seen.repeats(what) for what in ("a", "b", "c", "b", "a")] == [False, False, False, True, False]
    assert [seen.exceeds(what, 1) for what in ("a", "b", "c", "a")] == [False] * 4
