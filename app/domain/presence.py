"""Who is online: one table in memory, empty again after every start.

Presence lives in one process (which is why Rollcall is one process). Its time is elapsed time, never the
wall clock. An entry ends at its deadline; reading judges by the deadline, and one background thread takes
lapsed entries out of memory, which is when their end is published. Every change has a number.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence

from app.clock import Clock
from app.domain import limits
from app.domain.changes import ChangeLog
from app.domain.presence_table import NOT_SCHEDULED, SHARDS, Entries, Entry, PresenceTable, Row
from app.domain.timer_wheel import TimerWheel, bucket_of
from app.errors import TooManyConnections
from app.models import (
    Connection,
    PresenceChanges,
    PresenceCounts,
    PresenceDetails,
    PresencePage,
    PresenceStatus,
)

#: Connections of one user on one platform, as many as OpenIM's maxNumOneEnd.
MAX_CONNECTIONS = 30
#: Users whose lapsed entries are removed in one hold of the lock.
_SLICE = 1000
#: Seconds after which the background thread looks at the clock at the latest: a laptop may have slept.
_BEAT = 1.0
#: Users who are looked through for one page of a list.
_MAX_SCANNED = 100_000


class Presence:
    """The table of who is online."""

    def __init__(self, clock: Clock, history: int = 1000) -> None:
        """Keep the last `history` changes for those who ask what happened."""
        self._clock = clock
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._changed = threading.Condition(self._lock)
        self._table = PresenceTable()
        # One due look for each row; looks that were brought forward leave a stale one behind.
        self._timers = TimerWheel()
        self._log = ChangeLog(history)
        self._wake_count = 0
        self._running = False
        self._thread: threading.Thread | None = None
        #: Another one after every start: what was known under an older epoch is void.
        self.epoch = ""

    def touch(
        self, user_id: str, platform_id: int, ttl: float, connection_id: str = "", is_background: bool = False
    ) -> None:
        """Put a connection online, or keep it, for `ttl` seconds. Raises TooManyConnections."""
        with self._lock:
            # The time is told by whoever has the lock, so that all see one order of things.
            now = self._clock.elapsed()
            entry = (platform_id, connection_id, now + ttl, is_background, now)
            due, held = self._without_lapsed(user_id, now)
            before = next((kept for kept in held if kept[:2] == entry[:2]), None)
            if before is None:
                _check_room(held, platform_id)
                entries = (*held, entry)
            else:
                entries = tuple(entry if kept is before else kept for kept in held)
            is_sooner = due == NOT_SCHEDULED or entry[2] < due
            self._table.put(user_id, entry[2] if is_sooner else due, entries)
            if is_sooner:
                self._schedule(entry[2], user_id)
            if before is None or before[3] != is_background:
                self._publish(user_id, entry, PresenceStatus.ONLINE)

    def leave(
        self,
        user_id: str,
        platform_id: int | None,
        connection_id: str | None = None,
        why: PresenceStatus = PresenceStatus.LEFT,
    ) -> None:
        """Take connections offline: one, or all on a platform, or all; leaving twice is leaving once."""
        with self._lock:
            now = self._clock.elapsed()
            due, held = self._without_lapsed(user_id, now)
            gone = tuple(
                entry
                for entry in held
                if platform_id in (None, entry[0]) and connection_id in (None, entry[1])
            )
            if gone:
                self._end(user_id, (due, held), gone, why, now)

    def remove(self, user_id: str) -> None:
        """Take a user offline everywhere, because the user may not be there."""
        self.leave(user_id, None, why=PresenceStatus.KICKED)

    def forget(self, user_id: str) -> None:
        """Take a user who was deleted offline, and forget that there ever was a sign of life."""
        self.remove(user_id)
        with self._lock:
            self._table.forget(user_id)

    def connections(self, user_ids: Sequence[str]) -> list[tuple[Connection, ...]]:
        """Return each user's live connections, by platform id and then in the order in which they came.

        Raises ArgumentTooLong.
        """
        limits.check_count(user_ids)
        with self._lock:
            held = self._table.held(user_ids)
        now = self._clock.elapsed()
        return [_live(entries, now) if entries else () for entries in held]

    def details(self, user_id: str) -> PresenceDetails:
        """Return where a user is online, and when there was last a sign of life."""
        with self._lock:
            entries = self._table.row(user_id)[1]
            seen = max((entry[4] for entry in entries), default=self._table.last_seen(user_id))
        now, wall = self._clock.elapsed(), self._clock.now()
        last_seen = None if seen is None else int((wall - (now - seen)) * 1000)
        return PresenceDetails(_live(entries, now), last_seen)

    def page(self, after: tuple[int, str] | None, platform_id: int | None, limit: int) -> PresencePage:
        """Return up to `most` of those who are online, or online on a platform; go on from a page's cursor.

        A page may have fewer, or nobody, and a cursor all the same. Who is online all the time that the pages
        are read is on one of them, once.
        """
        now, looked_through = self._clock.elapsed(), 0
        number = self.number
        users: list[tuple[str, tuple[Connection, ...]]] = []
        first, after_id = after or (0, "")
        for shard in range(first, SHARDS):
            for user_id, entries in self._sorted(shard, after_id if shard == first else ""):
                live = _live(entries, now)
                if live and (platform_id is None or any(one.platform_id == platform_id for one in live)):
                    users.append((user_id, live))
                    if len(users) == limit:
                        return PresencePage(self.epoch, number, users, (shard, user_id))
                looked_through += 1
            if looked_through >= _MAX_SCANNED:
                return PresencePage(self.epoch, number, users, (shard + 1, ""))
        return PresencePage(self.epoch, number, users, None)

    def _sorted(self, shard: int, after: str) -> list[tuple[str, Entries]]:
        with self._lock:
            there = self._table.shard(shard)
        return sorted(row for row in there if row[0] > after)

    @property
    def number(self) -> int:
        """The number of the newest change; 0 before the first."""
        return self._log.number

    def counts(self) -> PresenceCounts:
        """Return how many are online, as of the newest change."""
        with self._lock:
            table = self._table
            by_platform = {each: table.by_platform[each] for each in sorted(+table.by_platform)}
            return PresenceCounts(self.epoch, self.number, table.users, table.connections, by_platform)

    def changes(self, epoch: str, since: int, limit: int) -> PresenceChanges:
        """Return up to `most` changes after number `since` of an epoch."""
        with self._lock:
            changes = self._log.after(since, limit) if epoch == self.epoch else None
            return PresenceChanges(self.epoch, self.number, changes)

    @property
    def sequence(self) -> int:
        """A number that changes with every change, and when those who wait are to look again."""
        return self._log.number + self._wake_count

    def wait(self, sequence: int, seconds: float | None) -> None:
        """Wait until `news` is another number, or `seconds` are over, or the serving."""
        with self._lock:
            self._changed.wait_for(lambda: self.sequence != sequence or not self._running, seconds)

    def wake(self) -> None:
        """Have everybody who waits look again."""
        with self._lock:
            self._wake_count += 1
            self._changed.notify_all()

    def show_to_collector(self) -> None:
        """Prepare the table for `gc.freeze`, which is to follow at once."""
        self._table.show_to_collector()

    def sweep(self) -> None:
        """Remove from memory what has lapsed by now, and publish that."""
        more = True
        while more:
            with self._lock:
                more = self._sweep_slice(self._clock.elapsed())

    def start(self) -> None:
        """Begin an epoch, and start the background thread that sweeps."""
        self.epoch = secrets.token_hex(8)
        self._running = True
        self._thread = threading.Thread(target=self._watch, name="rollcall-presence", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the background thread and forget everybody. Stopping twice is stopping once."""
        if self._thread is None:
            return
        with self._lock:
            self._running = False
            self._table = PresenceTable()
            self._timers.clear()
            self._log.clear()
            self._work.notify()
            self._changed.notify_all()
        self._thread.join()
        self._thread = None

    def _watch(self) -> None:
        while self._running:
            self.sweep()
            with self._lock:
                if self._running:
                    wait = self._timers.wait(self._clock.elapsed())
                    self._work.wait(None if wait is None else min(wait, _BEAT))

    # What follows is called with the lock held.

    def _publish(self, user_id: str, entry: Entry, status: PresenceStatus) -> None:
        time = int(self._clock.now() * 1000)
        self._log.add(user_id, entry[0], entry[1], status, entry[3], time)
        self._changed.notify_all()

    def _end(self, user_id: str, row: Row, gone: Entries, why: PresenceStatus, now: float) -> Entries:
        """Take connections out of a user's row, publish that, and return the others."""
        left = tuple(entry for entry in row[1] if entry not in gone)
        self._table.put(user_id, row[0], left)
        if not left:
            # Only who takes leave gives a sign of life with it.
            is_sign = why is PresenceStatus.LEFT
            self._table.record_last_seen(user_id, now if is_sign else max(entry[4] for entry in gone))
        for entry in gone:
            self._publish(user_id, entry, why)
        return left

    def _without_lapsed(self, user_id: str, now: float) -> Row:
        """Return a user's row after what has lapsed was taken out of it."""
        row = self._table.row(user_id)
        lapsed = tuple(entry for entry in row[1] if entry[2] <= now)
        if not lapsed:
            return row
        return row[0], self._end(user_id, row, lapsed, PresenceStatus.LAPSED, now)

    def _schedule(self, due: float, user_id: str) -> None:
        """Have the thread look at a user at `due`; the user's row is written."""
        self._timers.schedule(due, user_id)
        if len(self._timers) > 2 * len(self._table) + _SLICE:
            # One who shortens the ttl again and again would fill the memory with stale looks.
            self._timers.replace(self._table.timers())
        self._work.notify()

    def _sweep_slice(self, now: float) -> bool:
        """Look at up to a slice of users who are due; tell whether more may be."""
        bucket, user_ids = self._timers.pop_due(now, _SLICE)
        for user_id in user_ids:
            if bucket == bucket_of(self._table.row(user_id)[0]):
                self._expire_due(user_id, now)
        return bool(user_ids)

    def _expire_due(self, user_id: str, now: float) -> None:
        _, entries = self._without_lapsed(user_id, now)
        if not entries:
            self._table.drop(user_id)
            return
        due = min(entry[2] for entry in entries)
        self._table.put(user_id, due, entries)
        self._timers.schedule(due, user_id)


def _check_room(held: Entries, platform_id: int) -> None:
    if sum(entry[0] == platform_id for entry in held) >= MAX_CONNECTIONS:
        raise TooManyConnections(f"more than {MAX_CONNECTIONS} connections on platform {platform_id}")


def _live(entries: Entries, now: float) -> tuple[Connection, ...]:
    return tuple(
        Connection(platform_id, connection_id, is_background, deadline - now)
        for platform_id, connection_id, deadline, is_background, _ in sorted(
            entries, key=lambda entry: entry[0]
        )
        if deadline > now
    )
