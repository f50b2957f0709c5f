"""The calls about users, their blocks, tokens and presence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..devtools.seed import Profile, SeedConnection, SeedToken, check_platform
from ..errors import ArgumentInvalid
from ..formats.strict import check_range
from ..http.times import timestamp
from ..limits import MAX_SECONDS
from ..models import Connection, Heartbeat, User, UserFilter
from ..services import Services
from .access import Group
from .call import MAX_PAGE, PAGE, Call, Context

#: Users that are looked at for one page of those who are offline.
_MAX_SCANNED = 10_000
_MAX_PLACE = 2**62


@dataclass(frozen=True)
class ListUsers:
    """A page of users; `q` is part of an id or a nickname."""

    q: str = ""
    online: bool | None = None
    platform_id: int | None = None
    after: int = 0
    limit: int = PAGE

    def __post_init__(self) -> None:
        check_range("limit", self.limit, 1, MAX_PAGE)
        check_range("after", self.after, 0, _MAX_PLACE)
        if self.platform_id is not None and self.online is False:
            raise ArgumentInvalid("platformID is for users who are online", "platformID")


@dataclass(frozen=True)
class OneUser:
    """A user."""

    user_id: str


@dataclass(frozen=True, kw_only=True)
class IssueToken(SeedToken):
    """A token to issue."""

    user_id: str
    kick: bool = False


@dataclass(frozen=True)
class ChangeTokens:
    """A user's tokens, of one dialect and platform unless these are None."""

    user_id: str
    dialect: str | None = None
    platform_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class PutPresence(SeedConnection):
    """A connection of a user."""

    user_id: str


@dataclass(frozen=True)
class DeletePresence:
    """A connection, or all on a platform."""

    user_id: str
    platform_id: int
    conn_id: str | None = None

    def __post_init__(self) -> None:
        check_platform(self.platform_id)


@dataclass(frozen=True)
class Block:
    """A block of some seconds from now."""

    user_id: str
    for_: int

    def __post_init__(self) -> None:
        check_range("for", self.for_, 1, MAX_SECONDS)


def list_users(context: Context, request: ListUsers) -> object:
    """Return a page of users without administrators, in the order of their registration.

    If `online` is true or there is a platform, in the order in which they came online.
    """
    services = context.services
    if request.online or request.platform_id is not None:
        users, place = _online(services, request)
    else:
        users, place = _registered(services, request)
    connections = services.presence.connections([user.user_id for user in users])
    shown = [_user(services, user, live) for user, live in zip(users, connections, strict=True)]
    return {"users": shown, "next": place}


def _online(services: Services, request: ListUsers) -> tuple[list[User], int | None]:
    page = services.presence.page(request.after, request.platform_id, request.limit)
    ids = [user_id for user_id, _ in page.users if not services.users.is_administrator(user_id)]
    users = services.users.get_many(ids, unknown=True)
    wanted = request.q.lower()
    return [user for user in users if wanted in f"{user.user_id}\n{user.nickname}".lower()], page.cursor


