"""Who is online: one table in memory, empty again after every start.

Presence lives in one process (which is why Rollcall is one process). Its time is elapsed time, never the
wall clock. An entry ends at its deadline; reading judges by the deadline, and one background thread takes
lapsed entries out of memory.
"""

from __future__ import annotations

import heapq
import secrets
import threading
from collections.abc import Sequence

from app.clock import Clock
from app.domain import limits
from app.errors import TooManyConnections
from app.models import Connection

#: Connections of one user on one platform, as many as OpenIM's maxNumOneEnd.
MOST_CONNECTIONS = 30
#: Users whose lapsed entries are removed in one hold of the lock.
_SLICE = 1000
#: Seconds between two looks at the nearest deadline.
_BEAT = 1.0

# One connection as it is kept: platform id, connection id, deadline, is background. A plain tuple, because
# the garbage collector does not visit tuples of atoms, and there may be a million.
_Entry = tuple[int, str, float, bool]
# One user as kept: when the background thread looks at the user next, and the connections in the order in
# which they came. Never changed, only replaced, so what a reader holds is a snapshot.
_Row = tuple[float, tuple[_Entry, ...]]
_NOBODY: _Row = (0.0, ())


class Presence:
    """The table of who is online."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._rows: dict[str, _Row] = {}
        # One due look for each user in _rows; looks that were brought forward leave a stale one behind.
        self._looks: list[tuple[float, str]] = []
        self._running = False
        self._thread: threading.Thread | None = None
        #: Another one after every start: what was known under an older epoch is void.
        self.epoch = ""

    def touch(
        self, user_id: str, platform_id: int, ttl: float, connection_id: str = "", is_background: bool = False
    ) -> None:
        """Put a connection online, or keep it, for `ttl` seconds. Raises TooManyConnections."""
        now = self._clock.elapsed()
        entry = (platform_id, connection_id, now + ttl, is_background)
        with self._lock:
            row = self._rows.get(user_id)
            due, held = row or _NOBODY
            entries = _with(held, entry, now)
            if row and due <= entry[2]:
                self._rows[user_id] = (due, entries)
            else:
                self._rows[user_id] = (entry[2], entries)
                self._plan_look(entry[2], user_id)

    def leave(self, user_id: str, platform_id: int, connection_id: str | None = None) -> None:
        """Take one connection offline, or all on the platform. Leaving twice is leaving once."""
        with self._lock:
            due, held = self._rows.get(user_id, _NOBODY)
            if held:
                self._rows[user_id] = (
                    due,
                    tuple(
                        entry
                        for entry in held
                        if entry[0] != platform_id or connection_id not in (None, entry[1])
                    ),
                )

    def remove(self, user_id: str) -> None:
        """Take a user offline everywhere."""
        with self._lock:
            due, held = self._rows.get(user_id, _NOBODY)
            if held:
                self._rows[user_id] = (due, ())

    def connections(self, user_ids: Sequence[str]) -> list[tuple[Connection, ...]]:
        """Return each user's live connections, by platform id and then in the order in which they came.

        Raises ArgumentTooLong.
        """
        limits.check_count(user_ids)
        with self._lock:
            held = [self._rows.get(user_id, _NOBODY)[1] for user_id in user_ids]
        now = self._clock.elapsed()
        return [_live(entries, now) if entries else () for entries in held]

    def sweep(self) -> None:
        """Remove from memory what has lapsed by now."""
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
            self._rows.clear()
            self._looks.clear()
            self._work.notify()
        self._thread.join()
        self._thread = None

    def _watch(self) -> None:
        while self._running:
            self.sweep()
            with self._lock:
                if self._running:
                    self._work.wait(_BEAT if self._looks else None)

    def _plan_look(self, due: float, user_id: str) -> None:
        """Have the thread look at a user at `due`. Called with the lock held and the user's row written."""
        heapq.heappush(self._looks, (due, user_id))
        if len(self._looks) > 2 * len(self._rows) + _SLICE:
            # One who shortens the ttl again and again would fill the memory with stale looks.
            self._looks = [(due, user_id) for user_id, (due, _) in self._rows.items()]
            heapq.heapify(self._looks)
        self._work.notify()

    def _sweep_slice(self, now: float) -> bool:
        """Look at up to a slice of users who are due; tell whether more may be. Called with the lock held."""
        for _ in range(_SLICE):
            if not self._looks or self._looks[0][0] > now:
                return False
            look, user_id = heapq.heappop(self._looks)
            due, held = self._rows.get(user_id, _NOBODY)
            if look == due:
                self._look_at(user_id, held, now)
        return True

    def _look_at(self, user_id: str, held: tuple[_Entry, ...], now: float) -> None:
        entries = tuple(entry for entry in held if entry[2] > now)
        if not entries:
            del self._rows[user_id]
            return
        due = min(entry[2] for entry in entries)
        self._rows[user_id] = (due, entries)
        heapq.heappush(self._looks, (due, user_id))


def _with(held: tuple[_Entry, ...], entry: _Entry, now: float) -> tuple[_Entry, ...]:
    """Return `held` without what has lapsed, and with `entry` in its old place or at the end."""
    if not held:
        return (entry,)
    entries = [
        entry if kept[:2] == entry[:2] else kept for kept in held if kept[2] > now or kept[:2] == entry[:2]
    ]
    if entry not in entries:
        entries.append(entry)
    if sum(kept[0] == entry[0] for kept in entries) > MOST_CONNECTIONS:
        raise TooManyConnections(f"more than {MOST_CONNECTIONS} connections on platform {entry[0]}")
    return tuple(entries)


def _live(entries: tuple[_Entry, ...], now: float) -> tuple[Connection, ...]:
    return tuple(
        Connection(platform_id, connection_id, is_background, deadline - now)
        for platform_id, connection_id, deadline, is_background in sorted(entries, key=lambda entry: entry[0])
        if deadline > now
    )
