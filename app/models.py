"""The immutable records that the layers exchange, without behaviour or wire names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, NamedTuple

#: Seconds in a day.
DAY = 86_400


class Platform(IntEnum):
    """The platform ids that all dialects share (OpenIM protocol, constant/platform_id_to_name.go).

    Each dialect has its own wire names for them. OpenIM accepts other ids in places; they stay plain ints.
    """

    IOS = 1
    ANDROID = 2
    WINDOWS = 3
    OSX = 4
    WEB = 5
    MINI_WEB = 6
    LINUX = 7
    ANDROID_PAD = 8
    IPAD = 9
    ADMIN = 10
    HARMONY_OS = 11


class User(NamedTuple):
    """A registered user with the profile fields of all dialects; the fields are columns of table users."""

    user_id: str
    nickname: str = ""
    face_url: str = ""
    gender: int = 0
    phone_number: str = ""
    birth: int = 0
    """Unix seconds; 0 if not given."""
    email: str = ""
    ex: str = ""
    """Application-defined text, usually JSON."""
    level: int = 0
    """OpenIM's appMangerLevel, as sent."""
    global_recv_msg_opt: int = 0
    created_at: int = 0
    """Unix milliseconds; set at registration."""


class UserChanges(NamedTuple):
    """Profile fields to overwrite; None leaves a field unchanged."""

    nickname: str | None = None
    face_url: str | None = None
    ex: str | None = None
    global_recv_msg_opt: int | None = None
    gender: int | None = None
    phone_number: str | None = None
    birth: int | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class UserRegistered:
    """The registration of one or more users in one call."""

    kind: ClassVar[str] = "user_registered"
    users: tuple[User, ...]

    @property
    def user_ids(self) -> frozenset[str]:
        """The users concerned."""
        return frozenset(user.user_id for user in self.users)


@dataclass(frozen=True, slots=True)
class UserUpdated:
    """An update of a user's profile."""

    kind: ClassVar[str] = "user_updated"
    user_id: str
    changes: UserChanges
    exact: bool
    """Whether the update came from OpenIM's update_user_info_ex, which can also write empty values."""

    @property
    def user_ids(self) -> frozenset[str]:
        """The users concerned."""
        return frozenset({self.user_id})


UserEvent = UserRegistered | UserUpdated


class OutboxEntry(NamedTuple):
    """An event that is still to be delivered."""

    number: int
    """Increases with every new entry."""
    id: str
    kind: str
    """The `kind` of its event."""
    user_ids: frozenset[str]
    """The users concerned."""


class OutboxTotals(NamedTuple):
    """What the outbox holds."""

    entries: int
    bytes: int
    """Of their content."""
    dropped: int
    """How many were dropped because it was full, since the database was made."""


class Page(NamedTuple):
    """A slice of a list: up to `size` entries after the first `offset`; empty if `size` is below 1."""

    offset: int
    size: int

    def within(self, total: int) -> Page:
        """Return the same slice of a list with `total` entries, not larger than what there is."""
        offset = max(self.offset, 0)
        return Page(offset, max(min(self.size, total - offset), 0))


#: The whole list.
EVERYTHING = Page(0, 2**63 - 1)


class UserFilter(NamedTuple):
    """Conditions on users, all of which must hold.

    `id_part`, `nickname_part` and `or_id` together are one condition: any of those given must match.
    """

    levels: tuple[int, int] | None = None
    """The lowest and the highest level, inclusive."""
    nickname: str | None = None
    user_ids: Sequence[str] | None = None
    without: Sequence[str] = ()
    """Ids to leave out."""
    id_part: str = ""
    """A substring of the id; ASCII letters match in either case."""
    nickname_part: str = ""
    """A substring of the nickname; ASCII letters match in either case."""
    or_id: str = ""
    """A user id, matched exactly."""


class Registrations(NamedTuple):
    """Counts of registered users."""

    total: int
    before: int
    """Users registered before the requested interval."""
    per_day: Mapping[str, int]
    """Registrations in the requested interval by UTC day (`2023-11-14`); days without any are absent."""


class UserCommand(NamedTuple):
    """A small record that an application stores for a user (OpenIM's process_user_command calls)."""

    type: int
    uuid: str
    value: str
    ex: str
    created_at: int
    """Unix seconds."""


class UserAttribute(NamedTuple):
    """A named value of a user within a namespace."""

    seq: int
    """Increases with every new attribute; overwriting the value keeps it."""
    user_id: str
    name: str
    value: str


class Subscription(NamedTuple):
    """A user whose presence a subscriber follows."""

    seq: int
    """Increases with every new subscription."""
    user_id: str
    """The user who is followed."""
    since: int
    """Unix milliseconds."""
    until: int
    """Unix seconds; 0 means no end."""