def _registered(services: Services, request: ListUsers) -> tuple[list[User], int | None]:
    which = UserFilter(without=services.users.administrators, id_part=request.q, nickname_part=request.q)
    if request.online is None:
        found = services.users.after(request.after, request.limit + 1, which)
        is_last = len(found) <= request.limit
        found = found[: request.limit]
        return [user for _, user in found], None if is_last else found[-1][0]
    offline: list[User] = []
    place = request.after
    for _ in range(_MAX_SCANNED // MAX_PAGE):
        found = services.users.after(place, MAX_PAGE, which)
        live = services.presence.connections([user.user_id for _, user in found])
        for (place, user), connections in zip(found, live, strict=True):
            if not connections:
                offline.append(user)
            if len(offline) == request.limit:
                return offline, place
        if len(found) < MAX_PAGE:
            return offline, None
    return offline, place


def get_user(context: Context, request: OneUser) -> object:
    """Return a user. Raises UserNotFound."""
    return _one(context.services, context.services.users.get(request.user_id))


def put_user(context: Context, request: Profile) -> object:
    """Register a user or change the given fields; hooks and events are those of the dialects' calls.

    Raises UserIDInvalid, UserExists, ArgumentTooLong, WebhookRejected or WebhookUnavailable.
    """
    return _one(context.services, context.services.users.put(request.user_id, request.changes))


def delete_user(context: Context, request: OneUser) -> object:
    """Delete a user and all that is kept with one. Raises UserNotFound or AdministratorProtected."""
    services = context.services
    services.users.refuse_administrators([request.user_id])
    services.users.get(request.user_id)
    services.deletion.delete([request.user_id])
    return {}


def issue_token(context: Context, request: IssueToken) -> object:
    """Issue a token, which needs no secret here.

    `kick` applies the multi-login policy. Raises UserNotFound or ArgumentInvalid.
    """
    services = context.services
    services.users.get(request.user_id)
    wanted = services.codecs.request(request.user_id, request)
    token = services.tokens.issue(wanted, kicks=request.kick)
    return {"token": services.codecs[token.format].encode(token), "expiresAt": timestamp(token.exp)}


def cancel_tokens(context: Context, request: ChangeTokens) -> object:
    """Cancel tokens; the user goes offline on their platforms. Raises UserNotFound or ArgumentInvalid."""
    services = context.services
    services.users.get(request.user_id)
    return {"tokens": services.tokens.cancel(*_which(services, request))}


def expire_tokens(context: Context, request: ChangeTokens) -> object:
    """Make tokens answer as expired from now on. Raises UserNotFound or ArgumentInvalid."""
    services = context.services
    services.users.get(request.user_id)
    return {"tokens": services.tokens.make_expired(*_which(services, request))}


def _which(services: Services, request: ChangeTokens) -> tuple[str, Sequence[str], int | None]:
    return request.user_id, services.codecs.formats_of(request.dialect), request.platform_id


def put_presence(context: Context, request: PutPresence) -> object:
    """Put a connection online or refresh it. Raises UserNotFound, UserBlocked or TooManyConnections."""
    services = context.services
    heartbeat = Heartbeat(request.user_id, request.platform_id, request.ttl, request.conn_id)
    for _, error in services.heartbeats.record_many([heartbeat]):
        raise error
    return _one(services, services.users.get(request.user_id))


def delete_presence(context: Context, request: DeletePresence) -> object:
    """Take a connection, or all on the platform, offline. Raises UserNotFound."""
    services = context.services
    user = services.users.get(request.user_id)
    services.presence.leave(request.user_id, request.platform_id, request.conn_id)
    return _one(services, user)


def put_block(context: Context, request: Block) -> object:
    """Block a user, who goes offline. Raises UserNotFound or AdministratorProtected."""
    services = context.services
    user = services.users.get(request.user_id)
    services.blocks.block([request.user_id], request.for_)
    return _one(services, user)


def delete_block(context: Context, request: OneUser) -> object:
    """Lift a user's block. Raises UserNotFound."""
    services = context.services
    user = services.users.get(request.user_id)
    services.blocks.unblock([request.user_id])
    return _one(services, user)


def _one(services: Services, user: User) -> Mapping[str, object]:
    (live,) = services.presence.connections([user.user_id])
    return _user(services, user, live)


def _user(services: Services, user: User, live: Iterable[Connection]) -> Mapping[str, object]:
    now, until = services.clock.now(), services.blocks.until(user.user_id)
    ends: dict[int, float] = {}
    for one in live:
        ends[one.platform_id] = max(ends.get(one.platform_id, 0.0), now + one.expires_in)
    return {
        "userID": user.user_id,
        "nickname": user.nickname,
        "faceURL": user.face_url,
        "ex": user.ex,
        "createdAt": timestamp(user.created_at / 1000),
        "online": [{"platformID": each, "endsAt": timestamp(end)} for each, end in ends.items()],
        "blockedUntil": None if until is None else timestamp(until),
    }


_USER = "/users/<path:userID>"

CALLS: Sequence[Call[Any]] = (
    Call("GET", "/users", Group.OPERATE, ListUsers, list_users),
    Call("GET", _USER, Group.OPERATE, OneUser, get_user),
    Call("PUT", _USER, Group.OPERATE, Profile, put_user),
    Call("DELETE", _USER, Group.OPERATE, OneUser, delete_user),
    Call("POST", f"{_USER}/tokens", Group.OPERATE, IssueToken, issue_token),
    Call("DELETE", f"{_USER}/tokens", Group.OPERATE, ChangeTokens, cancel_tokens),
    Call("POST", f"{_USER}/tokens/expire", Group.OPERATE, ChangeTokens, expire_tokens),
    Call("PUT", f"{_USER}/presence/<int:platformID>", Group.OPERATE, PutPresence, put_presence),
    Call("DELETE", f"{_USER}/presence/<int:platformID>", Group.OPERATE, DeletePresence, delete_presence),
    Call("PUT", f"{_USER}/block", Group.OPERATE, Block, put_block),
    Call("DELETE", f"{_USER}/block", Group.OPERATE, OneUser, delete_block),
)
