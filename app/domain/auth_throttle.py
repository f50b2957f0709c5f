"""Who has lately tried secrets that were wrong: so many at once, then one a second."""

from __future__ import annotations

import threading
from collections import OrderedDict
from functools import lru_cache
from ipaddress import ip_address, ip_network

from app.clock import Clock

#: Wrong secrets that an address may send at once.
BURST = 20
#: Seconds after which it may send another one.
PAUSE = 1.0
#: Addresses that are remembered; the one that was quiet for longest is forgotten.
MAX_ADDRESSES = 10_000
# One who has an address of IPv6 has as many as there are in such a network.
_NETWORK = 64


class AuthThrottle:
    """Wrong secrets by address. This machine's own are not counted: it is whose secrets they are."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        # Until when an address is busy with the wrong secrets that it has sent (elapsed seconds).
        self._busy_until: OrderedDict[str, float] = OrderedDict()

    def is_limited(self, address: str) -> bool:
        """Tell whether somebody has to wait before the next secret is looked at."""
        until = self._busy_until.get(_network_of(address), 0.0)
        return until - self._clock.elapsed() > (BURST - 1) * PAUSE

    def record_failure(self, address: str) -> None:
        """Count a wrong secret."""
        network = _network_of(address)
        if not network:
            return
        now = self._clock.elapsed()
        with self._lock:
            until = self._busy_until.pop(network, now)
            self._busy_until[network] = max(until, now) + PAUSE
            if len(self._busy_until) > MAX_ADDRESSES:
                self._busy_until.popitem(last=False)


@lru_cache(1024)
def _network_of(text: str) -> str:
    """Return what stands for an address; nothing for this machine's own."""
    try:
        address = ip_address(text)
    except ValueError:
        return text
    mapped = getattr(address, "ipv4_mapped", None) or address
    if mapped.is_loopback:
        return ""
    return text if mapped.version == 4 else str(ip_network((int(mapped), _NETWORK), strict=False))
