"""The presence table: one row per user, in shards, with counts. Has no lock and no clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

#: Number of dictionaries that the rows are spread over, by hash of the user id. So resizing one is
#: quick, and the table can be listed in parts without being kept sorted.
SHARDS = 1024

# One connection: platform id, connection id, deadline, is background, last seen (times in elapsed seconds). A
# plain tuple, because there may be a million and the garbage collector skips tuples of atomic values.
Entry = tuple[int, str, float, bool, float]
Entries = tuple[Entry, ...]
# One user: the due time of the timer (elapsed seconds), then the connections, oldest first. Rows are never
# changed, only replaced, so a reader has a snapshot.
Row = tuple[float, Entries]
NOT_SCHEDULED = -1.0
EMPTY: Row = (NOT_SCHEDULED, ())


def shard_index(user_id: str) -> int:
    """Return the index of a user's shard. It differs between processes, as `hash` of a str does."""
    return hash(user_id) % SHARDS


class PresenceTable:
    """Rows by user id. A row without connections only holds the due time of its timer."""

    def __init__(self) -> None:
        self._shards: list[dict[str, Row]] = [{} for _ in range(SHARDS)]
        self._last_seen: list[dict[str, float]] = [{} for _ in range(SHARDS)]
        self._rows = 0
        #: Number of users with a connection, and number of connections.
        self.users = self.connections = 0
        #: Number of users with a connection on a platform, by platform id.
        self.by_platform: Counter[int] = Counter()

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._rows

    def show_to_collector(self) -> None:
        """Make the garbage collector track every shard, so that `gc.freeze` exempts them.

        It starts to track a dictionary when that first holds a container. A shard that is tracked only after
        `gc.freeze` would be traversed at every full collection, although its content cannot form a cycle.
        """
        for rows in self._shards:
            rows[""] = (0.0, ([],))  # type: ignore[assignment]
            del rows[""]

    def row(self, user_id: str) -> Row:
        """Return a user's row; EMPTY if there is none."""
        return self._shards[shard_index(user_id)].get(user_id, EMPTY)

    def held(self, user_ids: Iterable[str]) -> list[Entries]:
        """Return the connections of several users, in the given order."""
        shards = self._shards
        return [shards[hash(user_id) % SHARDS].get(user_id, EMPTY)[1] for user_id in user_ids]

    def put(self, user_id: str, due: float, entries: Entries) -> None:
        """Write or replace a user's row, and adjust the counts."""
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
        """Delete a user's row, which must have no connections."""
        del self._shards[shard_index(user_id)][user_id]
        self._rows -= 1

    def shard(self, number: int) -> list[tuple[str, Entries]]:
        """Return the online users of a shard, each with the connections."""
        return [(user_id, entries) for user_id, (_, entries) in self._shards[number].items() if entries]

    def timers(self) -> Iterator[tuple[float, str]]:
        """Yield due time and user id of every row."""
        for rows in self._shards:
            for user_id, (due, _) in rows.items():
                yield due, user_id

    def last_seen(self, user_id: str) -> float | None:
        """Return when an offline user was last seen (elapsed seconds); None if that is not known."""
        return self._last_seen[shard_index(user_id)].get(user_id)

    def record_last_seen(self, user_id: str, when: float) -> None:
        """Record when a user who goes offline was last seen (elapsed seconds)."""
        self._last_seen[shard_index(user_id)][user_id] = when

    def forget(self, user_id: str) -> None:
        """Drop when a user was last seen."""
        self._last_seen[shard_index(user_id)].pop(user_id, None)

    def _count(self, before: Entries, after: Entries) -> None:
        self.connections += len(after) - len(before)
        self.users += bool(after) - bool(before)
        old_platforms, platforms = {entry[0] for entry in before}, {entry[0] for entry in after}
        if old_platforms != platforms:
            self.by_platform.update(platforms - old_platforms)
            self.by_platform.subtract(old_platforms - platforms)
