"""Register, update and look up users."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence

from .. import limits
from ..clock import Clock
from ..errors import AdministratorProtected, NoFreeUserID, UserExists, UserNotFound
from ..models import (
    Page,
    Registrations,
    User,
    UserChanges,
    UserFilter,
    UserRegistered,
    UserUpdated,
)
from ..storage import Storage, Transaction
from .answers import Answers
from .events import Events

#: Candidate ids to generate for an account without one.
_CANDIDATES = 20


class Users:
    """The registered users."""

    def __init__(
        self,
        storage: Storage,
        administrators: Sequence[str],
        events: Events,
        answers: Answers,
        clock: Clock,
    ) -> None:
        self._database = storage.database
        self._store = storage.users
        #: The ids of the administrators.
        self.administrators = administrators
        self._events = events
        self._answers = answers
        self._clock = clock

    def is_administrator(self, user_id: str) -> bool:
        """Return whether the id is in the setting `admins`, which applies to all dialects."""
        return user_id in self.administrators

    def refuse_administrators(self, user_ids: Iterable[str]) -> None:
        """Check that no administrator is among the users. Raises AdministratorProtected."""
        for user_id in user_ids:
            if self.is_administrator(user_id):
                raise AdministratorProtected(user_id)

    def register(self, users: Sequence[User]) -> None:
        """Register all of `users` or none; `created_at` is set to now.

        Raises UserIDInvalid, UserExists, ArgumentTooLong, WebhookRejected or WebhookUnavailable.
        """
        amended = self.run_before_hooks(users)
        stored = self.with_created_at(amended)

        def operation(transaction: Transaction) -> None:
            self._store.add(transaction, stored)
            self._events.record(transaction, UserRegistered(tuple(amended)))

        self._database.write(operation)
        self._events.publish()

    def run_before_hooks(self, users: Sequence[User]) -> Sequence[User]:
        """Run the before-register hook, if there is one; return the users as it amended them.

        It runs after all other checks, so that it is not called for users who cannot be registered anyway.
        Raises UserIDInvalid, UserExists, ArgumentTooLong, WebhookRejected or WebhookUnavailable.
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
        """Register the missing administrators, each with the id as nickname, without hooks or events."""
        self._database.write(self.register_administrators_in)

    def register_administrators_in(self, transaction: Transaction) -> None:
        """Register the missing administrators within a transaction."""
        stored = self.with_created_at([User(user_id, nickname=user_id) for user_id in self.administrators])
        self._store.add_missing(transaction, stored)

    def write_in(
        self, transaction: Transaction, users: Iterable[User], changes: Mapping[str, UserChanges]
    ) -> None:
        """Register the missing users, then write the changes by id, without hooks or events.

        The caller has checked ids and texts. Raises UserExists for a reserved id.
        """
        created_at = int(self._clock.now() * 1000)
        self._store.add_missing(transaction, [User(*user[:-1], created_at) for user in users])
        for user_id, change in changes.items():
            self._store.update(transaction, user_id, change)

    def register_under_new_id(self, user: User) -> User:
        """Register `user` under a random id of ten digits, without hooks or events; return it as stored.

        Raises NoFreeUserID or ArgumentTooLong.
        """
        candidates = [str(1_000_000_000 + secrets.randbelow(9_000_000_000)) for _ in range(_CANDIDATES)]

        def operation(transaction: Transaction) -> User:
            taken = self._store.existing_ids(transaction, candidates)
            free = next((user_id for user_id in candidates if user_id not in taken), None)
            if free is None:
                raise NoFreeUserID
            (stored,) = self.with_created_at([user._replace(user_id=free)])
            self._store.add(transaction, [stored])
            return stored

        return self._database.write(operation)

    def update(self, user_id: str, changes: UserChanges) -> None:
        """Write the given fields, without hooks or events. Raises UserNotFound or ArgumentTooLong."""
        checked = _checked(changes)
        self._database.write(lambda transaction: self._store.update(transaction, user_id, checked))

    def update_profile(
        self, user_id: str, changes: UserChanges, *, exact: bool = False, unknown: bool = False
    ) -> None:
        """Run the before-update hook, write the fields that it returns, and record a UserUpdated event.

        `exact` is passed on to UserUpdated. If the user does not exist, does nothing with `unknown`, else
        raises UserNotFound; the hook runs all the same. Raises ArgumentTooLong, WebhookRejected or
        WebhookUnavailable.
        """
        amended = self._events.before_updating(UserUpdated(user_id, _checked(changes), exact))
        event = UserUpdated(user_id, _checked(amended), exact)

        def operation(transaction: Transaction) -> None:
            self._store.update(transaction, user_id, event.changes)
            self._events.record(transaction, event)

        with contextlib.suppress(*(UserNotFound,) if unknown else ()):
            self._database.write(operation)
            self._events.publish()

    def update_if_known(self, user_id: str, changes: UserChanges) -> None:
        """Like `update`, but ignore an unknown user. Raises ArgumentTooLong."""
        with contextlib.suppress(UserNotFound):
            self.update(user_id, changes)

    def with_created_at(self, users: Sequence[User]) -> list[User]:
        """Check users and return them with `created_at` = now. Raises UserIDInvalid or ArgumentTooLong."""
        limits.check_count(users)
        for user in users:
            limits.check_user_id(user.user_id)
            limits.check_texts(user.nickname, user.face_url, user.ex)
        created_at = int(self._clock.now() * 1000)
        # Three times as fast as _replace.
        return [User(*user[:-1], created_at) for user in users]

    def get(self, user_id: str) -> User:
        """Return one user. Raises UserNotFound."""
        user = self._database.read_one(lambda connection: self._store.get(connection, user_id))
        if user is None:
            raise UserNotFound(user_id)
        return user

    def existing_ids(self, user_ids: Collection[str]) -> frozenset[str]:
        """Return the ids that are registered. Raises ArgumentTooLong."""
        limits.check_count(user_ids)
        return self._database.read_one(lambda connection: self._store.existing_ids(connection, user_ids))

    def get_many(self, user_ids: Collection[str], *, unknown: bool) -> list[User]:
        """Return users in the order of `user_ids`, including repetitions.

        With `unknown`, skips unknown ids, else raises UserNotFound. Raises ArgumentTooLong.
        """
        limits.check_count(user_ids)
        meter = self._answers.users()
        users = self._database.read_one(lambda connection: self._store.find(connection, user_ids, meter))
        if not unknown:
            for user_id in user_ids:
                if user_id not in users:
                    raise UserNotFound(user_id)
        found = [users[user_id] for user_id in user_ids if user_id in users]
        if len(found) > len(users):
            # Repeated users are loaded once and answered several times.
            self._answers.users().count(found)
        return found

    def count(self) -> int:
        """Return the number of users without the administrators."""
        return self._database.read_one(lambda connection: self._store.count(connection, self.administrators))

    def ids(self, page: Page) -> tuple[int, str]:
        """Return the number of all users, and a page of their ids as JSON, in order of registration.

        Raises ArgumentTooLong.
        """
        meter = self._answers.ids()
        return self._database.read(lambda connection: self._store.ids(connection, page, meter))

    def page(self, page: Page, which: UserFilter, *, newest_first: bool = False) -> tuple[int, list[User]]:
        """Return the number of users that match, and a page of them in order of registration or reversed.

        Raises ArgumentTooLong.
        """
        meter = self._answers.users()
        return self._database.read(
            lambda connection: self._store.page(connection, page, which, meter, newest_first)
        )

    def after(self, place: int, limit: int, which: UserFilter) -> list[tuple[int, User]]:
        """Return up to `limit` users that match behind a place in the order of registration, with theirs.

        Raises ArgumentTooLong.
        """
        meter = self._answers.users()
        return self._database.read_one(
            lambda connection: self._store.after(connection, place, limit, which, meter)
        )

    def put(self, user_id: str, changes: UserChanges) -> User:
        """Register a user, or write the given fields of one that is registered; return the user.

        Raises UserIDInvalid, UserExists (the id is reserved), ArgumentTooLong, WebhookRejected or
        WebhookUnavailable.
        """
        limits.check_user_id(user_id)
        if user_id not in self.existing_ids([user_id]):
            given = {name: value for name, value in changes._asdict().items() if value is not None}
            try:
                self.register([User(user_id, **given)])
            except UserExists:
                # Registered meanwhile; if the id is reserved, there still is no such user.
                if user_id not in self.existing_ids([user_id]):
                    raise
                self.update_profile(user_id, changes, exact=True)
        elif changes != UserChanges():
            self.update_profile(user_id, changes, exact=True)
        return self.get(user_id)

    def registrations(self, start: int, end: int) -> Registrations:
        """Count the users registered before `start`, and by day from `start` to before `end` (Unix ms).

        Administrators count as registered before `start`.
        """
        return self._database.read(
            lambda connection: self._store.registrations(connection, start, end, self.administrators)
        )


def _checked(changes: UserChanges) -> UserChanges:
    limits.check_texts(changes.nickname, changes.face_url, changes.ex)
    return changes
