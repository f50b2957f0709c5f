"""Who is registered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app import ids
from app.clock import Clock
from app.errors import UserIDInvalid, UserNotFound
from app.models import User
from app.storage.database import Database
from app.storage.users import UserStore


def check_new_id(user_id: str) -> None:
    """Refuse an id that no user may be registered under. Raises UserIDInvalid."""
    flaw = ids.flaw(user_id)
    if flaw is not None:
        raise UserIDInvalid(flaw)


class Users:
    """The registered users."""

    def __init__(
        self, database: Database, store: UserStore, administrators: Sequence[str], clock: Clock
    ) -> None:
        self._database = database
        self._store = store
        self._administrators = administrators
        self._clock = clock

    def is_administrator(self, user_id: str) -> bool:
        """Tell whether somebody is an administrator: one set of ids for all dialects, nothing else counts."""
        return user_id in self._administrators

    def register(self, users: Sequence[User]) -> None:
        """Register all of `users` or none; their `created_at` is now.

        Raises UserIDInvalid or UserExists.
        """
        dated = self.dated(users)
        self._database.write(lambda connection: self._store.add(connection, dated))

    def register_administrators(self) -> None:
        """Register those administrators who are not, each with the id as the nickname."""
        dated = self.dated([User(user_id, nickname=user_id) for user_id in self._administrators])
        self._database.write(lambda connection: self._store.add_missing(connection, dated))

    def dated(self, users: Sequence[User]) -> list[User]:
        """Return `users` as they will be stored, with ids that were checked. Raises UserIDInvalid."""
        for user in users:
            check_new_id(user.user_id)
        created_at = int(self._clock.now() * 1000)
        return [user._replace(created_at=created_at) for user in users]

    def get(self, user_id: str) -> User:
        """Return one user. Raises UserNotFound."""
        user = self._database.read(lambda connection: self._store.get(connection, user_id))
        if user is None:
            raise UserNotFound(user_id)
        return user

    def known(self, user_ids: Iterable[str]) -> frozenset[str]:
        """Return those of `user_ids` that are registered."""
        return self._database.read(lambda connection: self._store.known(connection, user_ids))
