"""What the layers hand each other: frozen records, no behaviour, no wire names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, NamedTuple

#: Seconds.
DAY = 86_400


class Platform(IntEnum):
    """The platform ids that all dialects share (OpenIM protocol, constant/platform_id_to_name.go).

    What a platform is called on the wire is each dialect's business. Ids outside this list occur (OpenIM
    accepts them in places) and are carried as plain integers.
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
    """A registered user: the union of the profiles that the dialects know, and a row as it is stored."""

    user_id: str
    nickname: str = ""
    face_url: str = ""
    gender: int = 0
    phone_number: str = ""
    birth: int = 0
    """Unix seconds; 0 means not given."""
    email: str = ""
    ex: str = ""
    """Free text of the application, usually JSON."""
    level: int = 0
    """OpenIM's appMangerLevel as it was sent."""
    global_recv_msg_opt: int = 0
    created_at: int = 0
    """Unix milliseconds; set when the user is registered."""


class UserChanges(NamedTuple):
    """What of a user is to be written anew; None leaves a field as it is."""

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
    """Users were registered, together."""

    kind: ClassVar[str] = "user_registered"
    users: tuple[User, ...]

    @property
    def user_ids(self) -> frozenset[str]:
        """Whom it is about."""
        return frozenset(user.user_id for user in self.users)


@dataclass(frozen=True, slots=True)
class UserUpdated:
    """A user's profile was written anew."""

    kind: ClassVar[str] = "user_updated"
    user_id: str
    changes: UserChanges
    exact: bool
    """Whether the change said what to write even where that is nothing (OpenIM's update_user_info_ex)."""

    @property
    def user_ids(self) -> frozenset[str]:
        """Whom it is about."""
        return frozenset({self.user_id})


UserEvent = UserRegistered | UserUpdated


class OutboxEntry(NamedTuple):
    """An event that has yet to be delivered."""

    number: int
    """Grows with every new entry."""
    id: str
    kind: str
    """Of its event."""
    user_ids: frozenset[str]
    """Whom it is about."""


class Page(NamedTuple):
    """A part of a list: up to `size` of what comes behind the first `offset`; nothing if that is below 1."""

    offset: int
    size: int


#: All of a list.
EVERYTHING = Page(0, 2**63 - 1)


class UserFilter(NamedTuple):
    """Which users are meant: all conditions that are given hold, and one of the texts, if any, is found."""

    levels: tuple[int, int] | None = None
    """The lowest and the highest level."""
    nickname: str | None = None
    user_ids: Sequence[str] | None = None
    without: Sequence[str] = ()
    """Ids that are not meant."""
    id_part: str = ""
    """What the id contains, ASCII letters in either case."""
    nickname_part: str = ""
    or_id: str = ""
    """An id that is found as well as those texts."""


class Registrations(NamedTuple):
    """How many users were registered when."""

    total: int
    before: int
    """Those before the time that was asked about."""
    per_day: Mapping[str, int]
    """By UTC day (`2023-11-14`), within the time that was asked about; days without any are absent."""


class UserCommand(NamedTuple):
    """A small record that an application keeps with a user (OpenIM's process_user_command calls)."""

    type: int
    uuid: str
    value: str
    ex: str
    created_at: int
    """Unix seconds."""


class UserAttribute(NamedTuple):
    """A small thing that is kept with a user."""

    seq: int
    """Grows with every new note."""
    user_id: str
    name: str
    value: str


class Subscription(NamedTuple):
    """Somebody who is followed."""

    seq: int
    """Grows with every new subscription."""
    user_id: str
    since: int
    """Unix milliseconds."""
    until: int
    """Unix seconds; 0 is for good."""


@dataclass(frozen=True, slots=True)
class TokenFormat:
    """How a kind of token dates itself."""

    name: str
    """What the row of such a token says of its kind."""
    lifetime: int
    """Seconds from the issue to the end."""
    iat_offset: int = 0
    """Seconds by which `iat` lies before the issue."""
    iat_per_second: int = 1
    """Units of `iat` in a second: 1 in a JWT, 1000 in RongCloud's tokens."""


