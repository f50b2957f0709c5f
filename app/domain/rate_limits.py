"""How often a key was used within this second, and whether a value was seen before. In memory, bounded."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from app.clock import Clock

#: Keys that are remembered; the oldest are dropped.
MAX_ENTRIES = 100_000


class RateLimiter:
    """Counters by key, each for one second."""

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


class NonceCache:
    """The values that were used, the newest MAX_ENTRIES of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, None] = OrderedDict()

    def seen_before(self, value: str) -> bool:
        """Remember `value`; return whether it was remembered already."""
        with self._lock:
            seen = value in self._seen
            self._seen[value] = None
            _shrink(self._seen)
        return seen


def _shrink(table: OrderedDict[str, Any]) -> None:
    if len(table) > MAX_ENTRIES:
        table.popitem(last=False)
