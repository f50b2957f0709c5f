"""Rate limits by key and a cache of nonces, both in memory and bounded."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from ..clock import Clock

#: Maximum number of keys or values; beyond it, the least recently used key or the oldest value is dropped.
MAX_ENTRIES = 100_000


class RateLimiter:
    """Counts uses by key, within fixed windows of one second."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def hit(self, key: str, limit: int) -> bool:
        """Count one use of `key`; return whether it exceeds `limit` uses within this second."""
        second = int(self._clock.elapsed())
        with self._lock:
            counted_second, count = self._counts.pop(key, (second, 0))
            count = count + 1 if counted_second == second else 1
            self._counts[key] = (second, count)
            _shrink(self._counts)
        return count > limit

    def clear(self) -> None:
        """Forget all uses."""
        with self._lock:
            self._counts.clear()


class NonceCache:
    """The newest MAX_ENTRIES values that were used."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, None] = OrderedDict()

    def seen_before(self, value: str) -> bool:
        """Add `value`; return whether it was in the cache already."""
        with self._lock:
            seen = value in self._seen
            self._seen[value] = None
            _shrink(self._seen)
        return seen

    def clear(self) -> None:
        """Forget all values."""
        with self._lock:
            self._seen.clear()


def _shrink(table: OrderedDict[str, Any]) -> None:
    if len(table) > MAX_ENTRIES:
        table.popitem(last=False)
