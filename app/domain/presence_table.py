"""The rows of presence in memory, in shards, and counted. Has no lock and no clock of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

#: The table is as many dictionaries, by the hash of the id: so none of them is ever large enough for its
#: growing to hold anybody up, and it can be listed in parts without an order being kept.
SHARDS = 1024

# One connection as it is kept: platform id, connection id, deadline, is background, last sign of life. A
# plain tuple, because the garbage collector does not visit tuples of atoms, and there may be a million.
Entry = tuple[int, str, float, bool, float]
Entries = tuple[Entry, ...]
# One user as kept: when to look whether something has lapsed, then the connections in the order in which they
# came. Never changed, only replaced, so what a reader holds is a snapshot.
Row = tuple[float, Entries]
NOT_SCHEDULED = -1.0
EMPTY: Row = (NOT_SCHEDULED, ())


def shard_index(user_id: str) -> int:
    """Return the number of a user's shard; another one after every start of the process."""
    return hash(user_id) % SHARDS


class PresenceTable:
    """Rows by user; a row without connections only remembers the look that is planned."""

    def __init__(self) -> None:
        self._shards: list[dict[str, Row]] = [{} for _ in range(SHARDS)]
        self._last_seen: list[dict[str, float]] = [{} for _ in range(SHARDS)]
        self._rows = 0
        #: Users with a connection, and connections.
        self.users = self.connections = 0
        #: Users with a connection there, by platform id.
        self.by_platform: Counter[int] = Counter()

    def __len__(self) -> int:
        """Return how many rows there are."""
        return self._rows

    def show_to_collector(self) -> None:
        """Have the garbage collector know every shard, empty as they are.

        It learns of a dictionary when that first holds something to visit. Those that it knows when
        `gc.freeze` is called it leaves alone for good, and nothing in them can be part of a cycle; the others
        it would walk through at every full collection, entry by entry.
        """
        for rows in self._shards:
            rows[""] = (0.0, ([],))  # type: ignore[assignment]
            del rows[""]

    def row(self, user_id: str) -> Row:
        """Return a user's row, or that of nobody."""
        return self._shards[shard_index(user_id)].get(user_id, EMPTY)

    def held(self, user_ids: Iterable[str]) -> list[Entries]:
        """Return the connections of many users."""
        shards = self._shards
        return [shards[hash(user_id) % SHARDS].get(user_id, EMPTY)[1] for user_id in user_ids]

    def put(self, user_id: str, due: float, entries: Entries) -> None:
        """Write a user's row anew."""
        rows = self._shards[shard_index(user_id)]
        before = rows.get(user_id)
        if before is None:
            self._rows += 1
            before = EMPTY
        rows[user_id] = (due, entries)
        if entries and not before[1]:
            self._last_seen[shard_index(user_id)].pop(user_id, None)
        self._count(before[1], entries)

    def drop(self, user_id: str) -> None:
        """Take a row that has no connections out of memory."""
        del self._shards[shard_index(user_id)][user_id]
        self._rows -= 1

    def shard(self, number: int) -> list[tuple[str, Entries]]:
        """Return who is in a shard, with their connections."""
        return [(user_id, entries) for user_id, (_, entries) in self._shards[number].items() if entries]

    def timers(self) -> Iterator[tuple[float, str]]:
        """Yield when to look at whom."""
        for rows in self._shards:
            for user_id, (due, _) in rows.items():
                yield due, user_id

    def last_seen(self, user_id: str) -> float | None:
        """Return when there was a last sign of life of a user who went offline."""
        return self._last_seen[shard_index(user_id)].get(user_id)

    def record_last_seen(self, user_id: str, when: float) -> None:
        """Remember when there was a last sign of life of a user who goes offline."""
        self._last_seen[shard_index(user_id)][user_id] = when

    def forget(self, user_id: str) -> None:
        """Forget that there ever was a sign of life of a user."""
        self._last_seen[shard_index(user_id)].pop(user_id, None)

    def _count(self, before: Entries, after: Entries) -> None:
        self.connections += len(after) - len(before)
        self.users += bool(after) - bool(before)
        was, there_is = {entry[0] for entry in before}, {entry[0] for entry in after}
        if was != there_is:
            self.by_platform.update(there_is - was)
            self.by_platform.subtract(was - there_is)
