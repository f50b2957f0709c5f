"""The requests of Rollcall's own calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...errors import ArgumentInvalid, ArgumentMissing, ArgumentTooLong
from ...formats.schema import BOOL, INT32, INT64, STRING, GoRequest, field, list_of, pointer_to
from ...limits import MAX_CONNECTION_ID_CHARS, MAX_TTL
from ...models import Platform

DEFAULT_TTL = 1800
PLATFORMS = frozenset(Platform)
MAX_HEARTBEATS = 1_000
#: Maximum entries of one answer.
MAX_PAGE_SIZE = 10_000


class Checked(GoRequest):
    """A request with checks beyond its types."""

    __slots__ = ()
    GO_PACKAGE: ClassVar[str] = "presence"

    def check(self) -> None:
        """Check what the types do not. Raises ArgumentInvalid."""


@dataclass(slots=True)
class LeaveReq(Checked):
    """`/presence/leave`: connections to take offline; without `connID` all on the platform."""

    conn_id: str | None = field(STRING, "connID", default=None)
    user_id: str = field(STRING, "userID")
    platform_id: int | None = field(INT32, "platformID", default=None)

    def check(self) -> None:
        _check_connection(self.conn_id, self.platform_id)


@dataclass(slots=True)
class HeartbeatReq(Checked):
    """`/presence/heartbeat`: a connection is alive, for `ttl` seconds."""

    ttl: int = field(INT32, "ttl", default=DEFAULT_TTL)
    conn_id: str | None = field(STRING, "connID", default=None)
    is_background: bool = field(BOOL, "isBackground")
    user_id: str = field(STRING, "userID")
    platform_id: int | None = field(INT32, "platformID", default=None)

    def check(self) -> None:
        _check_connection(self.conn_id, self.platform_id)
        _check_ttl(self.ttl)


@dataclass(slots=True)
class UserHeartbeat(Checked):
    """One connection of a batch; without a `ttl` it has the batch's."""

    user_id: str = field(STRING, "userID")
    platform_id: int = field(INT32, "platformID")
    ttl: int | None = field(INT32, "ttl", default=None)
    conn_id: str = field(STRING, "connID")
    is_background: bool = field(BOOL, "isBackground")

    def check(self) -> None:
        if not self.user_id:
            raise ArgumentMissing("userID is required", "userID")
        _check_connection(self.conn_id, self.platform_id)
        if self.ttl is not None:
            _check_ttl(self.ttl)


@dataclass(slots=True)
class HeartbeatsReq(Checked):
    """`/presence/heartbeats`: many connections are alive."""

    users: tuple[UserHeartbeat, ...] | None = field(list_of(pointer_to(UserHeartbeat)), "users")
    ttl: int = field(INT32, "ttl", default=DEFAULT_TTL)

    def check(self) -> None:
        _check_ttl(self.ttl)
        if not self.users:
            raise ArgumentMissing("users is required", "users")
        if len(self.users) > MAX_HEARTBEATS:
            raise ArgumentTooLong(f"users has over {MAX_HEARTBEATS} entries", "users")
        for each in self.users:
            if each is None:
                raise ArgumentMissing("users holds null", "users")
            each.check()


@dataclass(slots=True)
class UserReq(Checked):
    """`/presence/user`: a user."""

    user_id: str = field(STRING, "userID")

    def check(self) -> None:
        if not self.user_id:
            raise ArgumentMissing("userID is required", "userID")


@dataclass(slots=True)
class OnlineReq(Checked):
    """`/presence/online`: a page, of all platforms or one."""

    platform_id: int | None = field(INT32, "platformID", default=None)
    limit: int = field(INT32, "limit", default=1000)
    cursor: str = field(STRING, "cursor")

    def check(self) -> None:
        _check_limit(self.limit)


@dataclass(slots=True)
class CountsReq(Checked):
    """`/presence/counts`: no parameters."""


@dataclass(slots=True)
class ChangesReq(Checked):
    """`/presence/changes`: the last number that the caller knows; without one the answer is a reset."""

    epoch: str = field(STRING, "epoch")
    since: int = field(INT64, "since")
    limit: int = field(INT32, "limit", default=1000)

    def check(self) -> None:
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
