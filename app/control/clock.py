"""The calls about the clock, which tests advance, set and freeze."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..clock import AdjustableClock
from ..errors import ArgumentInvalid
from ..formats.strict import check_range
from ..http.times import timestamp
from ..limits import MAX_SECONDS
from .access import Group
from .call import Call, Context, Nothing

#: The last wall time that can be set, in Unix seconds: the year 2200.
_MAX_NOW = 7_258_118_400


@dataclass(frozen=True)
class SetClock:
    """Exactly one change."""

    advance: float | None = None
    """Seconds."""
    now: str | None = None
    """A time in RFC 3339."""
    offset: float | None = None
    """Seconds ahead of the machine's wall time."""
    frozen: bool | None = None

    def __post_init__(self) -> None:
        given = [each for each in (self.advance, self.now, self.offset, self.frozen) if each is not None]
        if len(given) != 1:
            raise ArgumentInvalid("one of advance, now, offset and frozen has to be given")
        for name, seconds in (("advance", self.advance), ("offset", self.offset)):
            if seconds is not None:
                check_range(name, seconds, -MAX_SECONDS, MAX_SECONDS)


def get_clock(context: Context, request: Nothing) -> object:
    """Return the time, and how it differs from the machine's."""
    return _shown(context, _adjustable(context))


def set_clock(context: Context, request: SetClock) -> object:
    """Change the clock; what becomes due has happened before the answer. Raises ArgumentInvalid."""
    clock, services = _adjustable(context), context.services
    if request.frozen is not None:
        clock.freeze() if request.frozen else clock.thaw()
    else:
        seconds = _seconds(request, clock)
        check_range("now", clock.now() + seconds, 0, _MAX_NOW)
        clock.advance(seconds)
    services.presence.sweep()
    services.presence.wake()
    services.events.wake()
    return _shown(context, clock)


def _seconds(request: SetClock, clock: AdjustableClock) -> float:
    """Return by how many seconds a request moves wall time. Raises ArgumentInvalid."""
    if request.advance is not None:
        return request.advance
    if request.offset is not None:
        return request.offset - clock.state.offset
    try:
        wanted = datetime.fromisoformat(str(request.now))
    except ValueError:
        raise ArgumentInvalid("now has to be a time like 2027-01-01T00:00:00Z", "now") from None
    if wanted.tzinfo is None:
        raise ArgumentInvalid("now has to name its time zone, like 2027-01-01T00:00:00Z", "now")
    return wanted.timestamp() - clock.now()


def _adjustable(context: Context) -> AdjustableClock:
    clock = context.services.clock
    assert isinstance(clock, AdjustableClock), "it is one while the bench is on, as these calls are"
    return clock


def _shown(context: Context, clock: AdjustableClock) -> object:
    offset, _, frozen = clock.state
    return {"now": timestamp(clock.now()), "offset": round(offset, 3), "frozen": frozen is not None}


CALLS = (
    Call("GET", "/clock", Group.BENCH, Nothing, get_clock),
    Call("PUT", "/clock", Group.BENCH, SetClock, set_clock),
)
