"""All that the domain imports of storage: one database, and a store for each kind of data.

SQLite is in `sqlite/`, the only package that imports sqlite3.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from .sqlite.blocks import BlockStore
from .sqlite.commands import CommandStore
from .sqlite.database import Database, Transaction
from .sqlite.outbox import OutboxStore
from .sqlite.reset import clear
from .sqlite.subscriptions import SubscriptionStore
from .sqlite.tokens import TokenStore
from .sqlite.user_attributes import UserAttributeStore
from .sqlite.users import UserStore

__all__ = ["Database", "PerUserStore", "Storage", "Transaction"]


class PerUserStore(Protocol):
    """A store of data that is deleted with its user."""

    def delete_for_users(self, connection: Transaction, user_ids: Iterable[str]) -> None:
        """Delete the data of users."""
        ...


class Storage:
    """The database and its stores. Building it opens nothing."""

    def __init__(self, path: Path, max_waiting: int) -> None:
        """Keep the database at `path`; up to `max_waiting` callers wait while writes are stalled."""
        self.database = Database(path, max_waiting)
        self.users = UserStore()
        self.tokens = TokenStore()
        self.blocks = BlockStore()
        self.commands = CommandStore()
        self.subscriptions = SubscriptionStore()
        self.user_attributes = UserAttributeStore()
        self.outbox = OutboxStore()
        #: What goes with a user, besides tokens, which the database deletes by itself.
        self.per_user: tuple[PerUserStore, ...] = (self.commands, self.subscriptions, self.user_attributes)
        #: Delete everything, within the caller's operation.
        self.clear = clear
