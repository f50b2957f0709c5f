"""Bounds on what all requests together may hold: memory, and threads that wait."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator

from .errors import Overloaded


class ThreadAllowance:
    """Threads that may wait for others: half of all, a quarter for each kind of wait, and at least one."""

    def __init__(self, threads: int) -> None:
        self._total, self._per_kind = max(threads // 2, 1), max(threads // 4, 1)
        self._lock = threading.Lock()
        self._waiting: Counter[str] = Counter()

    @contextlib.contextmanager
    def waiting(self, kind: str) -> Iterator[None]:
        """Count the calling thread as waiting, within the `with` block. Raises Overloaded."""
        with self._lock:
            if self._waiting[kind] >= self._per_kind or self._waiting.total() >= self._total:
                raise Overloaded("too many requests wait at a time, try again later")
            self._waiting[kind] += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting[kind] -= 1


class MemoryBudget:
    """Memory that requests may hold in sum. A thread holds what it takes until it calls `release`."""

    def __init__(self, kind: str, total: int, allowance: ThreadAllowance, seconds: float = 2.0) -> None:
        """Bound the sum to `total`, in any unit.

        `take` waits up to `seconds` for others to release, if the allowance permits that.
        """
        self._kind = kind
        self._total = total
        self._allowance = allowance
        self._seconds = seconds
        self._taken = 0
        self._changed = threading.Condition()
        self._own = threading.local()

    def take_once(self, amount: int) -> None:
        """Like `take`, unless this thread holds some already."""
        if not getattr(self._own, "amount", 0):
            self.take(amount)

    def take(self, amount: int) -> None:
        """Take some memory for this thread's request. Raises Overloaded."""
        with self._changed:
            if not self._fits(amount):
                with self._allowance.waiting(self._kind):
                    self._changed.wait_for(lambda: self._fits(amount), self._seconds)
            if not self._fits(amount):
                raise Overloaded("too many large requests at a time, try again later")
            self._taken += amount
        self._own.amount = getattr(self._own, "amount", 0) + amount

    def _fits(self, amount: int) -> bool:
        return self._taken + amount <= self._total

    def release(self) -> None:
        """Return what this thread holds."""
        amount = getattr(self._own, "amount", 0)
        if amount:
            self._own.amount = 0
            with self._changed:
                self._taken -= amount
                self._changed.notify_all()


class RequestGate:
    """Lets requests in and out, except while it is closed for a change that no request may see half of."""

    def __init__(self) -> None:
        # Taken by itself on every request, as a condition's own methods take three times as long.
        self._lock = threading.Lock()
        self._condition = threading.Condition(self._lock)
        self._inside = 0
        self._is_closed = False

    def __enter__(self) -> None:
        with self._lock:
            if self._is_closed:
                self._condition.wait_for(lambda: not self._is_closed)
            self._inside += 1

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._is_closed:
                self._condition.notify_all()

    @contextlib.contextmanager
    def closed(self, seconds: float) -> Iterator[None]:
        """Keep requests out until the end of the block, which begins when those inside have left.

        Raises Overloaded if they have not after `seconds`. One thread at a time may call this.
        """
        with self._condition:
            self._is_closed = True
        try:
            with self._condition:
                if not self._condition.wait_for(lambda: not self._inside, seconds):
                    raise Overloaded("requests that began earlier have not ended, try again later")
            yield
        finally:
            with self._condition:
                self._is_closed = False
                self._condition.notify_all()
