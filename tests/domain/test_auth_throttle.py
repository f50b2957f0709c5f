"""AuthThrottle limits wrong secrets by address: a burst, then one a second."""

from __future__ import annotations

import pytest
from rollcall_server.domain.auth_throttle import BURST, MAX_ADDRESSES, AuthThrottle

from tests.support.clock import FakeClock


@pytest.fixture
def throttle(clock: FakeClock) -> AuthThrottle:
    return AuthThrottle(clock)


def fail(throttle: AuthThrottle, address: str | None, count: int) -> int:
    """Try `count` wrong secrets; return how many the throttle let through."""
    passed = 0
    for _ in range(count):
        if not throttle.is_limited(address):
            throttle.record_failure(address)
            passed += 1
    return passed


def test_an_address_may_fail_in_a_burst_and_then_once_a_second(
    throttle: AuthThrottle, clock: FakeClock
) -> None:
    assert fail(throttle, "192.0.2.1", 100) == BURST
    clock.wall += 86_400
    assert fail(throttle, "192.0.2.1", 100) == 0
    clock.advance(1)
    assert fail(throttle, "192.0.2.1", 100) == 1
    clock.advance(5)
    assert fail(throttle, "192.0.2.1", 100) == 5
    clock.advance(3600)
    assert fail(throttle, "192.0.2.1", 100) == BURST


def test_each_ipv4_address_and_each_ipv6_network_has_its_own_limit(throttle: AuthThrottle) -> None:
    assert fail(throttle, "192.0.2.1", 100) == fail(throttle, "192.0.2.2", 100) == BURST
    assert fail(throttle, "2001:db8::1", 100) == BURST
    assert fail(throttle, "2001:db8::ffff:2", 100) == 0
    assert fail(throttle, "2001:db8:0:1::2", 100) == BURST
    assert fail(throttle, "::ffff:192.0.2.3", 100) == BURST


def test_an_ipv4_address_counts_the_same_inside_ipv6(throttle: AuthThrottle) -> None:
    assert fail(throttle, "192.0.2.1", 100) == BURST
    assert fail(throttle, "::ffff:192.0.2.1", 100) == 0


def test_a_client_without_an_address_to_count_is_exempt(throttle: AuthThrottle) -> None:
    assert fail(throttle, None, 100) == 100
    assert throttle._busy_until == {}


def test_all_texts_that_are_no_ip_address_count_as_one(throttle: AuthThrottle) -> None:
    assert fail(throttle, "", 100) == BURST
    assert [fail(throttle, text, 100) for text in ("", "unknown", "192.0.2.1:80", "/run/a.sock")] == [0] * 4


def test_the_number_of_remembered_addresses_is_bounded(throttle: AuthThrottle) -> None:
    for number in range(MAX_ADDRESSES + 100):
        throttle.record_failure(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(throttle._busy_until) == MAX_ADDRESSES
