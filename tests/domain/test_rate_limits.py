"""RateLimiter counts uses within a second; NonceCache remembers values; both are bounded."""

from __future__ import annotations

import pytest
from rollcall_server.domain import rate_limits
from rollcall_server.domain.rate_limits import NonceCache, RateLimiter

from tests.support.clock import FakeClock


def test_each_key_is_counted_within_one_second(clock: FakeClock) -> None:
    limiter = RateLimiter(clock)
    assert [limiter.hit("a", 2) for _ in range(3)] == [False, False, True]
    assert not limiter.hit("b", 2)
    clock.advance(1)
    assert [limiter.hit("a", 2) for _ in range(3)] == [False, False, True]


def test_a_repeated_nonce_is_seen() -> None:
    nonces = NonceCache()
    assert [nonces.seen_before(value) for value in ("a", "b", "a", "a")] == [False, False, True, True]


def test_the_oldest_entry_is_evicted(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "MAX_ENTRIES", 2)
    nonces, limiter = NonceCache(), RateLimiter(clock)
    seen = [nonces.seen_before(value) for value in ("a", "b", "c", "b", "a")]
    assert seen == [False, False, False, True, False]
    assert [limiter.hit(key, 1) for key in ("a", "b", "c", "a")] == [False] * 4
