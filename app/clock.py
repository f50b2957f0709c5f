"""The two clocks of the process, in one place so that tests can replace both.

Wall time is for times that leave the process (token claims, creation times). Elapsed time is for durations
within it (presence, timeouts): setting the wall clock must not change presence.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

# CLOCK_BOOTTIME also counts while the machine is suspended, so presence expires then too. Without it (macOS),
# time in suspend does not count.
_ELAPSED = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class ClockState(NamedTuple):
    """How a clock differs from the machine's."""

    offset: float = 0.0
    """Seconds that wall time is ahead."""
    elapsed_offset: float = 0.0
    """Seconds that elapsed time is ahead; it never becomes less."""
    frozen: tuple[float, float] | None = None
    """Wall time and elapsed time at which both stand still."""


class Clock:
    """The clocks of the machine."""

    #: How it differs from them.
    state = ClockState()

    #: Return the wall time in Unix seconds.
    now: Callable[[], float] = staticmethod(time.time)
    #: Return the seconds since an arbitrary instant; never goes backwards.
    elapsed: Callable[[], float] = staticmethod(partial(time.clock_gettime, _ELAPSED))


class AdjustableClock(Clock):
    """A clock that can be advanced, set and frozen. Thread-safe."""

    def __init__(self, base: Clock) -> None:
        """Follow `base` until it is changed."""
        self._base = base
        self._lock = threading.Lock()
        self.restore(ClockState())

    def restore(self, state: ClockState) -> None:
        """Set the whole state; only a reset may set elapsed time back."""
        self.state = state
        is_changed = state != ClockState()
        # Unchanged, it costs nothing.
        self.now = self._now if is_changed else self._base.now
        self.elapsed = self._elapsed if is_changed else self._base.elapsed

    def _now(self) -> float:
        state = self.state
        return state.frozen[0] if state.frozen else self._base.now() + state.offset

    def _elapsed(self) -> float:
        state = self.state
        return state.frozen[1] if state.frozen else self._base.elapsed() + state.elapsed_offset

    def advance(self, seconds: float) -> None:
        """Move on by some seconds; a negative number sets wall time back, and leaves elapsed time."""
        with self._lock:
            wall, elapsed, frozen = self.state
            onwards = max(seconds, 0.0)
            if frozen:
                frozen = (frozen[0] + seconds, frozen[1] + onwards)
            self.restore(ClockState(wall + seconds, elapsed + onwards, frozen))

    def freeze(self) -> None:
        """Stand still. Idempotent."""
        with self._lock:
            if not self.state.frozen:
                self.restore(self.state._replace(frozen=(self.now(), self.elapsed())))

    def thaw(self) -> None:
        """Go on from where it stands. Idempotent."""
        with self._lock:
            frozen = self.state.frozen
            if frozen:
                offset, elapsed_offset = frozen[0] - self._base.now(), frozen[1] - self._base.elapsed()
                self.restore(ClockState(offset, elapsed_offset))
