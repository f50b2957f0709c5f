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
from app.models import ConnectionEvent, ConnectionEventType, PresenceStatus

#: From here on a number may be a time in Unix ms. OpenIM v2.1.0 sends the milliseconds within the second,
#: which tell nothing; its reports count as they come.
_FIRST_TIME = 10**12
#: Connections of a user that are remembered after they ended, and altogether. Of what is forgotten the time
#: is kept: nothing that old puts an unknown connection online.
_MAX_CLOSED = 4
_MAX_CONNECTIONS = 64


class LastEvent(NamedTuple):
    """What was last said of a connection."""

    time: int
    is_online: bool
    open_count: int
    """How often a connection without a name has come since it last went."""
    kicked: int = 0
    """How many of those were kicked and have yet to go."""


class UserHistory(NamedTuple):
    """What was said of a user's connections, by name, or by platform of those without one."""

    last_events: Mapping[str | int, LastEvent]
    forgotten: int = 0
    """The newest time among what was forgotten: no connection that is unknown began before it."""
    offline_since: Mapping[int, int] = {}
    """When a platform was last said to be left altogether, 0 for all: no connection there is from before."""


class Gateways:
    """The reports of all gateways."""

    def __init__(self, heartbeats: Heartbeats, presence: Presence) -> None:
        self._heartbeats = heartbeats
        self._presence = presence
        # Held over judging and doing, so that presence sees reports in the order in which they were judged.
        self._lock = threading.Lock()
        self._histories: dict[str, UserHistory] = {}

    def apply(self, events: Sequence[ConnectionEvent]) -> None:
        """Follow reports in their order; those about who may not be present do not matter."""
        user_ids = {apply.user_id for apply in events}
        refused_users = self._heartbeats.not_allowed(user_ids)
        for apply in events:
            # Of who is blocked is remembered what was said, so that it is not news when the block is over.
            why = refused_users.get(apply.user_id)
            if not isinstance(why, UserNotFound):
                with self._lock, contextlib.suppress(TooManyConnections):
                    self._follow(apply, may_be_there=why is None)
        self._heartbeats.disconnect_disallowed(user_ids.difference(refused_users))

    def forget(self, user_id: str) -> None:
        """Forget what was said of a user who was deleted."""
        with self._lock:
            self._histories.pop(user_id, None)

    def clear(self) -> None:
        """Forget everything that was said: presence is empty again."""
        with self._lock:
            self._histories.clear()

    def _follow(self, apply: ConnectionEvent, may_be_there: bool) -> None:
        history = self._histories.get(apply.user_id) or UserHistory({})
        name = apply.connection_id or apply.platform_id or 0
        after = _judged(apply, history.last_events.get(name), history)
        if after is None:
            return
        self._histories[apply.user_id] = _remembering(history, name, after, apply)
        if not after.is_online:
            self._leave(apply)
        elif apply.type is ConnectionEventType.ONLINE and may_be_there:
            assert apply.platform_id is not None, "who comes online does so on a platform"
            self._presence.touch(
                apply.user_id, apply.platform_id, apply.ttl, apply.connection_id, apply.is_background
            )

    def _leave(self, apply: ConnectionEvent) -> None:
        # A gateway that names no connection means all that it has there.
        why = PresenceStatus.KICKED if apply.type is ConnectionEventType.KICKED else PresenceStatus.LEFT
        platform_id = None if apply.connection_id else apply.platform_id
        self._presence.leave(apply.user_id, platform_id, apply.connection_id or None, why)


def _judged(apply: ConnectionEvent, before: LastEvent | None, history: UserHistory) -> LastEvent | None:
    """Return what is now said of the connection; None if the report says nothing new."""
    if apply.type is ConnectionEventType.KICKED and before is None:
        # It does not say which of the connections that have names it means; that one's end will.
        return None
    if apply.time >= _FIRST_TIME and not _is_news(apply, before, history):
        return None
    open_count, kicked = (before.open_count, before.kicked) if before else (0, 0)
    if apply.type is ConnectionEventType.ONLINE:
        return LastEvent(apply.time, True, open_count + 1, kicked)
    if apply.type is ConnectionEventType.KICKED:
        # The one that was there before goes, and the one for whose sake it goes stays.
        return LastEvent(apply.time, open_count > 1, open_count - 1, kicked + 1)
    if kicked and open_count:
        return LastEvent(apply.time, True, open_count, kicked - 1)
    return LastEvent(apply.time, False, 0)


def _is_news(apply: ConnectionEvent, before: LastEvent | None, history: UserHistory) -> bool:
    is_online = apply.type is ConnectionEventType.ONLINE
    left = max(history.offline_since.get(0, 0), history.offline_since.get(apply.platform_id or 0, 0))
    if is_online and apply.time <= left:
        return False
    if before is None:
        return not is_online or apply.time > history.forgotten
    if apply.time == before.time:
        return before.is_online and not is_online
    return apply.time > before.time


def _remembering(
    history: UserHistory, name: str | int, after: LastEvent, apply: ConnectionEvent
) -> UserHistory:
    """Return the memory with what is said of a connection, and without the oldest of too many."""
    last_events = {**history.last_events, name: after}
    forgotten = history.forgotten
    eof_error = [each for each in last_events if not last_events[each].is_online]
    for names, limit in ((eof_error, _MAX_CLOSED), (list(last_events), _MAX_CONNECTIONS)):
        names = [each for each in names if each in last_events and each != name]
        names.sort(key=lambda each: last_events[each].time)
        for each in names[: max(len(names) - limit, 0)]:
            forgotten = max(forgotten, last_events.pop(each).time)
    offline_since = history.offline_since
    if not after.is_online and isinstance(name, int):
        offline_since = {**offline_since, name: max(offline_since.get(name, 0), apply.time)}
    return UserHistory(last_events, forgotten, offline_since)
