"""Presence: which users are online, kept in memory only and empty after every start.

It lives in one process, which is why Rollcall is one process. It uses elapsed time, never the wall clock. A
connection ends at its deadline. Reads compare deadlines themselves; a background thread removes lapsed
connections and publishes these changes. Every change has a number.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence

from .. import limits
from ..clock import Clock
from ..errors import TooManyConnections
from ..models import (
    Connection,
    PresenceChanges,
    PresenceCounts,
    PresenceDetails,
    PresencePage,
    PresenceStatus,
)
from .changes import ChangeLog
from .presence_table import NOT_SCHEDULED, Entries, Entry, PresenceTable, Row
from .timer_wheel import TimerWheel, bucket_of

#: Connections of one user on one platform; the default of OpenIM's maxNumOneEnd.
MAX_CONNECTIONS = 30
#: Users whose lapsed connections are removed under one hold of the lock.
_SLICE = 1000
#: Longest sleep of the background thread in seconds; a wait does not notice that the machine was suspended.
_MAX_SLEEP_SECONDS = 1.0
#: Users scanned for one page, after which the page ends.
_MAX_SCANNED = 100_000


class Presence:
    """The connections of all online users. Thread-safe."""

    def __init__(self, clock: Clock, history: int = 1000) -> None:
        """Keep the last `history` changes for `changes`."""
        self._clock = clock
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._changed = threading.Condition(self._lock)
        self._table = PresenceTable()
        # One current timer per row; shortening a deadline leaves a stale timer behind.
        self._timers = TimerWheel()
        self._log = ChangeLog(history)
        self._wake_count = 0
        self._running = False
        self._thread: threading.Thread | None = None
        #: Random, new at every start. Numbers and cursors of another epoch are invalid.
        self.epoch = ""

    def touch(
        self, user_id: str, platform_id: int, ttl: float, connection_id: str = "", is_background: bool = False
    ) -> None:
        """Put a connection online, or refresh it, for `ttl` seconds. Raises TooManyConnections."""
        with self._lock:
            # Read the clock under the lock, so that times are in the order of the changes.
            now = self._clock.elapsed()
            entry = (platform_id, connection_id, now + ttl, is_background, now)
            row = self._without_lapsed(user_id, now)
            due, entries = row[0], row[2:]
            before = next((each for each in entries if each[:2] == entry[:2]), None)
            if before is None:
                _check_limit(entries, platform_id)
                entries = (*entries, entry)
            else:
                entries = tuple(entry if each is before else each for each in entries)
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
        status: PresenceStatus = PresenceStatus.LEFT,
    ) -> None:
        """Take matching connections offline and publish each as `status`; None matches all. Idempotent."""
        with self._lock:
            now = self._clock.elapsed()
            row = self._without_lapsed(user_id, now)
            ended = tuple(
                entry
                for entry in row[2:]
                if platform_id in (None, entry[0]) and connection_id in (None, entry[1])
            )
            if ended:
                self._end(user_id, row, ended, status, now)

    def remove(self, user_id: str) -> None:
        """Take all connections of a blocked or deleted user offline, as KICKED."""
        self.leave(user_id, None, status=PresenceStatus.KICKED)

    def forget(self, user_id: str) -> None:
        """Take a deleted user offline, and drop when the user was last seen."""
        self.remove(user_id)
        with self._lock:
            self._table.forget(user_id)

    def connections(self, user_ids: Sequence[str]) -> list[tuple[Connection, ...]]:
        """Return the live connections of each user, sorted by platform id, then oldest first.

        Raises ArgumentTooLong.
        """
        limits.check_count(user_ids)
        with self._lock:
            rows = self._table.held(user_ids)
        now = self._clock.elapsed()
        return [_live(entries, now) if entries else () for entries in rows]

    def details(self, user_id: str) -> PresenceDetails:
        """Return a user's live connections, and when the user was last seen."""
        with self._lock:
            entries = self._table.row(user_id)[2:]
            seen = max((entry[4] for entry in entries), default=self._table.last_seen(user_id))
        now, wall = self._clock.elapsed(), self._clock.now()
        last_seen = None if seen is None else int((wall - (now - seen)) * 1000)
        return PresenceDetails(_live(entries, now), last_seen)

    def page(self, after: int, platform_id: int | None, limit: int) -> PresencePage:
        """Return up to `limit` online users after the previous cursor (or 0), of one platform unless None.

        A page with a cursor may have fewer users than `limit`, even none. A user who is online throughout the
        reading of all pages is on exactly one of them.
        """
        with self._lock:
            table, now, number = self._table, self._clock.elapsed(), self.number
            user_ids = table.part(after, _MAX_SCANNED)
            last = table.row(user_ids[-1])[1] if user_ids else 0
        users: list[tuple[str, tuple[Connection, ...]]] = []
        for user_id in user_ids:
            row = table.row(user_id)
            # A user who has come back meanwhile is placed behind, and on a later page.
            live = _live(row[2:], now) if row[1] <= last else ()
            if live and (platform_id is None or any(one.platform_id == platform_id for one in live)):
                users.append((user_id, live))
                if len(users) == limit:
                    return PresencePage(self.epoch, number, users, row[1])
        return PresencePage(self.epoch, number, users, last if len(user_ids) == _MAX_SCANNED else None)

    @property
    def number(self) -> int:
        """The number of the newest change; 0 before the first."""
        return self._log.number

    def counts(self) -> PresenceCounts:
        """Return the counts of online users and connections, as of the newest change."""
        with self._lock:
            table = self._table
            by_platform = {each: table.by_platform[each] for each in sorted(+table.by_platform)}
            return PresenceCounts(self.epoch, self.number, table.users, table.connections, by_platform)

    def changes(self, epoch: str, since: int, limit: int) -> PresenceChanges:
        """Return up to `limit` changes after number `since` of an epoch; see PresenceChanges."""
        with self._lock:
            changes = self._log.after(since, limit) if epoch == self.epoch else None
            return PresenceChanges(self.epoch, self.number, changes)

    @property
    def sequence(self) -> int:
        """A number that differs after every change and every `wake`."""
        return self._log.number + self._wake_count

    def wait(self, sequence: int, seconds: float | None) -> None:
        """Wait until `self.sequence` differs from `sequence`, for at most `seconds`, or until `stop`."""
        with self._lock:
            self._changed.wait_for(lambda: self.sequence != sequence or not self._running, seconds)

    def wake(self) -> None:
        """Wake all threads in `wait`."""
        with self._lock:
            self._wake_count += 1
            self._changed.notify_all()

    def show_to_collector(self) -> None:
        """Prepare the table for `gc.freeze`, which the caller calls next."""
        self._table.show_to_collector()

    def sweep(self) -> None:
        """Remove and publish the connections that have lapsed by now."""
        more = True
        while more:
            with self._lock:
                more = self._sweep_slice(self._clock.elapsed())

    def start(self) -> None:
        """Begin a new epoch, and start the background thread that sweeps."""
        self.epoch = secrets.token_hex(8)
        self._running = True
        self._thread = threading.Thread(target=self._sweep_loop, name="rollcall-presence", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Empty the table and end the background thread. Idempotent."""
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

    def _sweep_loop(self) -> None:
        while self._running:
            self.sweep()
            with self._lock:
                if self._running:
                    wait = self._timers.wait(self._clock.elapsed())
                    self._work.wait(None if wait is None else min(wait, _MAX_SLEEP_SECONDS))

    # The methods below are called with the lock held.

    def _publish(self, user_id: str, entry: Entry, status: PresenceStatus) -> None:
        time = int(self._clock.now() * 1000)
        self._log.add(user_id, entry[0], entry[1], status, entry[3], time)
        self._changed.notify_all()

    def _end(self, user_id: str, row: Row, ended: Entries, status: PresenceStatus, now: float) -> Entries:
        """Remove connections from a user's row, publish that, and return the remaining ones."""
        remaining = tuple(entry for entry in row[2:] if entry not in ended)
        self._table.put(user_id, row[0], remaining)
        if not remaining:
            # Leaving is itself a sign of life; lapsing and being kicked are not.
            is_seen = status is PresenceStatus.LEFT
            self._table.record_last_seen(user_id, now if is_seen else max(entry[4] for entry in ended))
        for entry in ended:
            self._publish(user_id, entry, status)
        return remaining

    def _without_lapsed(self, user_id: str, now: float) -> Row:
        """Remove and publish a user's lapsed connections; return the row without them."""
        row = self._table.row(user_id)
        lapsed = tuple(entry for entry in row[2:] if entry[2] <= now)
        if not lapsed:
            return row
        return row[0], row[1], *self._end(user_id, row, lapsed, PresenceStatus.LAPSED, now)

    def _schedule(self, due: float, user_id: str) -> None:
        """Set a timer for a user, whose row has to be up to date, and wake the thread."""
        self._timers.schedule(due, user_id)
        if len(self._timers) > 2 * len(self._table) + _SLICE:
            # Otherwise, shortening the ttl again and again would fill the memory with stale timers.
            self._timers.replace(self._table.timers())
        self._work.notify()

    def _sweep_slice(self, now: float) -> bool:
        """Handle up to _SLICE due timers; return whether there may be more."""
        bucket, user_ids = self._timers.pop_due(now, _SLICE)
        for user_id in user_ids:
            if bucket == bucket_of(self._table.row(user_id)[0]):
                self._expire_due(user_id, now)
        return bool(user_ids)

    def _expire_due(self, user_id: str, now: float) -> None:
        entries = self._without_lapsed(user_id, now)[2:]
        if not entries:
            self._table.drop(user_id)
            return
        due = min(entry[2] for entry in entries)
        self._table.put(user_id, due, entries)
        self._timers.schedule(due, user_id)


def _check_limit(entries: Entries, platform_id: int) -> None:
    if sum(entry[0] == platform_id for entry in entries) >= MAX_CONNECTIONS:
        raise TooManyConnections(f"more than {MAX_CONNECTIONS} connections on platform {platform_id}")


def _live(entries: Entries, now: float) -> tuple[Connection, ...]:
    live = [
        Connection(platform_id, connection_id, is_background, deadline - now)
        for platform_id, connection_id, deadline, is_background, _ in entries
        if deadline > now
    ]
    if len(live) > 1:
        live.sort(key=lambda connection: connection.platform_id)
    return tuple(live)
