"""Bounds on what is loaded for an answer, checked before and while it is loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from .. import limits
from ..capacity import MemoryBudget
from ..errors import ArgumentTooLong
from ..models import User, UserAttribute, UserCommand

T = TypeVar("T")
#: Characters from which an answer is large: only a few are built at a time.
_LARGE = 64 * 1024
# For the short fields of a profile and the names of all fields.
_CHARS_PER_USER = 200
# An estimate, with quotes and comma; a list of bare ids takes a third of the memory that profiles take.
_CHARS_PER_ID = 24 // 3


class Meter(Generic[T]):
    """Counts what is loaded for one answer."""

    def __init__(self, memory: MemoryBudget, chars_of: Callable[[Sequence[T]], int]) -> None:
        self._memory = memory
        self._chars_of = chars_of
        self._loaded = 0

    def expect(self, rows: int) -> None:
        """Check the number of rows before they are loaded. Raises ArgumentTooLong."""
        if rows > limits.MAX_ITEMS:
            raise ArgumentTooLong(f"the answer would have over {limits.MAX_ITEMS} entries, ask for less")

    def count(self, part: Sequence[T]) -> None:
        """Count rows that were loaded. Raises ArgumentTooLong or Overloaded."""
        self._add(self._chars_of(part))

    def _add(self, chars: int) -> None:
        self._loaded += chars
        if self._loaded > limits.MAX_ANSWER_CHARS:
            raise ArgumentTooLong(
                f"the answer would have over {limits.MAX_ANSWER_CHARS} characters, ask for less"
            )
        if self._loaded > _LARGE:
            self._memory.take_once(limits.MAX_ANSWER_CHARS)


class _IdMeter(Meter[str]):
    """A meter of bare ids, which are loaded at once."""

    def expect(self, rows: int) -> None:
        self._add(rows * _CHARS_PER_ID)


class Answers:
    """The answers that are being built."""

    def __init__(self, memory: MemoryBudget) -> None:
        #: The memory that large answers take.
        self.memory = memory

    def users(self) -> Meter[User]:
        """Return a meter of profiles."""
        return Meter(
            self.memory,
            lambda users: sum(
                len(user.nickname) + len(user.face_url) + len(user.ex) + _CHARS_PER_USER for user in users
            ),
        )

    def ids(self) -> Meter[str]:
        """Return a meter of ids."""
        return _IdMeter(self.memory, lambda ids: 0)

    def commands(self) -> Meter[UserCommand]:
        """Return a meter of commands."""
        return Meter(self.memory, lambda commands: sum(len(each.value) + len(each.ex) for each in commands))

    def attributes(self) -> Meter[UserAttribute]:
        """Return a meter of user attributes."""
        return Meter(self.memory, lambda found: sum(len(each.name) + len(each.value) for each in found))
