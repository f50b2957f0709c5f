"""The journal: the last requests to the dialects, and to unknown paths, with their answers.

It keeps references while requests are served, and formats them when it is read.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from ..errors import DomainError, Overloaded
from ..http.responses import Answer
from .journal_entry import MAX_BODY_BYTES, Entry

if TYPE_CHECKING:
    from ..capacity import ThreadAllowance
    from ..clock import Clock
    from ..domain.revocations import Revocations
    from ..http.dispatch import Exchange
    from ..http.request import Request
    from .why import Explainer

#: The header of answers with the number of the request.
HEADER = "Rollcall-Request"
_KIND = "journal"
#: Calls that may wait for requests at a time.
MAX_WAITERS = 16


class Journal:
    """The last requests, numbered from 1. Thread-safe."""

    def __init__(
        self,
        size: int,
        max_bytes: int,
        explainer: Explainer,
        revocations: Revocations,
        clock: Clock,
    ) -> None:
        """Keep up to `size` requests of up to `max_bytes` together."""
        self._size, self._max_bytes = size, max_bytes
        self._explainer = explainer
        self._revocations = revocations
        revocations.is_on = True
        self._clock = clock
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._entries: deque[Entry] = deque()
        self._bytes = 0
        self._waiters = 0
        self._is_closed = False
        #: The number of the newest request; 0 before the first.
        self.last = 0
        # Counts how often the journal was emptied, as numbers then begin again.
        self._round = 0

    def observe(self, exchange: Exchange) -> None:
        """Record a request, and put its number into the answer."""
        entry = Entry(exchange, self._clock.now(), _body_of(exchange.http_request))
        if exchange.error is not None:
            entry.why = self._explainer.why(exchange)
            entry.size += sum(map(len, entry.why))
        with self._lock:
            self.last = number = entry.number = self.last + 1
            self._entries.append(entry)
            self._bytes += entry.size
            while len(self._entries) > self._size or self._bytes > self._max_bytes:
                self._bytes -= self._entries.popleft().size
            if self._waiters:
                self._changed.notify_all()
        self._revocations.settle(number)
        answer = exchange.answer
        exchange.answer = Answer(answer.body, answer.status, (*answer.headers, (HEADER, str(number))))

    def entries(self, after: int = 0) -> list[Entry]:
        """Return the requests after a number, oldest first."""
        with self._changed:
            entries = list(self._entries)
        return [entry for entry in entries if entry.number > after]

    def get(self, number: int) -> Entry | None:
        """Return one request; None if it is not kept."""
        return next((entry for entry in self.entries(number - 1) if entry.number == number), None)

    @property
    def first(self) -> int:
        """The number of the oldest request; 0 if there is none."""
        with self._changed:
            return self._entries[0].number if self._entries else 0

    def clear(self) -> None:
        """Empty the journal; numbers begin again."""
        with self._changed:
            self._entries.clear()
            self._bytes = self.last = 0
            self._round += 1
            self._changed.notify_all()

    def forget(self) -> None:
        """Drop the requests; numbers go on."""
        with self._changed:
            self._entries.clear()
            self._bytes = 0

    def close(self) -> None:
        """End what waits."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def wait(
        self,
        after: int,
        count: int,
        matches: Callable[[Entry], bool],
        seconds: float,
        allowance: ThreadAllowance,
    ) -> None:
        """Wait up to `seconds` until `count` requests after a number match. Raises Overloaded."""
        with allowance.waiting(_KIND), self._counted():
            deadline = time.monotonic() + seconds
            found, seen, round_ = 0, after, self._round
            while self._round == round_:
                for entry in self.entries(seen):
                    found += matches(entry)
                    seen = entry.number
                left = deadline - time.monotonic()
                if found >= count or left <= 0 or self._is_closed:
                    return
                with self._changed:
                    self._changed.wait_for(partial(self._is_new, seen, round_), left)

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        """Count a call that waits. Raises Overloaded."""
        with self._lock:
            if self._waiters >= MAX_WAITERS:
                raise Overloaded("too many requests wait for others, try again later")
            self._waiters += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiters -= 1

    def _is_new(self, seen: int, round_: int) -> bool:
        return self.last > seen or self._round != round_ or self._is_closed


def _body_of(http_request: Request) -> bytes:
    """Return a request's body; empty if it cannot be read, or is long and was not read."""
    if not http_request.has_read_body and _is_short(http_request):
        with contextlib.suppress(DomainError):
            return http_request.body
    return http_request.body_so_far


def _is_short(http_request: Request) -> bool:
    length = http_request.environ.get("CONTENT_LENGTH") or "0"
    return length.isdigit() and len(length) <= 5 and 0 < int(length) <= MAX_BODY_BYTES
