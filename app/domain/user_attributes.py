"""Attributes that an application stores for a user, or for all users: lists of users, tags, settings.

The users need not be registered. The dialects define the namespaces and encode the values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from .. import limits
from ..errors import ArgumentTooLong
from ..models import Page, UserAttribute
from ..storage import Storage, Transaction
from .answers import Answers

#: In place of a user id, for attributes that apply to all users.
ALL_USERS = ""
#: Maximum attributes of a user in one namespace.
MAX_PER_NAMESPACE = 3000
# Above every `seq`.
_MAX_SEQ = 2**63 - 1


class UserAttributes:
    """The attributes, by namespace, user id and name."""

    def __init__(self, storage: Storage, answers: Answers) -> None:
        self._answers = answers
        self._database = storage.database
        self._store = storage.user_attributes

    def put(self, namespace: str, user_id: str, values: Mapping[str, str]) -> None:
        """Set attributes of a user, by name. Raises UserIDInvalid or ArgumentTooLong."""
        self.put_all(namespace, {user_id: values})

    def put_all(self, namespace: str, attributes: Mapping[str, Mapping[str, str]]) -> None:
        """Set attributes, user id to name to value, all or none. Raises UserIDInvalid or ArgumentTooLong."""
        for user_id, values in attributes.items():
            if user_id != ALL_USERS:
                limits.check_user_id(user_id)
            limits.check_texts(*values, *values.values())

        self._database.write(lambda transaction: self.put_in(transaction, namespace, attributes))

    def put_in(
        self, transaction: Transaction, namespace: str, attributes: Mapping[str, Mapping[str, str]]
    ) -> None:
        """Set attributes, user id to name to value, within a transaction. Raises ArgumentTooLong."""
        for user_id, values in attributes.items():
            self._store.put(transaction, namespace, user_id, values)
            count, size = self._store.size(transaction, namespace, user_id)
            if count > MAX_PER_NAMESPACE:
                raise ArgumentTooLong(f"a user may have {MAX_PER_NAMESPACE} of these")
            if size > limits.MAX_STORED_BYTES:
                raise ArgumentTooLong(f"a user may have {limits.MAX_STORED_BYTES} bytes of these")

    def change(self, namespace: str, user_id: str, name: str, change: Callable[[str | None], str]) -> None:
        """Set an attribute to `change` of its value (None if there is none), atomically.

        Raises UserIDInvalid, ArgumentTooLong or what `change` raises.
        """
        limits.check_user_id(user_id)

        def operation(transaction: Transaction) -> None:
            before = self._store.of_users(transaction, namespace, [user_id])
            value = change(next((attribute.value for attribute in before if attribute.name == name), None))
            limits.check_texts(value)
            self._store.put(transaction, namespace, user_id, {name: value})

        self._database.write(operation)

    def remove(self, namespace: str, user_ids: Iterable[str], names: Sequence[str]) -> None:
        """Remove attributes by name from several users, where they exist."""

        def operation(transaction: Transaction) -> None:
            for user_id in user_ids:
                self._store.remove(transaction, namespace, user_id, names)

        self._database.write(operation)

    def of(
        self, namespace: str, user_id: str, below: int | None = None, size: int = MAX_PER_NAMESPACE
    ) -> list[UserAttribute]:
        """Return up to `size` attributes of a user, newest first, with `seq` less than `below` if given."""
        start = _MAX_SEQ if below is None else below
        return self._database.read_one(
            lambda connection: self._store.of(connection, namespace, user_id, start, size)
        )

    def of_users(self, namespace: str, user_ids: Sequence[str]) -> dict[str, dict[str, str]]:
        """Return the attributes of several users: user id to name to value."""
        found: dict[str, dict[str, str]] = {}
        for attribute in self._database.read_one(
            lambda connection: self._store.of_users(connection, namespace, user_ids)
        ):
            found.setdefault(attribute.user_id, {})[attribute.name] = attribute.value
        return found

    def page(
        self, namespace: str, page: Page, *, user_id: str = "", name: str = "", newest_first: bool = False
    ) -> tuple[int, list[UserAttribute]]:
        """Return the number of attributes in a namespace, and a page of them; empty filters match all."""
        which = {"namespace": namespace, "user_id": user_id, "name": name}
        meter = self._answers.attributes()
        return self._database.read(
            lambda connection: self._store.page(connection, which, page, meter, newest_first=newest_first)
        )
