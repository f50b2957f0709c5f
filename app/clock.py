"""The two clocks of the process, in one place so that a test can hold both still.

Wall time is for what the world reads (token claims, creation times). Elapsed time is for what lasts inside
the process (presence, time-outs): a corrected wall clock must not put anybody online or offline.
"""

from __future__ import annotations

import time

# The boot-time clock goes on while a laptop is suspended, so nobody is still online after a night with the
# lid closed. Where there is none (macOS), the monotonic clock is what we have.
_ELAPSED = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Clock:
    """Tell the time of the machine."""

    def now(self) -> float:
        """Return the wall time in seconds since 1970."""
        return time.time()

    def elapsed(self) -> float:
        """Return seconds since an arbitrary instant; never runs backwards."""
        return time.clock_gettime(_ELAPSED)
