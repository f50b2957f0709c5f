"""Small records that an application stores for a user (OpenIM's process_user_command calls)."""

from __future__ import annotations

from .. import limits
from ..clock import Clock
from ..errors import ArgumentTooLong
from ..models import UserCommand
from ..storage import Storage, Transaction
from .answers import Answers


class Commands:
    """The commands by user id; the user need not be registered."""

    def __init__(self, storage: Storage, answers: Answers, clock: Clock) -> None:
        self._database = storage.database
        self._store = storage.commands
        self._answers = answers
        self._clock = clock

    def add(self, user_id: str, type_: int, uuid: str, value: str, ex: str) -> None:
        """Add a command; type and uuid need not be unique. Raises UserIDInvalid or ArgumentTooLong."""
        limits.check_user_id(user_id)
        limits.check_texts(uuid, value, ex)
        command = UserCommand(type_, uuid, value, ex, created_at=int(self._clock.now()))

        def operation(transaction: Transaction) -> None:
            self._store.add(transaction, user_id, command)
            self._check_size(transaction, user_id)

        self._database.write(operation)

    def _check_size(self, transaction: Transaction, user_id: str) -> None:
        count, size = self._store.size(transaction, user_id)
        if count > limits.MAX_COMMANDS:
            raise ArgumentTooLong(f"a user may have {limits.MAX_COMMANDS} commands")
        if size > limits.MAX_STORED_BYTES:
            raise ArgumentTooLong(f"a user's commands may have {limits.MAX_STORED_BYTES} bytes")

    def delete(self, user_id: str, type_: int, uuid: str) -> None:
        """Delete the oldest command with this type and uuid. Raises CommandNotFound."""
        self._database.write(lambda transaction: self._store.delete(transaction, user_id, type_, uuid))

    def update(self, user_id: str, type_: int, uuid: str, value: str | None, ex: str | None) -> None:
        """Overwrite value and ex, unless None, of the oldest command with this type and uuid.

        Raises CommandNotFound or ArgumentTooLong. Does nothing if both are None.
        """
        if value is None and ex is None:
            return
        limits.check_texts(value, ex)

        def operation(transaction: Transaction) -> None:
            self._store.update(transaction, user_id, type_, uuid, value, ex)
            self._check_size(transaction, user_id)

        self._database.write(operation)

    def of(self, user_id: str, type_: int | None = None) -> list[UserCommand]:
        """Return a user's commands, of one type or of all types, oldest first."""
        meter = self._answers.commands()
        return self._database.read_one(lambda connection: self._store.of(connection, user_id, type_, meter))
