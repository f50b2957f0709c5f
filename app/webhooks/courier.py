"""One thread that brings deliveries to one receiver, at least once, in order for each user.

A delivery that fails is tried again after a pause that grows; what comes later for the same users waits
behind it, what is for others goes on. When several fail in a row the receiver is taken to be down, and then
one delivery at a time finds out whether it is up again.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from app.clock import Clock

_log = logging.getLogger(__name__)

#: Seconds before the second try; each further pause is twice as long, up to the longest. Of each, a random
#: part of up to a half is left out, so that many do not come at once.
FIRST_PAUSE = 0.5
#: Deliveries that fail in a row before the receiver counts as down.
DOWN_AFTER = 3
#: Deliveries that wait in memory behind failed ones; beyond that nothing new is begun.
MOST_WAITING = 1000
_AT_ONCE = 100
#: Seconds between two looks at what has grown too old.
_TIDY = 60.0


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


class Source(Protocol):
    """Where deliveries come from."""

    def pending(self, after: int, most: int) -> tuple[Sequence[Delivery], int]:
        """Return deliveries behind a number, and the number up to which these are all."""
        ...

    def delivered(self, delivery: Delivery) -> None:
        """Take note of a delivery that was made."""
        ...

    def tidy(self) -> int:
        """Give up what has grown too old; return the number up to which there is nothing any more."""
        ...

    def news(self) -> int:
        """Return a number that is another one when there may be something new."""
        ...

    def wait(self, news: int, seconds: float | None) -> None:
        """Wait until there may be something new since `news`, or `seconds` are over."""
        ...

    def nudge(self) -> None:
        """End all waiting."""
        ...


class _Waiting:
    """A delivery that failed, or that stands behind one."""

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery
        self.tries = 0
        self.due = 0.0


class Courier:
    """The deliveries of one source to one receiver."""

    def __init__(self, name: str, source: Source, longest_pause: float, clock: Clock) -> None:
        """Deliver in a thread named after `name`, the receiver as the log calls it."""
        self._name = name
        self._source = source
        self._longest = longest_pause
        self._clock = clock
        self._running = False
        self._thread: threading.Thread | None = None
        self._forget()

    def _forget(self) -> None:
        self._read = 0
        self._waiting: list[_Waiting] = []
        self._failures = 0
        self._down_until = 0.0
        self._tidy_at = 0.0

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
        self._source.nudge()
        self._thread.join()
        self._thread = None

    def _work(self) -> None:
        while self._running:
            news = self._source.news()
            try:
                pause = self._round()
            except Exception:
                if not self._running:
                    return
                # Usually the database is out of reach; nothing is lost, it is all tried again.
                _log.exception("the deliveries to %s were broken off", self._name)
                pause = self._longest
                news = self._source.news()
            if self._running:
                self._source.wait(news, pause)

    def _round(self) -> float | None:
        """Deliver what can be delivered now; return after how many seconds there is more to do."""
        now = self._clock.elapsed()
        if now >= self._tidy_at:
            self._tidy_at = now + _TIDY
            self._drop(self._source.tidy())
        self._go_through()
        while self._is_up() and self._running and len(self._waiting) < MOST_WAITING:
            fresh, up_to = self._source.pending(self._read, _AT_ONCE)
            if not fresh and up_to == self._read:
                break
            self._read = up_to
            self._waiting += [_Waiting(delivery) for delivery in fresh]
            self._go_through()
        return self._pause()

    def _drop(self, up_to: int) -> None:
        self._waiting = [each for each in self._waiting if each.delivery.number > up_to]
        self._read = max(self._read, up_to)

    def _go_through(self) -> None:
        """Try everything that nothing holds up."""
        held_up: set[str] = set()
        for each in self._waiting.copy():
            if self._may_go(each, held_up) and self._try(each):
                self._waiting.remove(each)
            else:
                held_up |= each.delivery.users

    def _may_go(self, each: _Waiting, held_up: set[str]) -> bool:
        if not self._running or not self._is_up() or self._clock.elapsed() < each.due:
            return False
        first = self._waiting[0]
        # What is everybody's goes alone, and before it nothing else.
        if not each.delivery.users or not first.delivery.users:
            return each is first
        return held_up.isdisjoint(each.delivery.users)

    def _try(self, each: _Waiting) -> bool:
        failure = each.delivery.send()
        if not self._running:
            return False
        if failure is None:
            self._source.delivered(each.delivery)
            self._recover()
            return True
        each.tries += 1
        each.due = self._clock.elapsed() + self._after(each.tries)
        self._fail(f"{each.delivery.what}: {failure}")
        return False

    def _is_up(self) -> bool:
        return self._clock.elapsed() >= self._down_until

    def _fail(self, reason: str) -> None:
        self._failures += 1
        if self._failures >= DOWN_AFTER:
            self._down_until = self._clock.elapsed() + self._after(self._failures - DOWN_AFTER + 1)
        if self._failures in (1, DOWN_AFTER):
            state = "is down" if self._failures == DOWN_AFTER else "fails"
            _log.warning("%s %s, trying again: %s", self._name, state, reason)

    def _recover(self) -> None:
        if self._failures >= DOWN_AFTER:
            _log.warning("%s is up again after %d failures", self._name, self._failures)
            for each in self._waiting:
                each.due = 0.0
        self._failures = 0

    def _after(self, failures: int) -> float:
        pause: float = min(FIRST_PAUSE * 2 ** min(failures - 1, 20), self._longest)
        return pause * random.uniform(0.5, 1.0)

    def _pause(self) -> float | None:
        if not self._waiting:
            return None if self._is_up() else self._down_until - self._clock.elapsed()
        now = self._clock.elapsed()
        due = max(min(each.due for each in self._waiting), self._down_until)
        return min(max(due - now, 0.05), max(self._tidy_at - now, 0.05))