class Token(NamedTuple):
    """What identifies an issued token. Its text is never kept: these claims and the secret rebuild it."""

    user_id: str
    platform_id: int
    format: str
    issuer: str
    """The RongCloud app key that issued it; empty for OpenIM, whose tokens are one family."""
    iat: int
    """When it says it was issued, in the unit of its text: seconds in a JWT, milliseconds in RongCloud's."""
    exp: int
    """Unix seconds."""
    signing_key: str
    """Which secret signed it (a fingerprint, never the secret)."""


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A token to be issued."""

    user_id: str
    platform_id: int
    format: TokenFormat
    signing_keys: tuple[str, ...]
    """The first signs; a token by any of them is genuine."""
    issuer: str = ""


class TokenState(IntEnum):
    """The states of an issued token (OpenIM protocol, constant/constant.go); 1 and 3 are never written."""

    NORMAL = 0
    KICKED = 2


@dataclass(frozen=True, slots=True)
class DecodedToken:
    """A token as a client showed it. Nothing in it is proven until `Tokens.verify` has said so."""

    format: str
    iat: float | None
    nbf: float | None
    exp: float | None
    signature_error: str | None
    """Why its signature does not hold, in the words of OpenIM's JWT library; None if it holds."""
    token: Token | None
    """The token it would be; None if its text is none that Rollcall would have written."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One live connection of a user."""

    platform_id: int
    connection_id: str
    is_background: bool
    expires_in: float
    """Seconds until it lapses unless it is refreshed."""


class Heartbeat(NamedTuple):
    """Word that a connection of a user is alive."""

    user_id: str
    platform_id: int
    ttl: float
    """Seconds for which to believe it."""
    connection_id: str = ""
    is_background: bool = False


class ConnectionEventType(IntEnum):
    """What a gateway says of a connection."""

    ONLINE = 1
    OFFLINE = 2
    KICKED = 3
    """A newer connection takes its place; that it is offline is said as well."""


class ConnectionEvent(NamedTuple):
    """What a gateway says about one connection."""

    type: ConnectionEventType
    user_id: str
    platform_id: int | None
    """None, of a connection that goes: the gateway does not say where it was."""
    connection_id: str
    """Empty if the gateway names none: then it means the platform."""
    time: int
    """Unix milliseconds by the gateway's clock."""
    ttl: float = 0
    """Seconds for which to believe that somebody is online."""
    is_background: bool = False


class PresenceStatus(IntEnum):
    """What became of a connection."""

    ONLINE = 1
    """It came, or went to the background or out of it."""
    LEFT = 2
    """It said that it goes, or its gateway did."""
    LAPSED = 3
    """It was not heard of in time."""
    KICKED = 4
    """Its token was cancelled, or its user blocked or deleted."""


class PresenceChange(NamedTuple):
    """One connection that came or went."""

    number: int
    """1 for the first since the start, and one more for each."""
    user_id: str
    platform_id: int
    connection_id: str
    status: PresenceStatus
    is_background: bool
    time: int
    """Unix milliseconds."""


class PresenceChanges(NamedTuple):
    """What happened after a number."""

    epoch: str
    number: int
    """Of the newest change there is."""
    changes: list[PresenceChange] | None
    """In order; None if the number is of another epoch, or its successor is no longer kept."""


class PresenceDetails(NamedTuple):
    """Where a user is online, and when there was last a sign of life."""

    connections: tuple[Connection, ...]
    last_seen: int | None
    """Unix milliseconds; None if there was none since the start."""


class PresencePage(NamedTuple):
    """A part of who is online."""

    epoch: str
    number: int
    """Of the newest change when reading began: whoever follows the changes from there misses nothing."""
    users: list[tuple[str, tuple[Connection, ...]]]
    cursor: tuple[int, str] | None
    """Where the next part begins; None if there is none."""


class PresenceCounts(NamedTuple):
    """How many are online."""

    epoch: str
    number: int
    users: int
    connections: int
    by_platform: Mapping[int, int]
    """Users by platform id; who is online on two platforms counts on both."""
