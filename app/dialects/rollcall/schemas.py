"""The requests of our own calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from app.errors import ArgumentInvalid
from app.models import Platform
from app.wire.schema import BOOL, INT32, STRING, wire

DEFAULT_TTL = 1800
LONGEST_TTL = 86400
LONGEST_CONNECTION_ID = 64
PLATFORMS = frozenset(Platform)


@dataclass(frozen=True, slots=True)
class LeaveReq:
    """`/presence/leave`: which connections to take offline; without `connID` all of the platform's."""

    GO: ClassVar[str] = "presence.LeaveReq"

    conn_id: str | None = wire(STRING, "connID", default=None)
    user_id: str = wire(STRING, "userID")
    platform_id: int | None = wire(INT32, "platformID", default=None)

    def check(self) -> None:
        """Refuse what the types let pass. Raises ArgumentInvalid."""
        _check_connection(self.conn_id, self.platform_id)


@dataclass(frozen=True, slots=True)
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
        if not 1 <= self.ttl <= LONGEST_TTL:
            raise ArgumentInvalid(f"ttl must be from 1 to {LONGEST_TTL} seconds", "ttl")


def _check_connection(conn_id: str | None, platform_id: int | None) -> None:
    if len(conn_id or "") > LONGEST_CONNECTION_ID:
        raise ArgumentInvalid(f"connID has over {LONGEST_CONNECTION_ID} characters", "connID")
    if platform_id is not None and platform_id not in PLATFORMS:
        raise ArgumentInvalid("platformID is invalid", "platformID")
