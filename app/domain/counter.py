"""A count that several threads add to."""

from __future__ import annotations

import threading


class Counter:
    """How often something was done since the start of the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.count = 0

    def add(self, number: int = 1) -> None:
        """Count it so many times."""
        with self._lock:
            self.count += number
