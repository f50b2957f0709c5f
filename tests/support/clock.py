"""A clock that a test holds still and moves."""

from __future__ import annotations

from app.clock import Clock

#: Where a FakeClock stands at first: a second that is not whole, as most are not.
START = 1_700_000_000.25


class FakeClock(Clock):
    """Wall time and elapsed time, moved by hand, together or apart."""

    def __init__(self, now: float = START) -> None:
        self.wall = now
        self.since = 1000.0

    def now(self) -> float:
        return self.wall

    def elapsed(self) -> float:
        return self.since

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.wall += seconds
        self.since += seconds
