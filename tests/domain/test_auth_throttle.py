"""Wrong secrets by address: so many at once, then one a second."""

from __future__ import annotations

import pytest

from app.domain.auth_throttle import BURST, MAX_ADDRESSES, AuthThrottle
from tests.support.clock import FakeClock


@pytest.fixture
def attempts(clock: FakeClock) -> AuthThrottle:
    return AuthThrottle(clock)


def send(attempts: AuthThrottle, address: str, count: int) -> int:
    """Send wrong secrets; return how many were looked at."""
    looked_at = 0
    for _ in range(count):
        if not attempts.is_limited(address):
            attempts.record_failure(address)
            looked_at += 1
    return looked_at


def test_so_many_are_looked_at_and_then_one_a_second(attempts: AuthThrottle, clock: FakeClock) -> None:
    assert send(attempts, "192.0.2.1", 100) == BURST
    clock.wall += 86_400
    assert send(attempts, "192.0.2.1", 100) == 0
    clock.advance(1)
    assert send(attempts, "192.0.2.1", 100) == 1
    clock.advance(5)
    assert send(attempts, "192.0.2.1", 100) == 5
    clock.advance(3600)
    assert send(attempts, "192.0.2.1", 100) == BURST


def test_addresses_are_apart_and_a_network_of_ipv6_is_one(attempts: AuthThrottle) -> None:
    assert send(attempts, "192.0.2.1", 100) == send(attempts, "192.0.2.2", 100) == BURST
    assert send(attempts, "2001:db8::1", 100) == BURST
    assert send(attempts, "2001:db8::ffff:2", 100) == 0
    assert send(attempts, "2001:db8:0:1::2", 100) == BURST
    assert send(attempts, "::ffff:192.0.2.3", 100) == BURST


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_not_counted(attempts: AuthThrottle, address: str) -> None:
    assert send(attempts, address, 100) == 100
    assert attempts._busy_until == {}


def test_the_table_is_bounded(attempts: AuthThrottle) -> None:
    for number in range(MAX_ADDRESSES + 100):
        attempts.record_failure(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(attempts._busy_until) == MAX_ADDRESSES
