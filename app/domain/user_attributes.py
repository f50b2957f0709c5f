"""Small things that an application keeps with a user: lists of others, tags, settings.

Nobody in them need be registered. What a kind means, and how its values are spelled, is the dialect's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from app.domain import limits
from app.domain.users import check_new_id
from app.errors import ArgumentTooLong
from app.models import UserAttribute
from app.storage.database import Database, Transaction
from app.storage.user_attributes import UserAttributeStore

#: Notes of one kind that one user may have.
MAX_PER_NAMESPACE = 3000
# Where a list of notes begins, the newest first.
_NEWEST = 2**63 - 1


class UserAttributes:
    """The notes, by kind, user and name."""

    def __init__(self, database: Database, store: UserAttributeStore) -> None:
        self._database = database
        self._store = store

    def put(self, namespace: str, user_id: str, values: Mapping[str, str]) -> None:
        """Write notes by name. Raises UserIDInvalid or ArgumentTooLong."""
        self.put_all(namespace, {user_id: values})

    def put_all(self, namespace: str, attributes: Mapping[str, Mapping[str, str]]) -> None:
        """Write notes of several users, all or none. Raises UserIDInvalid or ArgumentTooLong."""
        for user_id, values in attributes.items():
            check_new_id(user_id)
            limits.check_texts(*values.values())

        def operation(transaction: Transaction) -> None:
            for user_id, values in attributes.items():
                self._store.put(transaction, namespace, user_id, values)
                if self._store.count(transaction, namespace, user_id) > MAX_PER_NAMESPACE:
                    raise ArgumentTooLong(f"a user may have {MAX_PER_NAMESPACE} of these")

        self._database.write(operation)

    def change(self, namespace: str, user_id: str, name: str, change: Callable[[str | None], str]) -> None:
        """Write a note anew from what it was or None. Raises UserIDInvalid or ArgumentTooLong."""
        check_new_id(user_id)

        def operation(transaction: Transaction) -> None:
            before = self._store.of_users(transaction, namespace, [user_id])
            value = change(next((attribute.value for attribute in before if attribute.name == name), None))
            limits.check_texts(value)
            self._store.put(transaction, namespace, user_id, {name: value})

        self._database.write(operation)

    def remove(self, namespace: str, user_ids: Iterable[str], names: Sequence[str]) -> None:
        """Remove notes by name, of several users; those that are not there do not matter."""

        def operation(transaction: Transaction) -> None:
            for user_id in user_ids:
                self._store.remove(transaction, namespace, user_id, names)

        self._database.write(operation)

    def of(
        self, namespace: str, user_id: str, below: int | None = None, size: int = MAX_PER_NAMESPACE
    ) -> list[UserAttribute]:
        """Return up to `size` of a user's notes, below some `seq` if one is given, the newest first."""
        start = _NEWEST if below is None else below
        return self._database.read(
            lambda connection: self._store.of(connection, namespace, user_id, start, size)
        )

    def of_users(self, namespace: str, user_ids: Sequence[str]) -> dict[str, dict[str, str]]:
        """Return the notes of several users: user to name to value."""
        found: dict[str, dict[str, str]] = {}
        for attribute in self._database.read(
            lambda connection: self._store.of_users(connection, namespace, user_ids)
        ):
            found.setdefault(attribute.user_id, {})[attribute.name] = attribute.value
        return found

    def page(
        self, namespace: str, offset: int, size: int, *, newest_first: bool = False
    ) -> tuple[int, list[UserAttribute]]:
        """Return how many notes of a kind there are of all users, and a part of them."""
        return self._database.read(
            lambda connection: self._store.page(connection, namespace, offset, size, newest_first)
        )
