"""A timer queue of users, with a resolution of a quarter of a second."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable

#: Seconds of elapsed time per bucket.
BUCKET_SECONDS = 0.25


def bucket_of(due: float) -> int:
    """Return the bucket of a timer; bucket n is due at `n * BUCKET_SECONDS`, never before the timer."""
    return math.ceil(due / BUCKET_SECONDS)


class TimerWheel:
    """Timers, each with the id of a user, in buckets. Not thread-safe."""

    def __init__(self) -> None:
        self._buckets: dict[int, list[str]] = {}
        # A heap of the bucket numbers.
        self._order: list[int] = []
        self._count = 0

    def __len__(self) -> int:
        """Return the number of timers."""
        return self._count

    def schedule(self, due: float, user_id: str) -> None:
        """Add a timer for a user at `due` (elapsed seconds)."""
        number = bucket_of(due)
        bucket = self._buckets.get(number)
        if bucket is None:
            bucket = self._buckets[number] = []
            heapq.heappush(self._order, number)
        bucket.append(user_id)
        self._count += 1

    def pop_due(self, now: float, max_count: int) -> tuple[int, list[str]]:
        """Remove up to `max_count` timers from the earliest bucket, if that is due.

        Return the bucket's number and the user ids; (0, []) if no bucket is due.
        """
        if not self._order or self._order[0] * BUCKET_SECONDS > now:
            return 0, []
        number = self._order[0]
        bucket = self._buckets[number]
        user_ids, bucket[-max_count:] = bucket[-max_count:], []
        if not bucket:
            del self._buckets[heapq.heappop(self._order)]
        self._count -= len(user_ids)
        return number, user_ids

    def wait(self, now: float) -> float | None:
        """Return the seconds until the earliest bucket is due; None if there are no timers."""
        return max(self._order[0] * BUCKET_SECONDS - now, 0.0) if self._order else None

    def replace(self, timers: Iterable[tuple[float, str]]) -> None:
        """Replace all timers, given as due time and user id."""
        self.clear()
        for due, user_id in timers:
            self.schedule(due, user_id)

    def clear(self) -> None:
        """Remove all timers."""
        self._buckets.clear()
        self._order.clear()
        self._count = 0
