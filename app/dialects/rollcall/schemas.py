"""The requests of our own calls."""

from __future__ import annotations

from typing import ClassVar

from app.errors import ArgumentInvalid, ArgumentMissing, ArgumentTooLong
from app.models import Platform
from app.wire.message import message
from app.wire.schema import BOOL, INT32, INT64, STRING, field, list_of, pointer_to

DEFAULT_TTL = 1800
MAX_TTL = 86400
MAX_CONNECTION_ID_CHARS = 64
PLATFORMS = frozenset(Platform)
MAX_HEARTBEATS = 1_000
#: Rows of one answer.
MAX_PAGE_SIZE = 10_000


@message
class LeaveReq:
    """`/presence/leave`: which connections to take offline; without `connID` all of the platform's."""

    GO_TYPE: ClassVar[str] = "presence.LeaveReq"

    conn_id: str | None = field(STRING, "connID", default=None)
    user_id: str = field(STRING, "userID")
    platform_id: int | None = field(INT32, "platformID", default=None)

    def check(self) -> None:
        """Refuse what the types let pass. Raises ArgumentInvalid."""
        _check_connection(self.conn_id, self.platform_id)


@message
class HeartbeatReq:
    """`/presence/heartbeat`: which connection is alive, and for how many seconds to believe it."""

    GO_TYPE: ClassVar[str] = "presence.HeartbeatReq"

    ttl: int = field(INT32, "ttl", default=DEFAULT_TTL)
    conn_id: str | None = field(STRING, "connID", default=None)
    is_background: bool = field(BOOL, "isBackground")
    user_id: str = field(STRING, "userID")
    platform_id: int | None = field(INT32, "platformID", default=None)

    def check(self) -> None:
        """Refuse what the types let pass. Raises ArgumentInvalid."""
        _check_connection(self.conn_id, self.platform_id)
        _check_ttl(self.ttl)


@message
class UserHeartbeat:
    """One connection of a batch; without a `ttl` the batch's counts."""

    GO_TYPE: ClassVar[str] = "presence.UserHeartbeat"

    user_id: str = field(STRING, "userID")
    platform_id: int = field(INT32, "platformID")
    ttl: int | None = field(INT32, "ttl", default=None)
    conn_id: str = field(STRING, "connID")
    is_background: bool = field(BOOL, "isBackground")

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

    GO_TYPE: ClassVar[str] = "presence.HeartbeatsReq"

    users: tuple[UserHeartbeat, ...] | None = field(list_of(pointer_to(UserHeartbeat)), "users")
    ttl: int = field(INT32, "ttl", default=DEFAULT_TTL)

    def check(self) -> None:
        """Refuse what the types let pass. Raises ArgumentInvalid, ArgumentMissing or ArgumentTooLong."""
        _check_ttl(self.ttl)
        if not self.users:
            raise ArgumentMissing("users is required", "users")
        if len(self.users) > MAX_HEARTBEATS:
            raise ArgumentTooLong(f"users has over {MAX_HEARTBEATS} entries", "users")
        for each in self.users:
            if each is None:
                raise ArgumentMissing("users holds null", "users")
            each.check()


@message
class UserReq:
    """`/presence/user`: whose details."""

    GO_TYPE: ClassVar[str] = "presence.UserReq"

    user_id: str = field(STRING, "userID")

    def check(self) -> None:
        """Refuse what the types let pass. Raises ArgumentMissing."""
        if not self.user_id:
            raise ArgumentMissing("userID is required", "userID")


@message
class OnlineReq:
    """`/presence/online`: which part of the list, and of which platform."""

    GO_TYPE: ClassVar[str] = "presence.OnlineReq"

    platform_id: int | None = field(INT32, "platformID", default=None)
    limit: int = field(INT32, "limit", default=1000)
    cursor: str = field(STRING, "cursor")

    def check(self) -> None:
        """Refuse what the types let pass. Raises ArgumentInvalid."""
        _check_limit(self.limit)


@message
class CountsReq:
    """`/presence/counts` takes nothing."""

    GO_TYPE: ClassVar[str] = "presence.CountsReq"

    def check(self) -> None:
        """Refuse nothing."""


@message
class ChangesReq:
    """`/presence/changes`: what was seen last; nothing of it is to ask where to begin."""

    GO_TYPE: ClassVar[str] = "presence.ChangesReq"

    epoch: str = field(STRING, "epoch")
    since: int = field(INT64, "since")
    limit: int = field(INT32, "limit", default=1000)

    def check(self) -> None:
        """Refuse what the types let pass. Raises ArgumentInvalid."""
        _check_limit(self.limit)


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= MAX_PAGE_SIZE:
        raise ArgumentInvalid(f"limit must be from 1 to {MAX_PAGE_SIZE}", "limit")


def _check_ttl(ttl: int) -> None:
    if not 1 <= ttl <= MAX_TTL:
        raise ArgumentInvalid(f"ttl must be from 1 to {MAX_TTL} seconds", "ttl")


def _check_connection(conn_id: str | None, platform_id: int | None) -> None:
    if len(conn_id or "") > MAX_CONNECTION_ID_CHARS:
        raise ArgumentInvalid(f"connID has over {MAX_CONNECTION_ID_CHARS} characters", "connID")
    if platform_id is not None and platform_id not in PLATFORMS:
        raise ArgumentInvalid("platformID is invalid", "platformID")
