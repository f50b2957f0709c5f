"""The requests of our own calls."""

from __future__ import annotations

from typing import ClassVar

from app.errors import ArgumentInvalid, ArgumentMissing, ArgumentTooLong
from app.models import Platform
from app.wire.message import message
from app.wire.schema import BOOL, INT32, INT64, STRING, list_of, pointer_to, wire

DEFAULT_TTL = 1800
LONGEST_TTL = 86400
LONGEST_CONNECTION_ID = 64
PLATFORMS = frozenset(Platform)
MOST_HEARTBEATS = 1_000
#: Rows of one answer.
LONGEST_PAGE = 10_000


@message
class LeaveReq:
    """`/presence/leave`: which connections to take offline; without `connID` all of the platform's."""

    GO: ClassVar[str] = "presence.LeaveReq"

    conn_id: str | None = wire(STRING, "connID", default=None)
    user_id: str = wire(STRING, "userID")
    platform_id: int | None = wire(INT32, "platformID", default=None)

    def check(self) -> None:
        """Refuse what the types let pass. Raises ArgumentInvalid."""
        _check_connection(self.conn_id, self.platform_id)


@message
class HeartbeatReq:
    """`/presence/heartbeat`: which connection is alive, and for how many seconds to believe it."""

    GO: ClassVar[str] = "presence.HeartbeatReq"

    ttl: int = wire(INT32, "ttl", default=DEFAULT_TTL)
    conn_id: str | None = wire(STRING, "connID", default=None)
    is_background: bool = wire(BOOL, "isBackground")
    user_id: str = wire(STRING, "userID")
    platform_id: int | None = wire(INT32, "platformID", default=None)

    def check(self) -> None:
        """Refuse what the types let pass. Raises ArgumentInvalid."""
        _check_connection(self.conn_id, self.platform_id)
        _check_ttl(self.ttl)


@message
class UserHeartbeat:
    """One connection of a batch; without a `ttl` the batch's counts."""

    GO: ClassVar[str] = "presence.UserHeartbeat"

    user_id: str = wire(STRING, "userID")
    platform_id: int = wire(INT32, "platformID")
    ttl: int | None = wire(INT32, "ttl", default=None)
    conn_id: str = wire(STRING, "connID")
    is_background: bool = wire(BOOL, "isBackground")

    def check(self) -> None:
        """Refuse what the types let pass. Raises ArgumentInvalid or ArgumentMissing."""
        if not self.user_id:
            raise ArgumentMissing("userID is required", "userID")
        _check_connection(self.conn_id, self.platform_id)
        if self.ttl is not None:
            _check_ttl(self.ttl)


@message
class HeartbeatsReq:
    """`/presence/heartbeats`: many connections that are alive."""

    GO: ClassVar[str] = "presence.HeartbeatsReq"

    users: tuple[UserHeartbeat, ...] | None = wire(list_of(pointer_to(UserHeartbeat)), "users")
    ttl: int = wire(INT32, "ttl", default=DEFAULT_TTL)

    def check(self) -> None:
        """Refuse what the types let pass. Raises ArgumentInvalid, ArgumentMissing or ArgumentTooLong."""
        _check_ttl(self.ttl)
        if not self.users:
            raise ArgumentMissing("users is required", "users")
        if len(self.users) > MOST_HEARTBEATS:
            raise ArgumentTooLong(f"users has over {MOST_HEARTBEATS} entries", "users")
        for each in self.users:
            if each is None:
                raise ArgumentMissing("users holds null", "users")
            each.check()


@message
class UserReq:
    """`/presence/user`: whose details."""

    GO: ClassVar[str] = "presence.UserReq"

    user_id: str = wire(STRING, "userID")

    def check(self) -> None:
        """Refuse what the types let pass. Raises ArgumentMissing."""
        if not self.user_id:
            raise ArgumentMissing("userID is required", "userID")


@message
class OnlineReq:
    """`/presence/online`: which part of the list, and of which platform."""

    GO: ClassVar[str] = "presence.OnlineReq"

    platform_id: int | None = wire(INT32, "platformID", default=None)
    limit: int = wire(INT32, "limit", default=1000)
    cursor: str = wire(STRING, "cursor")

    def check(self) -> None:
        """Refuse what the types let pass. Raises ArgumentInvalid."""
        _check_limit(self.limit)


@message
class CountsReq:
    """`/presence/counts` takes nothing."""

    GO: ClassVar[str] = "presence.CountsReq"

    def check(self) -> None:
        """Refuse nothing."""


@message
class ChangesReq:
    """`/presence/changes`: what was seen last; nothing of it is to ask where to begin."""

    GO: ClassVar[str] = "presence.ChangesReq"

    epoch: str = wire(STRING, "epoch")
    since: int = wire(INT64, "since")
    limit: int = wire(INT32, "limit", default=1000)

    def check(self) -> None:
        """Refuse what the types let pass. Raises ArgumentInvalid."""
        _check_limit(self.limit)


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= LONGEST_PAGE:
        raise ArgumentInvalid(f"limit must be from 1 to {LONGEST_PAGE}", "limit")


def _check_ttl(ttl: int) -> None:
    if not 1 <= ttl <= LONGEST_TTL:
        raise ArgumentInvalid(f"ttl must be from 1 to {LONGEST_TTL} seconds", "ttl")


def _check_connection(conn_id: str | None, platform_id: int | None) -> None:
    if len(conn_id or "") > LONGEST_CONNECTION_ID:
        raise ArgumentInvalid(f"connID has over {LONGEST_CONNECTION_ID} characters", "connID")
    if platform_id is not None and platform_id not in PLATFORMS:
        raise ArgumentInvalid("platformID is invalid", "platformID")
