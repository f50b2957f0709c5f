"""The limits of the outbox, and what the log says when it comes near them."""

from __future__ import annotations

import logging
from typing import NamedTuple

from ..models import OutboxTotals

_log = logging.getLogger(__name__)

#: Share of a limit from which on the outbox is nearly full, and below which it is not any more.
NEARLY_FULL, ROOM_AGAIN = 0.8, 0.5


class OutboxLimits(NamedTuple):
    """The most that the outbox keeps."""

    entries: int
    bytes: int

    def share(self, totals: OutboxTotals) -> float:
        """Return the share of the limits that is in use: that of the entries or of the bytes, if larger."""
        return max(totals.entries / self.entries, totals.bytes / self.bytes)

    def warning(self, totals: OutboxTotals) -> str:
        """Return a sentence about an outbox that is nearly full; empty if it is not."""
        share = self.share(totals)
        if share < NEARLY_FULL:
            return ""
        return f"the outbox is {share:.0%} full with {totals.entries} events of {totals.bytes} bytes"


class OutboxMonitor:
    """Logs once that the outbox is nearly full, that events are dropped, and that there is room again.

    Not thread-safe: the thread that writes calls it.
    """

    def __init__(self, limits: OutboxLimits) -> None:
        self._limits = limits
        self._is_nearly_full = False
        self._dropped = 0

    def observe(self, totals: OutboxTotals, dropped: int) -> None:
        """Log what changed: `totals` are kept now, after `dropped` entries were dropped."""
        warning = self._limits.warning(totals)
        if warning and not self._is_nearly_full:
            self._is_nearly_full = True
            _log.warning("%s: receivers do not keep up", warning)
        if dropped and not self._dropped:
            _log.error("the outbox is full: the oldest events are dropped undelivered")
        self._dropped += dropped
        if self._is_nearly_full and self._limits.share(totals) < ROOM_AGAIN:
            _log.warning("the outbox has room again; %d events were dropped undelivered", self._dropped)
            self._is_nearly_full, self._dropped = False, 0
