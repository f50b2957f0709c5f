"""The two clocks of the process, in one place so that tests can replace both.

Wall time is for times that leave the process (token claims, creation times). Elapsed time is for durations
within it (presence, timeouts): setting the wall clock must not change presence.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

# CLOCK_BOOTTIME also counts while the machine is suspended, so presence expires then too. Without it (macOS),
# time in suspend does not count.
_ELAPSED = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Clock:
    """The clocks of the machine."""

    #: Return the wall time in Unix seconds.
    now: Callable[[], float] = staticmethod(time.time)
    #: Return the seconds since an arbitrary instant; never goes backwards.
    elapsed: Callable[[], float] = staticmethod(partial(time.clock_gettime, _ELAPSED))
