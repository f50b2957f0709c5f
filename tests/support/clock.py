"""A clock that stands still until a test advances it."""

from __future__ import annotations

from rollcall_server.clock import Clock

#: The initial time of a FakeClock, deliberately not a whole second.
START = 1_700_000_000.25


class FakeClock(Clock):
    """Wall time and elapsed time, set by the test, together or separately."""

    def __init__(self, now: float = START) -> None:
        self.wall = now
        self.since = 1000.0

    def now(self) -> float:
        return self.wall

    def elapsed(self) -> float:
        return self.since

    def advance(self, seconds: float) -> None:
        """Advance both wall time and elapsed time."""
        self.wall += seconds
        self.since += seconds
