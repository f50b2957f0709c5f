"""The presence table: one row per user, with counts. Has no lock and no clock."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

# One connection: platform id, connection id, deadline, is background, last seen (times in elapsed seconds). A
# plain tuple, because there may be a million and the garbage collector skips tuples of atomic values.
Entry = tuple[int, str, float, bool, float]
Entries = tuple[Entry, ...]
# One user: the due time of the timer (elapsed seconds), the row's place, then the connections, oldest first.
# Rows are never changed, only replaced, so a reader has a snapshot.
Row = tuple[float, int, *tuple[Entry, ...]]
NOT_SCHEDULED = -1.0
EMPTY: Row = (NOT_SCHEDULED, 0)


class PresenceTable:
    """Rows by user id. A row without connections only holds the due time of its timer.

    Each new row is placed behind all others, so the table can be listed in parts while it changes.
    """

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self._last_seen: dict[str, float] = {}
        self._last_place = 0
        #: Number of users with a connection, and number of connections.
        self.users = self.connections = 0
        #: Number of users with a connection on a platform, by platform id.
        self.by_platform: Counter[int] = Counter()

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._rows)

    def show_to_collector(self) -> None:
        """Make the garbage collector track the rows, so that `gc.freeze` exempts them.

        It starts to track a dictionary when that first holds a container. If that were after `gc.freeze`,
        every full collection would traverse the rows, although they cannot form a cycle.
        """
        self._rows[""] = (0.0, 0, [])  # type: ignore[assignment]
        del self._rows[""]

    def row(self, user_id: str) -> Row:
        """Return a user's row; EMPTY if there is none."""
        return self._rows.get(user_id, EMPTY)

    def held(self, user_ids: Iterable[str]) -> list[Entries]:
        """Return the connections of several users, in the given order."""
        rows = self._rows
        return [rows.get(user_id, EMPTY)[2:] for user_id in user_ids]

    def put(self, user_id: str, due: float, entries: Entries) -> None:
        """Write or replace a user's row, and adjust the counts."""
        _, place, *before = self._rows.get(user_id, EMPTY)
        if not place:
            place = self._last_place = self._last_place + 1
        self._rows[user_id] = (due, place, *entries)
        if entries and not before:
            self._last_seen.pop(user_id, None)
        self._count(before, entries)

    def drop(self, user_id: str) -> None:
        """Delete a user's row, which must have no connections."""
        del self._rows[user_id]

    def part(self, after: int, size: int) -> list[str]:
        """Return up to `size` users whose rows are placed after a number, in order."""
        # A dictionary keeps the order in which its keys were added.
        user_ids = list(self._rows)
        start = bisect_right(user_ids, after, key=lambda user_id: self._rows[user_id][1])
        return user_ids[start : start + size]

    def timers(self) -> Iterator[tuple[float, str]]:
        """Yield due time and user id of every row."""
        for user_id, row in self._rows.items():
            yield row[0], user_id

    def last_seen(self, user_id: str) -> float | None:
        """Return when an offline user was last seen (elapsed seconds); None if that is not known."""
        return self._last_seen.get(user_id)

    def record_last_seen(self, user_id: str, when: float) -> None:
        """Record when a user who goes offline was last seen (elapsed seconds)."""
        self._last_seen[user_id] = when

    def forget(self, user_id: str) -> None:
        """Drop when a user was last seen, and the row unless it has connections."""
        self._last_seen.pop(user_id, None)
        if len(self._rows.get(user_id, EMPTY)) == len(EMPTY):
            self._rows.pop(user_id, None)

    def _count(self, before: Sequence[Entry], after: Entries) -> None:
        self.connections += len(after) - len(before)
        self.users += bool(after) - bool(before)
        old_platforms, platforms = {entry[0] for entry in before}, {entry[0] for entry in after}
        if old_platforms != platforms:
            self.by_platform.update(platforms - old_platforms)
            self.by_platform.subtract(old_platforms - platforms)
