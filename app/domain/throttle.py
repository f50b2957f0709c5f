"""How often something was done lately, and whether it was done before. In memory, bounded."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from app.clock import Clock

#: Counters, and things seen, that are remembered; the oldest are forgotten.
MOST = 100_000


class Throttle:
    """Counters of a second each, and a memory of what was seen."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._seen: OrderedDict[str, None] = OrderedDict()

    def exceeds(self, what: str, most: int) -> bool:
        """Count something, and tell whether it was done more than so often in this second."""
        second = int(self._clock.elapsed())
        with self._lock:
            then, count = self._counts.pop(what, (second, 0))
            count = count + 1 if then == second else 1
            self._counts[what] = (second, count)
            _shrink(self._counts)
        return count > most

    def repeats(self, what: str) -> bool:
        """Remember something, and tell whether it was there already."""
        with self._lock:
            known = what in self._seen
            self._seen[what] = None
            _shrink(self._seen)
        return known


def _shrink(table: OrderedDict[str, Any]) -> None:
    if len(table) > MOST:
        table.popitem(last=False)
