"""When to look at whom next: a calendar of users by the quarter of a second."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable

#: Seconds of elapsed time that share a page of the calendar.
WIDTH = 0.25


def page_of(due: float) -> int:
    """Return the number of the first page that is over only when `due` is."""
    return math.ceil(due / WIDTH)


class Deadlines:
    """Looks that are planned. Has no lock of its own."""

    def __init__(self) -> None:
        self._pages: dict[int, list[str]] = {}
        # The numbers of the pages, the nearest first.
        self._order: list[int] = []
        self._planned = 0

    def __len__(self) -> int:
        """Return how many looks are planned."""
        return self._planned

    def plan(self, due: float, user_id: str) -> None:
        """Plan a look at a user as soon as `due` (elapsed seconds) is over."""
        number = page_of(due)
        page = self._pages.get(number)
        if page is None:
            page = self._pages[number] = []
            heapq.heappush(self._order, number)
        page.append(user_id)
        self._planned += 1

    def take(self, now: float, most: int) -> tuple[int, list[str]]:
        """Take up to `most` looks off the nearest page that is over; return them with its number.

        Nobody, if there is none.
        """
        if not self._order or self._order[0] * WIDTH > now:
            return 0, []
        number = self._order[0]
        page = self._pages[number]
        taken, page[-most:] = page[-most:], []
        if not page:
            del self._pages[heapq.heappop(self._order)]
        self._planned -= len(taken)
        return number, taken

    def wait(self, now: float) -> float | None:
        """Return the seconds until the nearest page is over; None if there is none."""
        return max(self._order[0] * WIDTH - now, 0.0) if self._order else None

    def replace(self, looks: Iterable[tuple[float, str]]) -> None:
        """Plan these looks and no others."""
        self.clear()
        for due, user_id in looks:
            self.plan(due, user_id)

    def clear(self) -> None:
        """Plan nothing any more."""
        self._pages.clear()
        self._order.clear()
        self._planned = 0
