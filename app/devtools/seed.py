"""Seeds: documents that say which users there are, with their tokens, blocks and presence."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import limits
from ..domain.presence import MAX_CONNECTIONS
from ..errors import ArgumentInvalid, DomainError, SettingInvalid
from ..formats.json_body import decode
from ..formats.strict import bind, check_range
from ..models import Heartbeat, Platform, Token, TokenRequest, User, UserChanges

if TYPE_CHECKING:
    from ..http.dialect import SeedReader
    from ..services import Services
    from ..storage import Transaction

#: Users that one seed may generate.
MAX_GENERATED = 100_000
#: Attributes by namespace and name.
Attributes = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class SeedToken:
    """A token to issue: by default as OpenIM 3.8 does, for the lifetime in the settings."""

    dialect: str = "openim_v3"
    generation: str | None = None
    app: str | None = None
    """The app key, of RongCloud's."""
    platform_id: int = Platform.IOS
    expires_in: int | None = None
    """Seconds; below 1, the token is expired already."""

    def __post_init__(self) -> None:
        check_range("platformID", self.platform_id, -(2**31), 2**31 - 1)
        if self.expires_in is not None:
            check_range("expiresIn", self.expires_in, -limits.MAX_SECONDS, limits.MAX_SECONDS)


@dataclass(frozen=True)
class SeedConnection:
    """A connection that is online for `ttl` seconds."""

    platform_id: int
    ttl: int = 1800
    conn_id: str = ""

    def __post_init__(self) -> None:
        check_platform(self.platform_id)
        check_range("ttl", self.ttl, 1, limits.MAX_TTL)
        if len(self.conn_id) > limits.MAX_CONNECTION_ID_CHARS:
            raise ArgumentInvalid(f"connID has over {limits.MAX_CONNECTION_ID_CHARS} characters", "connID")


@dataclass(frozen=True)
class Profile:
    """A user's profile; what is not given stays as it is."""

    user_id: str
    nickname: str | None = None
    face_url: str | None = None
    ex: str | None = None

    @property
    def changes(self) -> UserChanges:
        """The given fields."""
        return UserChanges(self.nickname, self.face_url, self.ex)


@dataclass(frozen=True)
class SeedUser(Profile):
    """A user with blocks, tokens and connections."""

    blocked_for: int | None = None
    """Seconds; 0 lifts a block."""
    tokens: Sequence[SeedToken] = ()
    online: Sequence[SeedConnection] = ()

    def __post_init__(self) -> None:
        limits.check_user_id(self.user_id)
        limits.check_texts(self.nickname, self.face_url, self.ex)
        if self.blocked_for is not None:
            check_range("blockedFor", self.blocked_for, 0, limits.MAX_SECONDS)
        if self.blocked_for and self.online:
            raise ArgumentInvalid("online: the user is blocked", "online")
        if len(self.online) > MAX_CONNECTIONS:
            raise ArgumentInvalid(f"online: over {MAX_CONNECTIONS} connections", "online")


@dataclass(frozen=True)
class Generate:
    """Users to generate: `user_1` and so on."""

    count: int
    prefix: str = "user_"

    def __post_init__(self) -> None:
        check_range("count", self.count, 0, MAX_GENERATED)
        limits.check_user_id(f"{self.prefix}{self.count}")

    def users(self) -> Iterator[User]:
        """Yield the users."""
        for number in range(1, self.count + 1):
            yield User(f"{self.prefix}{number}", nickname=f"{self.prefix}{number}")


@dataclass(frozen=True)
class SeedDocument:
    """A seed as it is written; the users' members include those that dialects read."""

    users: Sequence[object] = ()
    generate: Generate | None = None


@dataclass(frozen=True)
class Seed:
    """A seed, checked."""

    users: Mapping[str, SeedUser]
    attributes: Mapping[str, Attributes]
    """By user."""
    tokens: Sequence[tuple[SeedToken, TokenRequest]]
    generate: Generate


@dataclass(frozen=True)
class SeededToken:
    """A token that a seed has issued."""

    wanted: SeedToken
    token: Token


