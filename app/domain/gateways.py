"""What gateways report about connections, put in order: deliveries come late, twice and crosswise.

A report is judged by its own time and its connection. What a gateway said last of a connection counts; what
is older, or was said before, changes nothing. So a delivery that was held up never puts somebody online who
has gone since.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.domain.heartbeats import Heartbeats
from app.domain.presence import Presence
from app.errors import TooManyConnections, UserNotFound
from app.models import GatewayReport, GatewayWord, PresenceStatus

#: From here on a number may be a time in Unix ms. OpenIM v2.1.0 sends the milliseconds within the second,
#: which tell nothing; its reports count as they come.
_FIRST_TIME = 10**12
#: Connections of a user that are remembered after they ended, and altogether. Of what is forgotten the time
#: is kept: nothing that old puts an unknown connection online.
_MOST_ENDED = 4
_MOST = 64


class _Said(NamedTuple):
    """What was last said of a connection."""

    time: int
    is_online: bool
    arrivals: int
    """How often a connection without a name has come since it last went."""
    kicked: int = 0
    """How many of those were kicked and have yet to go."""


class _Memory(NamedTuple):
    """What was said of a user's connections, by name, or by platform of those without one."""

    said: Mapping[str | int, _Said]
    forgotten: int = 0
    """The newest time among what was forgotten: no connection that is unknown began before it."""
    gone: Mapping[int, int] = {}
    """When a platform was last said to be left altogether, 0 for all: no connection there is from before."""


class Gateways:
    """The reports of all gateways."""

    def __init__(self, heartbeats: Heartbeats, presence: Presence) -> None:
        self._heartbeats = heartbeats
        self._presence = presence
        # Held over judging and doing, so that presence sees reports in the order in which they were judged.
        self._lock = threading.Lock()
        self._memories: dict[str, _Memory] = {}

    def report(self, reports: Sequence[GatewayReport]) -> None:
        """Follow reports in their order; those about who may not be present do not matter."""
        user_ids = {report.user_id for report in reports}
        absent = self._heartbeats.absent(user_ids)
        for report in reports:
            # Of who is blocked is remembered what was said, so that it is not news when the block is over.
            why = absent.get(report.user_id)
            if not isinstance(why, UserNotFound):
                with self._lock, contextlib.suppress(TooManyConnections):
                    self._follow(report, may_be_there=why is None)
        self._heartbeats.remove_absent(user_ids.difference(absent))

    def forget(self, user_id: str) -> None:
        """Forget what was said of a user who was deleted."""
        with self._lock:
            self._memories.pop(user_id, None)

    def clear(self) -> None:
        """Forget everything that was said: presence is empty again."""
        with self._lock:
            self._memories.clear()

    def _follow(self, report: GatewayReport, may_be_there: bool) -> None:
        memory = self._memories.get(report.user_id) or _Memory({})
        name = report.connection_id or report.platform_id or 0
        after = _judged(report, memory.said.get(name), memory)
        if after is None:
            return
        self._memories[report.user_id] = _remembering(memory, name, after, report)
        if not after.is_online:
            self._leave(report)
        elif report.word is GatewayWord.ONLINE and may_be_there:
            assert report.platform_id is not None, "who comes online does so on a platform"
            self._presence.touch(
                report.user_id, report.platform_id, report.ttl, report.connection_id, report.is_background
            )

    def _leave(self, report: GatewayReport) -> None:
        # A gateway that names no connection means all that it has there.
        why = PresenceStatus.KICKED if report.word is GatewayWord.KICKED else PresenceStatus.LEFT
        platform_id = None if report.connection_id else report.platform_id
        self._presence.leave(report.user_id, platform_id, report.connection_id or None, why)


def _judged(report: GatewayReport, before: _Said | None, memory: _Memory) -> _Said | None:
    """Return what is now said of the connection; None if the report says nothing new."""
    if report.word is GatewayWord.KICKED and before is None:
        # It does not say which of the connections that have names it means; that one's end will.
        return None
    if report.time >= _FIRST_TIME and not _is_news(report, before, memory):
        return None
    arrivals, kicked = (before.arrivals, before.kicked) if before else (0, 0)
    if report.word is GatewayWord.ONLINE:
        return _Said(report.time, True, arrivals + 1, kicked)
    if report.word is GatewayWord.KICKED:
        # The one that was there before goes, and the one for whose sake it goes stays.
        return _Said(report.time, arrivals > 1, arrivals - 1, kicked + 1)
    if kicked and arrivals:
        return _Said(report.time, True, arrivals, kicked - 1)
    return _Said(report.time, False, 0)


def _is_news(report: GatewayReport, before: _Said | None, memory: _Memory) -> bool:
    is_online = report.word is GatewayWord.ONLINE
    left = max(memory.gone.get(0, 0), memory.gone.get(report.platform_id or 0, 0))
    if is_online and report.time <= left:
        return False
    if before is None:
        return not is_online or report.time > memory.forgotten
    if report.time == before.time:
        return before.is_online and not is_online
    return report.time > before.time


def _remembering(memory: _Memory, name: str | int, after: _Said, report: GatewayReport) -> _Memory:
    """Return the memory with what is said of a connection, and without the oldest of too many."""
    said = {**memory.said, name: after}
    forgotten = memory.forgotten
    ended = [each for each in said if not said[each].is_online]
    for names, most in ((ended, _MOST_ENDED), (list(said), _MOST)):
        names = [each for each in names if each in said and each != name]
        names.sort(key=lambda each: said[each].time)
        for each in names[: max(len(names) - most, 0)]:
            forgotten = max(forgotten, said.pop(each).time)
    gone = memory.gone
    if not after.is_online and isinstance(name, int):
        gone = {**gone, name: max(gone.get(name, 0), report.time)}
    return _Memory(said, forgotten, gone)
