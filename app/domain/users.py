"""Who is registered."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Collection, Iterable, Sequence

from app import ids
from app.clock import Clock
from app.domain import limits, search
from app.domain.counter import Counter
from app.domain.events import Events
from app.domain.search import PatternSearch
from app.errors import AdministratorProtected, NoFreeUserID, UserExists, UserIDInvalid, UserNotFound
from app.models import (
    Page,
    Registrations,
    User,
    UserChanges,
    UserFilter,
    UserRegistered,
    UserUpdated,
)
from app.storage.database import Database, Transaction
from app.storage.users import UserStore

#: Ids that are thought up for an account that comes without one, before that is given up.
_TRIES = 20


def check_new_id(user_id: str) -> None:
    """Refuse an id that no user may be registered under. Raises UserIDInvalid."""
    reason = ids.invalid_reason(user_id)
    if reason is not None:
        raise UserIDInvalid(reason)


class Users:
    """The registered users."""

    def __init__(
        self,
        database: Database,
        store: UserStore,
        patterns: PatternSearch,
        administrators: Sequence[str],
        events: Events,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._patterns = patterns
        self._administrators = administrators
        self._events = events
        #: Since the start of the process.
        self.registrations_made = Counter()
        self._clock = clock

    def is_administrator(self, user_id: str) -> bool:
        """Tell whether somebody is an administrator: one set of ids for all dialects, nothing else counts."""
        return user_id in self._administrators

    def refuse_administrators(self, user_ids: Iterable[str]) -> None:
        """Refuse what nobody may do to administrators. Raises AdministratorProtected."""
        for user_id in user_ids:
            if self.is_administrator(user_id):
                raise AdministratorProtected(user_id)

    def register(self, users: Sequence[User]) -> None:
        """Register all of `users` or none; their `created_at` is now.

        Raises UserIDInvalid, UserExists, WebhookRejected or WebhookUnavailable.
        """
        amended = self.run_before_hooks(users)
        dated = self.with_created_at(amended)

        def operation(transaction: Transaction) -> None:
            self._store.add(transaction, dated)
            self._events.record(transaction, UserRegistered(tuple(amended)))

        self._database.write(operation)
        self.registrations_made.add(len(dated))
        self._events.publish()

    def run_before_hooks(self, users: Sequence[User]) -> Sequence[User]:
        """Ask whoever has to be asked before users are registered; return them as they then are to be.

        That is the last check, so nobody is asked about users who cannot be registered anyway. Raises
        UserIDInvalid, UserExists, WebhookRejected or WebhookUnavailable.
        """
        if not self._events.asks_before_registering:
            return users
        self.with_created_at(users)
        existing = self.existing_ids([user.user_id for user in users])
        for user in users:
            if user.user_id in existing:
                raise UserExists(user.user_id)
        return self._events.before_registering(users)

    def register_administrators(self) -> None:
        """Register those administrators who are not, each with the id as the nickname."""
        dated = self.with_created_at([User(user_id, nickname=user_id) for user_id in self._administrators])
        self._database.write(lambda connection: self._store.add_missing(connection, dated))

    def register_under_new_id(self, user: User) -> User:
        """Register `user` under an id of ten digits that nobody has, and return it with that.

        Raises NoFreeUserID.
        """
        candidates = [str(1_000_000_000 + secrets.randbelow(9_000_000_000)) for _ in range(_TRIES)]

        def operation(transaction: Transaction) -> User:
            taken = self._store.existing_ids(transaction, candidates)
            free = next((user_id for user_id in candidates if user_id not in taken), None)
            if free is None:
                raise NoFreeUserID
            (dated,) = self.with_created_at([user._replace(user_id=free)])
            self._store.add(transaction, [dated])
            return dated

        registered = self._database.write(operation)
        self.registrations_made.add()
        return registered

    def update(self, user_id: str, changes: UserChanges) -> None:
        """Write what is not None in `changes`, and tell nobody. Raises UserNotFound or ArgumentTooLong."""
        checked = _checked(changes)
        self._database.write(lambda transaction: self._store.update(transaction, user_id, checked))

    def update_profile(
        self, user_id: str, changes: UserChanges, *, exact: bool = False, unknown: bool = False
    ) -> None:
        """Do what `update` does, after asking whoever has to be asked; tell those who want to know.

        `exact` is that of UserUpdated. With `unknown`, nothing is done if there is no such user; without,
        that raises UserNotFound. Raises ArgumentTooLong, WebhookRejected or WebhookUnavailable.
        """
        asked = self._events.before_updating(UserUpdated(user_id, _checked(changes), exact))
        event = UserUpdated(user_id, _checked(asked), exact)

        def operation(transaction: Transaction) -> None:
            self._store.update(transaction, user_id, event.changes)
            self._events.record(transaction, event)

        with contextlib.suppress(*(UserNotFound,) if unknown else ()):
            self._database.write(operation)
            self._events.publish()

    def update_if_known(self, user_id: str, changes: UserChanges) -> None:
        """Do what `update` does, or nothing if there is no such user."""
        with contextlib.suppress(UserNotFound):
            self.update(user_id, changes)

    def with_created_at(self, users: Sequence[User]) -> list[User]:
        """Return `users` as they will be stored. Raises UserIDInvalid or ArgumentTooLong."""
        limits.check_count(users)
        for user in users:
            check_new_id(user.user_id)
            limits.check_texts(user.nickname, user.face_url, user.ex)
        created_at = int(self._clock.now() * 1000)
        # What _replace would do, in a third of the time.
        return [User(*user[:-1], created_at) for user in users]

    def get(self, user_id: str) -> User:
        """Return one user. Raises UserNotFound."""
        user = self._database.read_one(lambda connection: self._store.get(connection, user_id))
        if user is None:
            raise UserNotFound(user_id)
        return user

    def existing_ids(self, user_ids: Collection[str]) -> frozenset[str]:
        """Return those of `user_ids` that are registered. Raises ArgumentTooLong."""
        limits.check_count(user_ids)
        return self._database.read_one(lambda connection: self._store.existing_ids(connection, user_ids))

    def get_many(self, user_ids: Collection[str], *, unknown: bool) -> list[User]:
        """Return users in the order asked, repeats repeated.

        With `unknown`, ids that nobody has are left out; without, they raise UserNotFound. Raises
        ArgumentTooLong.
        """
        limits.check_count(user_ids)
        users = self._database.read_one(lambda connection: self._store.find(connection, user_ids))
        if not unknown:
            for user_id in user_ids:
                if user_id not in users:
                    raise UserNotFound(user_id)
        found = [users[user_id] for user_id in user_ids if user_id in users]
        limits.check_answer(found)
        return found

    def ids(self, page: Page) -> tuple[int, list[str]]:
        """Return how many users there are, and the ids of a page in the order of registration."""
        return self._database.read(lambda connection: self._store.ids(connection, page))

    def page(self, page: Page, which: UserFilter, *, newest_first: bool = False) -> tuple[int, list[User]]:
        """Return how many users are meant, and a page of them in the order of registration, or backwards.

        Raises ArgumentTooLong.
        """
        total, users = self._database.read(
            lambda connection: self._store.page(connection, page, which, newest_first)
        )
        limits.check_answer(users)
        return total, users

    def search(
        self, page: Page, which: UserFilter, id_pattern: str, nickname_pattern: str
    ) -> tuple[int, list[User]]:
        """Do what `page` does among those in whom one of two regular expressions is found, in any case.

        An empty expression does not count. Raises PatternInvalid, ServiceUnavailable or ArgumentTooLong.
        """
        id_part, nickname_part = search.plain(id_pattern), search.plain(nickname_pattern)
        if id_part is not None and nickname_part is not None:
            return self.page(page, which._replace(id_part=id_part, nickname_part=nickname_part))
        patterns = (id_pattern, nickname_pattern)
        found = self._database.read(
            lambda connection: self._patterns.matching(patterns, self._store.names(connection, which))
        )
        wanted = found[page.offset :][: max(page.size, 0)]
        return len(found), self.get_many(wanted, unknown=True)

    def registrations(self, start: int, end: int) -> Registrations:
        """Count who was registered before `start`, and from then to before `end` by day (Unix ms).

        The administrators count as always there.
        """
        return self._database.read(
            lambda connection: self._store.registrations(connection, start, end, self._administrators)
        )


def _checked(changes: UserChanges) -> UserChanges:
    limits.check_texts(changes.nickname, changes.face_url, changes.ex)
    return changes
