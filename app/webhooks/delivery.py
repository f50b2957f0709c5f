"""Deliver one queue in one thread, at least once and in order for each user.

A failed delivery is retried after a growing pause; later ones for the same users wait for it, those for other
users do not. After several failures in a row the receiver counts as down, and then one delivery at a time
probes whether it is up again.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

from ..clock import Clock

_log = logging.getLogger(__name__)

#: Seconds before the second attempt; each further pause is twice as long, up to the maximum, and shortened
#: at random by up to a half, so that retries do not coincide.
FIRST_BACKOFF = 0.5
#: Number of different deliveries that fail without a success in between until the receiver counts as down.
DOWN_AFTER = 3
#: Maximum pending deliveries in memory, and their users; beyond that nothing new is read.
MAX_WAITING = 10_000
MAX_USERS_WAITING = 100_000
#: Seconds that `stop` waits for the thread to end.
_STOP_SECONDS = 10.0
_BATCH = 100
#: Seconds between two purges of expired deliveries.
PURGE_SECONDS = 60.0


class DeliveryDropped(Exception):
    """The queue no longer has the delivery, so there was nothing to send."""


class Delivery(NamedTuple):
    """A message to deliver."""

    number: int
    """Increases within a queue; deliveries that belong together may share a number."""
    users: frozenset[str]
    """The users whose order it must keep; empty makes it a barrier for all deliveries."""
    send: Callable[[], str | None]
    """Send it; return the reason of a failure, or None. Raises DeliveryDropped."""
    description: str
    """For the log."""


class Queue(Protocol):
    """A source of deliveries."""

    def pending(self, after: int, limit: int) -> tuple[Sequence[Delivery], int]:
        """Return deliveries after a number, and the number after which to continue."""
        ...

    def delivered(self, delivery: Delivery) -> None:
        """Remove a completed delivery."""
        ...

    def purge_expired(self) -> int:
        """Drop expired deliveries; return the number up to which none are left."""
        ...

    def sequence(self) -> int:
        """Return a number that changes when there may be new deliveries."""
        ...

    def wait(self, sequence: int, seconds: float | None) -> None:
        """Wait until the sequence number is no longer `sequence`, or for `seconds` (None: no limit)."""
        ...

    def wake(self) -> None:
        """Wake the waiting thread."""
        ...


class _Waiting:
    """A pending delivery and the state of its retries."""

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery
        self.attempts = 0
        self.due = 0.0


class DeliveryWorker:
    """The thread that delivers one queue to one receiver."""

    def __init__(self, name: str, queue: Queue, max_backoff: float, clock: Clock) -> None:
        """`name` is the receiver in the log, `max_backoff` the longest pause between attempts in seconds."""
        self._name = name
        self._queue = queue
        self._max_backoff = max_backoff
        self._clock = clock
        self._running = False
        self._thread: threading.Thread | None = None
        self._reset()

    def _reset(self) -> None:
        self._read = 0
        self._waiting: list[_Waiting] = []
        self._users_waiting = 0
        # Since the last success: the number of failures, and the deliveries that failed.
        self._failures = 0
        self._failing: set[int] = set()
        self._down_until = 0.0
        self._purge_at = 0.0

    def start(self) -> None:
        """Start the thread."""
        self._reset()
        self._running = True
        self._thread = threading.Thread(target=self._work, name="rollcall-delivery", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread, after HttpClient.stop; undelivered events stay in the outbox."""
        if self._thread is None:
            return
        self._running = False
        self._queue.wake()
        self._thread.join(_STOP_SECONDS)
        self._thread = None

    def _work(self) -> None:
        while self._running:
            sequence = self._queue.sequence()
            try:
                pause = self._round()
            except Exception:
                if not self._running:
                    return
                # Usually the database is unavailable. Nothing is lost: everything is retried.
                _log.exception("the deliveries to %s were aborted", self._name)
                pause = self._max_backoff
                sequence = self._queue.sequence()
            if self._running:
                self._queue.wait(sequence, pause)

    def _round(self) -> float | None:
        """Deliver what is due; return the seconds until more is, None if nothing is pending."""
        self._purge()
        # New deliveries are tried even after failures: one of them may get through.
        while self._running and self._is_up():
            is_more = self._read_more()
            self._try_all()
            if not is_more:
                break
            # A receiver that is up and slow can keep this loop going for hours.
            self._purge()
        return self._pause()

    def _purge(self) -> None:
        now = self._clock.elapsed()
        if now >= self._purge_at:
            self._purge_at = now + PURGE_SECONDS
            self._drop(self._queue.purge_expired())

    def _read_more(self) -> bool:
        """Read new deliveries if there is room; return whether there may be more."""
        if len(self._waiting) >= MAX_WAITING or self._users_waiting >= MAX_USERS_WAITING:
            return False
        fresh, up_to = self._queue.pending(self._read, _BATCH)
        is_more = bool(fresh) or up_to != self._read
        self._read = up_to
        self._waiting += [_Waiting(delivery) for delivery in fresh]
        self._users_waiting += sum(len(delivery.users) for delivery in fresh)
        return is_more

    def _drop(self, up_to: int) -> None:
        self._waiting = [each for each in self._waiting if each.delivery.number > up_to]
        self._users_waiting = sum(len(each.delivery.users) for each in self._waiting)
        self._read = max(self._read, up_to)

    def _try_all(self) -> None:
        """Try every delivery that is due and not blocked, those with the fewest failures first."""
        while self._running and self._is_up():
            each = self._next()
            if each is None:
                return
            if self._try(each):
                self._waiting.remove(each)
                self._users_waiting -= len(each.delivery.users)

    def _next(self) -> _Waiting | None:
        now = self._clock.elapsed()
        best = None
        for each in self._unblocked():
            if each.due <= now and (best is None or each.attempts < best.attempts):
                best = each
                if not best.attempts:
                    break
        return best

    def _unblocked(self) -> Iterator[_Waiting]:
        """Yield the deliveries that no earlier one of the same user blocks."""
        blocked: set[str] = set()
        for each in self._waiting:
            users = each.delivery.users
            if not users:
                if not blocked:
                    yield each
                return
            if blocked.isdisjoint(users):
                yield each
            blocked |= users

    def _try(self, each: _Waiting) -> bool:
        try:
            failure = each.delivery.send()
        except DeliveryDropped:
            return True
        except Exception as error:
            _log.exception("unexpected error in a delivery to %s", self._name)
            failure = type(error).__name__
        if not self._running:
            return False
        if failure is None:
            self._queue.delivered(each.delivery)
            self._recover()
            return True
        each.attempts += 1
        each.due = self._clock.elapsed() + self._backoff(each.attempts)
        self._fail(each, failure)
        return False

    def _is_up(self) -> bool:
        return self._clock.elapsed() >= self._down_until

    def _fail(self, each: _Waiting, failure: str) -> None:
        is_first, was_down = not self._failing, len(self._failing) >= DOWN_AFTER
        self._failing.add(id(each))
        self._failures += 1
        is_down = len(self._failing) >= DOWN_AFTER
        if is_down:
            self._down_until = self._clock.elapsed() + self._backoff(self._failures - DOWN_AFTER + 1)
        if is_first or is_down != was_down:
            state = "is down" if is_down else "fails"
            _log.warning("%s %s, retrying: %s: %a", self._name, state, each.delivery.description, failure)

    def _recover(self) -> None:
        if len(self._failing) >= DOWN_AFTER:
            _log.warning("%s is up again after %d failures", self._name, self._failures)
            for each in self._waiting:
                each.due, each.attempts = 0.0, 0
        self._failing.clear()
        self._failures = 0

    def _backoff(self, failures: int) -> float:
        pause: float = min(FIRST_BACKOFF * 2 ** min(failures - 1, 20), self._max_backoff)
        return pause * random.uniform(0.5, 1.0)

    def _pause(self) -> float | None:
        now = self._clock.elapsed()
        if not self._is_up():
            return self._down_until - now
        due = min((each.due for each in self._unblocked()), default=None)
        return None if due is None else min(max(due, now), max(self._purge_at, now)) - now
