"""Blocked users: until the block ends, their tokens and heartbeats are refused.

Blocks are few and checked on every request, so they are also kept in memory. They end by the wall clock, like
tokens.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from .. import limits
from ..clock import Clock
from ..storage import Storage, Transaction
from .presence import Presence
from .users import Users


class Blocks:
    """The blocks by user id; a blocked user need not be registered."""

    def __init__(self, storage: Storage, users: Users, presence: Presence, clock: Clock) -> None:
        self._database = storage.database
        self._store = storage.blocks
        self._users = users
        self._presence = presence
        self._clock = clock
        # Held while writing to the database and to memory, so that both see changes in the same order.
        self._lock = threading.Lock()
        self._until: dict[str, int] = {}

    def load(self) -> None:
        """Load the blocks from the database, which has to be open. Raises StorageUnavailable."""
        with self._lock:
            self._until = self._database.read(self._store.all)

    def block(self, user_ids: Sequence[str], seconds: int) -> None:
        """Block users for `seconds` from now, replacing earlier blocks, and take them offline.

        Raises AdministratorProtected, UserIDInvalid or StorageUnavailable.
        """
        for user_id in user_ids:
            limits.check_user_id(user_id)
        self._users.refuse_administrators(user_ids)
        now = int(self._clock.now())
        until = now + seconds
        with self._lock:
            self._database.write(lambda transaction: self._store.put(transaction, user_ids, until, now))
            active = {user_id: end for user_id, end in self._until.items() if end > now}
            self._until = active | dict.fromkeys(user_ids, until)
        for user_id in user_ids:
            self._presence.remove(user_id)

    def write_in(self, transaction: Transaction, user_id: str, seconds: int) -> None:
        """Block a user for `seconds` from now, or lift the block if 0, within a transaction.

        `load` has to follow the commit.
        """
        now = int(self._clock.now())
        self._store.put(transaction, [user_id], now + seconds, now)

    def unblock(self, user_ids: Sequence[str]) -> None:
        """Lift the blocks of users, if they have any."""
        with self._lock:
            self._database.write(lambda transaction: self._store.remove(transaction, user_ids))
            for user_id in user_ids:
                self._until.pop(user_id, None)

    def is_blocked(self, user_id: str) -> bool:
        """Return whether a user is blocked now."""
        return self.until(user_id) is not None

    def until(self, user_id: str) -> int | None:
        """Return when a user's block ends, in Unix seconds; None if the user is not blocked."""
        until = self._until.get(user_id)
        return until if until is not None and until > self._clock.now() else None

    def active(self) -> list[tuple[str, int]]:
        """Return the active blocks as (user id, end in Unix seconds), the last to end first."""
        now = self._clock.now()
        return sorted(
            ((user_id, until) for user_id, until in self._until.copy().items() if until > now),
            key=lambda block: (-block[1], block[0]),
        )
