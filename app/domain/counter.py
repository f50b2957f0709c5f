"""A thread-safe counter."""

from __future__ import annotations

import threading


class Counter:
    """Counts events since the start of the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.count = 0

    def add(self, number: int = 1) -> None:
        """Add `number` to the count."""
        with self._lock:
            self.count += number
