"""The last changes of presence, numbered, so that whoever polls can tell that nothing was missed."""

from __future__ import annotations

from app.models import PresenceChange, PresenceStatus

# A change without its number. A plain tuple, because the garbage collector does not visit tuples of atoms.
_Kept = tuple[str, int, str, PresenceStatus, bool, int]


class ChangeLog:
    """A ring of the newest `size` changes. Has no lock of its own."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._ring: list[_Kept] = []
        #: Of the newest change; 0 before the first.
        self.number = 0

    def add(self, *change: *_Kept) -> None:
        """Number a change, given as the fields of PresenceChange behind the number, and keep it."""
        if len(self._ring) < self._size:
            self._ring.append(change)
        else:
            self._ring[self.number % self._size] = change
        self.number += 1

    def after(self, number: int, limit: int) -> list[PresenceChange] | None:
        """Return up to `most` changes after a number, in order; None if not all of them are kept."""
        if not self.number - len(self._ring) <= number <= self.number:
            return None
        last = min(number + limit, self.number)
        return [PresenceChange(each + 1, *self._ring[each % self._size]) for each in range(number, last)]

    def clear(self) -> None:
        """Forget everything and number from 1 again."""
        self._ring.clear()
        self.number = 0
