"""When to look at whom next: a calendar of users by the quarter of a second."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable

#: Seconds of elapsed time that share a page of the calendar.
BUCKET_SECONDS = 0.25


def bucket_of(due: float) -> int:
    """Return the number of the first page that is over only when `due` is."""
    return math.ceil(due / BUCKET_SECONDS)


class TimerWheel:
    """Looks that are planned. Has no lock of its own."""

    def __init__(self) -> None:
        self._buckets: dict[int, list[str]] = {}
        # The numbers of the pages, the nearest first.
        self._order: list[int] = []
        self._count = 0

    def __len__(self) -> int:
        """Return how many looks are planned."""
        return self._count

    def schedule(self, due: float, user_id: str) -> None:
        """Plan a look at a user as soon as `due` (elapsed seconds) is over."""
        number = bucket_of(due)
        bucket = self._buckets.get(number)
        if bucket is None:
            bucket = self._buckets[number] = []
            heapq.heappush(self._order, number)
        bucket.append(user_id)
        self._count += 1

    def pop_due(self, now: float, max_count: int) -> tuple[int, list[str]]:
        """Take up to `most` looks off the nearest page that is over; return them with its number.

        Nobody, if there is none.
        """
        if not self._order or self._order[0] * BUCKET_SECONDS > now:
            return 0, []
        number = self._order[0]
        bucket = self._buckets[number]
        taken, bucket[-max_count:] = bucket[-max_count:], []
        if not bucket:
            del self._buckets[heapq.heappop(self._order)]
        self._count -= len(taken)
        return number, taken

    def wait(self, now: float) -> float | None:
        """Return the seconds until the nearest page is over; None if there is none."""
        return max(self._order[0] * BUCKET_SECONDS - now, 0.0) if self._order else None

    def replace(self, timers: Iterable[tuple[float, str]]) -> None:
        """Plan these looks and no others."""
        self.clear()
        for due, user_id in timers:
            self.schedule(due, user_id)

    def clear(self) -> None:
        """Plan nothing any more."""
        self._buckets.clear()
        self._order.clear()
        self._count = 0
