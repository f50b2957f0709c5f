"""The most recent presence changes, numbered so that a poller can detect gaps."""

from __future__ import annotations

from ..models import PresenceChange, PresenceStatus

# The fields of a PresenceChange without the number. A plain tuple, as the garbage collector skips those of
# atomic values.
_Change = tuple[str, int, str, PresenceStatus, bool, int]


class ChangeLog:
    """A ring buffer of the newest `size` changes. Not thread-safe."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._ring: list[_Change] = []
        #: The number of the newest change; 0 before the first.
        self.number = 0

    def add(self, *change: *_Change) -> None:
        """Add a change, given as the fields of PresenceChange after the number."""
        if len(self._ring) < self._size:
            self._ring.append(change)
        else:
            self._ring[self.number % self._size] = change
        self.number += 1

    def after(self, number: int, limit: int) -> list[PresenceChange] | None:
        """Return up to `limit` changes after `number`, in order; None if it is too old or too high."""
        if not self.number - len(self._ring) <= number <= self.number:
            return None
        last = min(number + limit, self.number)
        return [PresenceChange(index + 1, *self._ring[index % self._size]) for index in range(number, last)]

    def clear(self) -> None:
        """Drop all changes and restart the numbers at 1."""
        self._ring.clear()
        self.number = 0
