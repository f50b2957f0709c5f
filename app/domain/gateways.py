"""Apply the connection events that gateways report, which may arrive late, twice and out of order.

Events are ordered by their own time, for each connection. An event that is older than the last one of its
connection, or repeats it, is ignored, so a delayed event never puts a user online who has left since.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..errors import TooManyConnections, UserNotFound
from ..models import ConnectionEvent, ConnectionEventType, PresenceStatus
from .heartbeats import Heartbeats
from .presence import Presence

#: Lower numbers are not a time in Unix ms: OpenIM v2.1.0 sends only the milliseconds within the second. Such
#: events are applied in order of arrival.
_MIN_TIME = 10**12
#: Maximum number of connections in the history of a user: closed ones, and all. Of those dropped, only the
#: newest time is kept: an ONLINE event of an unknown connection has to be newer.
_MAX_CLOSED = 4
_MAX_CONNECTIONS = 64


class LastEvent(NamedTuple):
    """The state of a connection after its last event."""

    time: int
    """The gateway's time of that event, in Unix milliseconds."""
    is_online: bool
    open_count: int
    """ONLINE events since it last went offline, minus kicks; without connection ids, the open connections."""
    kicked: int = 0
    """Kicks whose OFFLINE event has not arrived yet."""


class UserHistory(NamedTuple):
    """What the gateways reported about a user."""

    last_events: Mapping[str | int, LastEvent]
    """By connection id, or by platform id (0 if there is none) for events without connection id."""
    forgotten: int = 0
    """The newest time (Unix ms) among dropped entries of `last_events`."""
    offline_since: Mapping[int, int] = {}
    """The newest time (Unix ms) at which a platform, or all of them (0), was reported offline as a whole."""


class Gateways:
    """Applies the events of all gateways to presence."""

    def __init__(self, heartbeats: Heartbeats, presence: Presence) -> None:
        self._heartbeats = heartbeats
        self._presence = presence
        # Held while an event is compared and applied, so that presence sees events in the same order.
        self._lock = threading.Lock()
        self._histories: dict[str, UserHistory] = {}

    def apply(self, events: Sequence[ConnectionEvent]) -> None:
        """Apply events in the given order. Events of unknown or blocked users put no connection online.

        Raises ArgumentTooLong or StorageUnavailable.
        """
        user_ids = {event.user_id for event in events}
        not_allowed = self._heartbeats.not_allowed(user_ids)
        for event in events:
            reason = not_allowed.get(event.user_id)
            # The history of blocked users goes on: a late event must not count as new after the block.
            if not isinstance(reason, UserNotFound):
                with self._lock, contextlib.suppress(TooManyConnections):
                    self._apply(event, is_allowed=reason is None)
        self._heartbeats.disconnect_disallowed(user_ids.difference(not_allowed))

    def forget(self, user_id: str) -> None:
        """Drop the history of a deleted user."""
        with self._lock:
            self._histories.pop(user_id, None)

    def clear(self) -> None:
        """Drop the history of all users, when presence is emptied."""
        with self._lock:
            self._histories.clear()

    def _apply(self, event: ConnectionEvent, is_allowed: bool) -> None:
        history = self._histories.get(event.user_id) or UserHistory({})
        key = event.connection_id or event.platform_id or 0
        after = _next_state(event, history.last_events.get(key), history)
        if after is None:
            return
        self._histories[event.user_id] = _updated(history, key, after, event)
        if not after.is_online:
            self._leave(event)
        elif event.type is ConnectionEventType.ONLINE and is_allowed:
            assert event.platform_id is not None, "ONLINE events name a platform"
            self._presence.touch(
                event.user_id, event.platform_id, event.ttl, event.connection_id, event.is_background
            )

    def _leave(self, event: ConnectionEvent) -> None:
        # Without a connection id, the event ends all connections on the platform.
        status = PresenceStatus.KICKED if event.type is ConnectionEventType.KICKED else PresenceStatus.LEFT
        platform_id = None if event.connection_id else event.platform_id
        self._presence.leave(event.user_id, platform_id, event.connection_id or None, status)


def _next_state(event: ConnectionEvent, before: LastEvent | None, history: UserHistory) -> LastEvent | None:
    """Return the state of the connection after the event; None if the event is to be ignored."""
    if event.type is ConnectionEventType.KICKED and before is None:
        # It does not say which of the connections with an id was kicked; the OFFLINE event of that one will.
        return None
    if event.time >= _MIN_TIME and not _is_new(event, before, history):
        return None
    open_count, kicked = (before.open_count, before.kicked) if before else (0, 0)
    if event.type is ConnectionEventType.ONLINE:
        return LastEvent(event.time, True, open_count + 1, kicked)
    if event.type is ConnectionEventType.KICKED:
        # The older connection ends; the newer one that replaces it, if there is one, stays.
        return LastEvent(event.time, open_count > 1, open_count - 1, kicked + 1)
    if kicked and open_count:
        return LastEvent(event.time, True, open_count, kicked - 1)
    return LastEvent(event.time, False, 0)


def _is_new(event: ConnectionEvent, before: LastEvent | None, history: UserHistory) -> bool:
    is_online = event.type is ConnectionEventType.ONLINE
    offline_since = max(history.offline_since.get(0, 0), history.offline_since.get(event.platform_id or 0, 0))
    if is_online and event.time <= offline_since:
        return False
    if before is None:
        return not is_online or event.time > history.forgotten
    if event.time == before.time:
        return before.is_online and not is_online
    return event.time > before.time


def _updated(history: UserHistory, key: str | int, after: LastEvent, event: ConnectionEvent) -> UserHistory:
    """Return the history with the new state of a connection, dropping the oldest beyond the maximum."""
    last_events = {**history.last_events, key: after}
    forgotten = history.forgotten
    closed = [each for each in last_events if not last_events[each].is_online]
    for keys, limit in ((closed, _MAX_CLOSED), (list(last_events), _MAX_CONNECTIONS)):
        keys = [each for each in keys if each in last_events and each != key]
        keys.sort(key=lambda each: last_events[each].time)
        for each in keys[: max(len(keys) - limit, 0)]:
            forgotten = max(forgotten, last_events.pop(each).time)
    offline_since = history.offline_since
    if not after.is_online and isinstance(key, int):
        offline_since = {**offline_since, key: max(offline_since.get(key, 0), event.time)}
    return UserHistory(last_events, forgotten, offline_since)
