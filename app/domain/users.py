"""Who is registered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from app.clock import Clock
from app.errors import UserIDInvalid, UserNotFound
from app.models import User
from app.storage.database import Database
from app.storage.users import UserStore

#: Code points in an id at the most.
LONGEST_ID = 64
# Control characters, and the two things that text becomes which was not Unicode when it was sent: lone
# surrogates, and the replacement character that a door puts in their place.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")


def check_new_id(user_id: str) -> None:
    """Refuse an id that no user may be registered under. Raises UserIDInvalid."""
    if not user_id:
        raise UserIDInvalid("userID is empty")
    if len(user_id) > LONGEST_ID:
        raise UserIDInvalid(f"userID has over {LONGEST_ID} characters")
    if _FORBIDDEN.search(user_id):
        raise UserIDInvalid("userID holds a control character or is not valid Unicode")


class Users:
    """The registered users."""

    def __init__(self, database: Database, store: UserStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._clock = clock

    def register(self, users: Sequence[User]) -> None:
        """Register all of `users` or none; their `created_at` is now.

        Raises UserIDInvalid or UserExists.
        """
        dated = self.dated(users)
        self._database.write(lambda connection: self._store.add(connection, dated))

    def register_missing(self, user_ids: Iterable[str]) -> None:
        """Register those of `user_ids` that are not, each by its id as the nickname."""
        dated = self.dated([User(user_id, nickname=user_id) for user_id in user_ids])
        self._database.write(lambda connection: self._store.add_missing(connection, dated))

    def dated(self, users: Sequence[User]) -> list[User]:
        """Return `users` as they will be stored. Raises UserIDInvalid."""
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