@dataclass(frozen=True, slots=True)
class TokenFormat:
    """A kind of token: its lifetime, and how its claims encode times."""

    name: str
    """The value of the `format` column of the tokens table."""
    lifetime: int
    """Seconds from issue to expiry."""
    iat_offset: int = 0
    """Seconds that `iat` is set before the time of issue."""
    iat_per_second: int = 1
    """Units of `iat` in a second: 1 in a JWT, 1000 in RongCloud's tokens."""
    dialect: str = ""
    """The dialect that issues them."""
    generation: str = ""
    """The generation of the dialect; empty if it has none."""
    secret_setting: str = ""
    """The environment variable of the secret that signs them."""


class Token(NamedTuple):
    """The claims that identify an issued token. Its text is not stored: claims and secret reproduce it."""

    user_id: str
    platform_id: int
    format: str
    issuer: str
    """The RongCloud app key that the token is for; empty for OpenIM tokens."""
    iat: int
    """The time of issue that the token states: Unix seconds in a JWT, milliseconds in a RongCloud token."""
    exp: int
    """Unix seconds."""
    signing_key: str
    """Fingerprint of the secret that signed it."""


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A token to be issued."""

    user_id: str
    platform_id: int
    format: TokenFormat
    signing_keys: tuple[str, ...]
    """Fingerprints: the first key signs, and a token signed with any of them is genuine."""
    issuer: str = ""
    expires_in: int | None = None
    """Seconds until it expires, if not those of the format; below 1, it is expired already."""


class TokenState(IntEnum):
    """The states of an issued token (OpenIM protocol, constant/constant.go); 1 is not used."""

    NORMAL = 0
    KICKED = 2
    EXPIRED = 3
    """It was made to answer as expired."""


@dataclass(frozen=True, slots=True)
class DecodedToken:
    """A token that a client presented. Do not trust its claims until `Tokens.verify` has accepted it."""

    format: str
    iat: float | None
    """Unix seconds, as are `nbf` and `exp`; None if the token does not state it."""
    nbf: float | None
    exp: float | None
    signature_error: str | None
    """Why the signature is invalid, in the words of OpenIM's JWT library; None if it is valid."""
    token: Token | None
    """None if the signature is invalid or Rollcall would have encoded these claims differently."""


class Connection(NamedTuple):
    """One live connection of a user."""

    platform_id: int
    connection_id: str
    is_background: bool
    expires_in: float
    """Seconds until it lapses without another heartbeat."""


class Heartbeat(NamedTuple):
    """A report that a connection is alive."""

    user_id: str
    platform_id: int
    ttl: float
    """Seconds that the report is valid."""
    connection_id: str = ""
    is_background: bool = False


class ConnectionEventType(IntEnum):
    """The kinds of events that gateways report."""

    ONLINE = 1
    OFFLINE = 2
    KICKED = 3
    """A newer connection replaces it; OFFLINE is reported as well."""


class ConnectionEvent(NamedTuple):
    """A gateway's report about one connection."""

    type: ConnectionEventType
    user_id: str
    platform_id: int | None
    """None if an OFFLINE report does not name the platform; the other types always do."""
    connection_id: str
    """Empty if the gateway does not name the connection; the report is then about the platform."""
    time: int
    """Unix milliseconds by the gateway's clock."""
    ttl: float = 0
    """Seconds that an ONLINE report is valid."""
    is_background: bool = False


class PresenceStatus(IntEnum):
    """The kinds of presence changes."""

    ONLINE = 1
    """It came online, or moved to the background or out of it."""
    LEFT = 2
    """It, or its gateway, reported that it went offline."""
    LAPSED = 3
    """No heartbeat arrived before its deadline."""
    KICKED = 4
    """Its token was revoked, its gateway kicked it, or its user was blocked or deleted."""


class PresenceChange(NamedTuple):
    """A change of one connection."""

    number: int
    """Consecutive, from 1 for the first change of the epoch."""
    user_id: str
    platform_id: int
    connection_id: str
    status: PresenceStatus
    is_background: bool
    time: int
    """Unix milliseconds."""


class PresenceChanges(NamedTuple):
    """The changes after a given number."""

    epoch: str
    number: int
    """The number of the newest change."""
    changes: list[PresenceChange] | None
    """In order; None if the given number is not of this epoch, or changes after it have been dropped."""


class PresenceDetails(NamedTuple):
    """A user's live connections, and when the user was last seen."""

    connections: tuple[Connection, ...]
    last_seen: int | None
    """Unix milliseconds; None if the user was not seen since the start."""


class PresencePage(NamedTuple):
    """A page of the online users."""

    epoch: str
    number: int
    """The newest change when reading began: to keep the page up to date, follow the changes from there."""
    users: list[tuple[str, tuple[Connection, ...]]]
    cursor: int | None
    """Where the next page begins; None on the last page."""


class PresenceCounts(NamedTuple):
    """Counts of online users and connections."""

    epoch: str
    number: int
    """The newest change that is counted."""
    users: int
    connections: int
    by_platform: Mapping[int, int]
    """Users by platform id; a user who is online on two platforms counts in both."""
