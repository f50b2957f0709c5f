"""One thread that brings deliveries to one receiver, at least once, in order for each user.

A delivery that fails is tried again after a pause that grows; what comes later for the same users waits
behind it, what is for others goes on. When several fail in a row the receiver is taken to be down, and then
one delivery at a time finds out whether it is up again.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

from app.clock import Clock

_log = logging.getLogger(__name__)

#: Seconds before the second try; each further pause is twice as long, up to the longest. Of each, a random
#: part of up to a half is left out, so that many do not come at once.
FIRST_PAUSE = 0.5
#: Different deliveries that fail, and nothing else goes well, before the receiver counts as down.
DOWN_AFTER = 3
#: Deliveries that wait in memory behind failed ones, and users whom they are about; beyond that nothing new
#: is begun.
MAX_WAITING = 10_000
MAX_USERS_WAITING = 100_000
#: Seconds that an end waits for a delivery to break off.
_PATIENCE = 10.0
_AT_ONCE = 100
#: Seconds between two looks at what has grown too old.
PURGE_SECONDS = 60.0


class Delivery(NamedTuple):
    """Something to be delivered."""

    number: int
    """Grows with every delivery of a source; those that belong together may share one."""
    users: frozenset[str]
    """In whose order it stands; of nobody's, in that of everybody: all before it comes first."""
    send: Callable[[], str | None]
    """Send it; return why it failed, or None."""
    what: str
    """What it is, for the log."""


class Queue(Protocol):
    """Where deliveries come from."""

    def pending(self, after: int, limit: int) -> tuple[Sequence[Delivery], int]:
        """Return deliveries behind a number, and the number up to which these are all."""
        ...

    def delivered(self, delivery: Delivery) -> None:
        """Take note of a delivery that was made."""
        ...

    def purge_expired(self) -> int:
        """Give up what has grown too old; return the number up to which there is nothing any more."""
        ...

    def sequence(self) -> int:
        """Return a number that is another one when there may be something new."""
        ...

    def wait(self, sequence: int, seconds: float | None) -> None:
        """Wait until there may be something new since `news`, or `seconds` are over."""
        ...

    def wake(self) -> None:
        """End all waiting."""
        ...


class _Waiting:
    """A delivery that failed, or that stands behind one."""

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery
        self.tries = 0
        self.due = 0.0


class DeliveryWorker:
    """The deliveries of one source to one receiver."""

    def __init__(self, name: str, queue: Queue, longest_pause: float, clock: Clock) -> None:
        """Deliver in a thread named after `name`, the receiver as the log calls it."""
        self._name = name
        self._queue = queue
        self._longest = longest_pause
        self._clock = clock
        self._running = False
        self._thread: threading.Thread | None = None
        self._forget()

    def _forget(self) -> None:
        self._read = 0
        self._waiting: list[_Waiting] = []
        self._users_waiting = 0
        # Since the last success: how many tries failed, and of which deliveries.
        self._failures = 0
        self._failing: set[int] = set()
        self._down_until = 0.0
        self._purge_at = 0.0

    def start(self) -> None:
        """Begin to deliver what there is."""
        self._forget()
        self._running = True
        self._thread = threading.Thread(target=self._work, name="rollcall-courier", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; what was not delivered stays where it came from. To be called when nothing can be sent."""
        if self._thread is None:
            return
        self._running = False
        self._queue.wake()
        self._thread.join(_PATIENCE)
        self._thread = None

    def _work(self) -> None:
        while self._running:
            sequence = self._queue.sequence()
            try:
                pause = self._round()
            except Exception:
                if not self._running:
                    return
                # Usually the database is out of reach; nothing is lost, it is all tried again.
                _log.exception("the deliveries to %s were broken off", self._name)
                pause = self._longest
                sequence = self._queue.sequence()
            if self._running:
                self._queue.wait(sequence, pause)

    def _round(self) -> float | None:
        """Deliver what can be delivered now; return after how many seconds there is more to do."""
        now = self._clock.elapsed()
        if now >= self._purge_at:
            self._purge_at = now + PURGE_SECONDS
            self._drop(self._queue.purge_expired())
        # What is new is looked at even after failures: it may be what gets through.
        while self._running and self._is_up():
            is_more = self._read_on()
            self._go_through()
            if not is_more:
                break
        return self._pause()

    def _read_on(self) -> bool:
        """Take up what is new, as far as there is room; tell whether there may be more."""
        if len(self._waiting) >= MAX_WAITING or self._users_waiting >= MAX_USERS_WAITING:
            return False
        fresh, up_to = self._queue.pending(self._read, _AT_ONCE)
        is_more = bool(fresh) or up_to != self._read
        self._read = up_to
        self._waiting += [_Waiting(delivery) for delivery in fresh]
        self._users_waiting += sum(len(delivery.users) for delivery in fresh)
        return is_more

    def _drop(self, up_to: int) -> None:
        self._waiting = [each for each in self._waiting if each.delivery.number > up_to]
        self._users_waiting = sum(len(each.delivery.users) for each in self._waiting)
        self._read = max(self._read, up_to)

    def _go_through(self) -> None:
        """Try everything that may go, what has failed least first."""
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
        for each in self._unhindered():
            if each.due <= now and (best is None or each.tries < best.tries):
                best = each
                if not best.tries:
                    break
        return best

    def _unhindered(self) -> Iterator[_Waiting]:
        """Yield what stands behind nothing of the same users. What is everybody's goes alone."""
        held_up: set[str] = set()
        for each in self._waiting:
            users = each.delivery.users
            if not users:
                if not held_up:
                    yield each
                return
            if held_up.isdisjoint(users):
                yield each
            held_up |= users

    def _try(self, each: _Waiting) -> bool:
        try:
            failure = each.delivery.send()
        except Exception as error:
            _log.exception("a delivery to %s could not be made", self._name)
            failure = type(error).__name__
        if not self._running:
            return False
        if failure is None:
            self._queue.delivered(each.delivery)
            self._recover()
            return True
        each.tries += 1
        each.due = self._clock.elapsed() + self._after(each.tries)
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
            self._down_until = self._clock.elapsed() + self._after(self._failures - DOWN_AFTER + 1)
        if is_first or is_down != was_down:
            state = "is down" if is_down else "fails"
            _log.warning("%s %s, trying again: %s: %a", self._name, state, each.delivery.what, failure)

    def _recover(self) -> None:
        if len(self._failing) >= DOWN_AFTER:
            _log.warning("%s is up again after %d failures", self._name, self._failures)
            for each in self._waiting:
                each.due, each.tries = 0.0, 0
        self._failing.clear()
        self._failures = 0

    def _after(self, failures: int) -> float:
        pause: float = min(FIRST_PAUSE * 2 ** min(failures - 1, 20), self._longest)
        return pause * random.uniform(0.5, 1.0)

    def _pause(self) -> float | None:
        now = self._clock.elapsed()
        if not self._is_up():
            return self._down_until - now
        due = min((each.due for each in self._unhindered()), default=None)
        return None if due is None else min(max(due, now), max(self._purge_at, now)) - now