class Seeder:
    """Reads seeds and applies them; those in the settings to an empty database."""

    def __init__(self, services: Services, readers: Mapping[str, SeedReader]) -> None:
        """`readers` are dialects' readers of users' members, by the member's name.

        Raises SettingInvalid for a wrong seed in the settings.
        """
        self._services = services
        self._readers = readers
        path = services.settings.seed
        self._configured = None if path is None else self._load(path)

    def _load(self, path: Path) -> Seed:
        try:
            return self.read(_parsed(path))
        except (DomainError, OSError, ValueError) as error:
            raise SettingInvalid(f"the seed {path} (ROLLCALL_SEED) cannot be used: {error}") from error

    def read(self, document: object) -> Seed:
        """Check a document. Raises ArgumentInvalid, AdministratorProtected or another DomainError."""
        return self.check(bind(SeedDocument, document))

    def check(self, written: SeedDocument) -> Seed:
        """Check what a document holds. Raises ArgumentInvalid, AdministratorProtected or another."""
        limits.check_count(written.users)
        users: dict[str, SeedUser] = {}
        attributes: dict[str, Attributes] = {}
        for number, value in enumerate(written.users):
            place = f"users[{number}]"
            user, own = self._user(value, place)
            if user.user_id in users:
                raise ArgumentInvalid(f"{place}.userID is that of an earlier user", "userID")
            users[user.user_id], attributes[user.user_id] = user, own
        limits.check_count([token for user in users.values() for token in user.tokens])
        limits.check_count([one for user in users.values() for one in user.online])
        blocked = [user.user_id for user in users.values() if user.blocked_for]
        self._services.users.refuse_administrators(blocked)
        return Seed(users, attributes, self._tokens(users.values()), written.generate or Generate(0))

    def _user(self, value: object, place: str) -> tuple[SeedUser, Attributes]:
        pairs: Any = tuple(value.items()) if isinstance(value, Mapping) else value
        if not isinstance(pairs, tuple):
            raise ArgumentInvalid(f"{place} has to be an object", place)
        own = tuple(pair for pair in pairs if pair[0] not in self._readers)
        attributes: dict[str, Mapping[str, str]] = {}
        for name, item in pairs:
            if name in self._readers:
                if [each for each, _ in pairs].count(name) > 1:
                    raise ArgumentInvalid(f"{place}.{name} is given twice", name)
                attributes |= self._readers[name](item, f"{place}.{name}")
        return bind(SeedUser, own, place), attributes

    def _tokens(self, users: Iterable[SeedUser]) -> list[tuple[SeedToken, TokenRequest]]:
        return [
            (wanted, self._services.codecs.request(user.user_id, wanted))
            for user in users
            for wanted in user.tokens
        ]

    def write_configured(self, transaction: Transaction) -> bool:
        """Write the seed in the settings, if there is one, within a transaction; return whether."""
        if self._configured is None:
            return False
        self.write(transaction, self._configured)
        return True

    def finish_configured(self) -> None:
        """Finish the seed in the settings after the commit."""
        if self._configured is not None:
            self.finish(self._configured)

    def apply(self, seed: Seed) -> list[SeededToken]:
        """Make the users match a seed, all or none; return the tokens that it issues.

        Without hooks or events: a seed is where everything begins. Raises UserExists for a reserved id, or
        ServiceUnavailable.
        """
        for user_id, user in seed.users.items():
            if user.online and user.blocked_for is None and self._services.blocks.is_blocked(user_id):
                raise ArgumentInvalid(f"{user_id} cannot be online, being blocked (blockedFor 0 lifts it)")
        tokens = self._services.storage.database.write(lambda transaction: self.write(transaction, seed))
        self.finish(seed)
        return tokens

    def write(self, transaction: Transaction, seed: Seed) -> list[SeededToken]:
        """Write what a seed has, within a transaction; `finish` comes after its commit."""
        services = self._services
        new = [*map(User, seed.users), *seed.generate.users()]
        changes = {user_id: user.changes for user_id, user in seed.users.items()}
        services.users.write_in(transaction, new, changes)
        for user_id, attributes in seed.attributes.items():
            for namespace, values in attributes.items():
                services.user_attributes.put_in(transaction, namespace, {user_id: values})
        for user_id, user in seed.users.items():
            if user.blocked_for is not None:
                services.blocks.write_in(transaction, user_id, user.blocked_for)
        now = services.clock.now()
        return [
            SeededToken(wanted, services.tokens.issue_in(transaction, request, now))
            for wanted, request in seed.tokens
        ]

    def finish(self, seed: Seed) -> None:
        """Put the users of a seed online that are to be, and take those offline that are blocked."""
        services = self._services
        services.blocks.load()
        heartbeats = [
            Heartbeat(user_id, one.platform_id, one.ttl, one.conn_id)
            for user_id, user in seed.users.items()
            for one in user.online
        ]
        for _, error in services.heartbeats.record_many(heartbeats):
            raise error
        for user_id, user in seed.users.items():
            if user.blocked_for:
                services.presence.remove(user_id)


def _parsed(path: Path) -> object:
    """Return the value of a JSON or, by the file's name, TOML file. Raises OSError or ValueError."""
    if path.suffix == ".toml":
        return tomllib.loads(path.read_text(encoding="utf-8"))
    decoded = decode(path.read_bytes())
    error = decoded.error or decoded.extra_data_error
    if error:
        raise ValueError(f"it is not JSON: {error}")
    return decoded.value


def check_platform(platform_id: int) -> None:
    """Check that a user can be online on a platform. Raises ArgumentInvalid."""
    if platform_id not in frozenset(Platform):
        raise ArgumentInvalid(f"platformID has to be from 1 to {max(Platform).value}", "platformID")
