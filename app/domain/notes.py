"""Small things that an application keeps with a user: lists of others, tags, settings.

Nobody in them need be registered. What a kind means, and how its values are spelled, is the dialect's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from app.domain import limits
from app.domain.users import check_new_id
from app.errors import ArgumentTooLong
from app.models import Note
from app.storage.database import Database, Transaction
from app.storage.notes import NoteStore

#: Notes of one kind that one user may have.
MOST = 3000
# Where a list of notes begins, the newest first.
_NEWEST = 2**63 - 1


class Notes:
    """The notes, by kind, user and name."""

    def __init__(self, database: Database, store: NoteStore) -> None:
        self._database = database
        self._store = store

    def put(self, kind: str, user_id: str, values: Mapping[str, str]) -> None:
        """Write notes by name. Raises UserIDInvalid or ArgumentTooLong."""
        self.put_all(kind, {user_id: values})

    def put_all(self, kind: str, notes: Mapping[str, Mapping[str, str]]) -> None:
        """Write notes of several users, all or none. Raises UserIDInvalid or ArgumentTooLong."""
        for user_id, values in notes.items():
            check_new_id(user_id)
            limits.check_texts(*values.values())

        def piece(transaction: Transaction) -> None:
            for user_id, values in notes.items():
                self._store.put(transaction, kind, user_id, values)
                if self._store.count(transaction, kind, user_id) > MOST:
                    raise ArgumentTooLong(f"a user may have {MOST} of these")

        self._database.write(piece)

    def change(self, kind: str, user_id: str, name: str, change: Callable[[str | None], str]) -> None:
        """Write a note anew from what it was or None. Raises UserIDInvalid or ArgumentTooLong."""
        check_new_id(user_id)

        def piece(transaction: Transaction) -> None:
            before = self._store.of_users(transaction, kind, [user_id])
            value = change(next((note.value for note in before if note.name == name), None))
            limits.check_texts(value)
            self._store.put(transaction, kind, user_id, {name: value})

        self._database.write(piece)

    def remove(self, kind: str, user_ids: Iterable[str], names: Sequence[str]) -> None:
        """Remove notes by name, of several users; those that are not there do not matter."""

        def piece(transaction: Transaction) -> None:
            for user_id in user_ids:
                self._store.remove(transaction, kind, user_id, names)

        self._database.write(piece)

    def of(self, kind: str, user_id: str, below: int | None = None, size: int = MOST) -> list[Note]:
        """Return up to `size` of a user's notes, below some `seq` if one is given, the newest first."""
        start = _NEWEST if below is None else below
        return self._database.read(lambda connection: self._store.of(connection, kind, user_id, start, size))

    def of_users(self, kind: str, user_ids: Sequence[str]) -> dict[str, dict[str, str]]:
        """Return the notes of several users: user to name to value."""
        found: dict[str, dict[str, str]] = {}
        for note in self._database.read(lambda connection: self._store.of_users(connection, kind, user_ids)):
            found.setdefault(note.user_id, {})[note.name] = note.value
        return found

    def page(
        self, kind: str, offset: int, size: int, *, newest_first: bool = False
    ) -> tuple[int, list[Note]]:
        """Return how many notes of a kind there are of all users, and a part of them."""
        return self._database.read(
            lambda connection: self._store.page(connection, kind, offset, size, newest_first)
        )
