"""Check secrets in constant time, and throttle wrong ones by client address: a burst, then one per second."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache
from hmac import compare_digest
from ipaddress import ip_address, ip_network

from ..clock import Clock
from ..errors import AccessDenied, TooManyWrongSecrets

#: Wrong secrets that an address may send in one burst.
BURST = 20
#: Seconds after which it may send another.
PAUSE = 1.0
#: Maximum number of addresses; beyond it, the one whose last failure is oldest is dropped.
MAX_ADDRESSES = 10_000
# The key of all clients whose address is no IP address: over a Unix socket, or as a proxy names them.
_UNKNOWN = ""
# IPv6 clients usually have a whole network of this prefix length, so it counts as one address.
_IPV6_PREFIX = 64


def is_one_of(given: str, secrets: Sequence[str]) -> bool:
    """Tell whether a text is one of the secrets, in a time that shows neither which nor how nearly."""
    return sum(compare_digest(given.encode(), secret.encode()) for secret in secrets) > 0


class AuthThrottle:
    """Count wrong secrets by client address. The address None, for a client that is exempt, is not counted.

    Texts that are no IP address count as one address: a client over a Unix socket can choose its name.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        # By network: the elapsed time until which its failures, PAUSE seconds each, count against it.
        self._busy_until: OrderedDict[str, float] = OrderedDict()

    def check(
        self, address: str | None, is_right: bool, refusal: AccessDenied, log_failure: Callable[[], None]
    ) -> None:
        """Refuse a wrong secret. A right one is always accepted: clients may share an address with attackers.

        Raises `refusal`, or TooManyWrongSecrets if the address sent too many wrong ones.
        """
        if is_right:
            return
        if self.is_limited(address):
            raise TooManyWrongSecrets("too many wrong secrets from this address, wait before the next one")
        self.record_failure(address)
        log_failure()
        raise refusal

    def is_limited(self, address: str | None) -> bool:
        """Return whether wrong secrets from `address` get another answer for now."""
        if address is None:
            return False
        until = self._busy_until.get(_network_of(address), 0.0)
        return until - self._clock.elapsed() > (BURST - 1) * PAUSE

    def record_failure(self, address: str | None) -> None:
        """Count a wrong secret from `address`."""
        if address is None:
            return
        network = _network_of(address)
        now = self._clock.elapsed()
        with self._lock:
            until = self._busy_until.pop(network, now)
            self._busy_until[network] = max(until, now) + PAUSE
            if len(self._busy_until) > MAX_ADDRESSES:
                self._busy_until.popitem(last=False)

    def clear(self) -> None:
        """Forget all failures."""
        with self._lock:
            self._busy_until.clear()


@lru_cache(1024)
def _network_of(address: str) -> str:
    """Return the key to count an address under."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return _UNKNOWN
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    return str(mapped) if mapped.version == 4 else str(ip_network((int(mapped), _IPV6_PREFIX), strict=False))
