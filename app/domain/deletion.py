"""Delete or deactivate users: with them go their tokens, what is kept with them, and their presence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from app.clock import Clock
from app.domain import limits
from app.domain.gateways import Gateways
from app.domain.presence import Presence
from app.domain.tokens import Tokens
from app.domain.users import Users
from app.errors import ReactivationTooEarly
from app.models import Page
from app.storage.database import Database, Transaction
from app.storage.users import UserStore

#: Seconds for which somebody stays deactivated (docs.rongcloud.io, user/deactivation/reactivate).
MIN_DEACTIVATION_SECONDS = 3600


class PerUserStore(Protocol):
    """A store of things that go with a user."""

    def delete_for_users(self, connection: Transaction, user_ids: Iterable[str]) -> None:
        """Delete what is kept with users."""
        ...


class Deletion:
    """What OpenIM v2's delete_user and RongCloud's delusers, deactivate and reactivate do."""

    def __init__(
        self,
        database: Database,
        user_store: UserStore,
        per_user_stores: Sequence[PerUserStore],
        users: Users,
        tokens: Tokens,
        presence: Presence,
        gateways: Gateways,
        clock: Clock,
    ) -> None:
        """`kept` are the stores of what goes with a user."""
        self._database = database
        self._user_store = user_store
        self._per_user_stores = tuple(per_user_stores)
        self._users = users
        self._tokens = tokens
        self._presence = presence
        self._gateways = gateways
        self._clock = clock

    def delete(self, user_ids: Sequence[str]) -> list[str]:
        """Delete users; return those, in order, who could not be: nobody, and administrators.

        Raises ArgumentTooLong.
        """
        gone = self._end(user_ids, lambda transaction, gone: None)
        return [user_id for user_id in dict.fromkeys(user_ids) if user_id not in gone]

    def deactivate(self, user_ids: Sequence[str]) -> None:
        """Delete users and keep their ids from being registered again; those who are nobody do not matter.

        Raises ArgumentTooLong.
        """
        now = int(self._clock.now() * 1000)
        self._end(user_ids, lambda transaction, gone: self._user_store.deactivate(transaction, gone, now))

    def reactivate(self, user_ids: Sequence[str]) -> None:
        """Give the ids of deactivated users back, with empty profiles; all or none.

        Raises ReactivationTooEarly, or ArgumentTooLong.
        """
        limits.check_count(user_ids)
        before = int((self._clock.now() - MIN_DEACTIVATION_SECONDS) * 1000)

        def operation(transaction: Transaction) -> None:
            if self._user_store.deactivated_after(transaction, user_ids, before):
                raise ReactivationTooEarly
            self._user_store.reactivate(transaction, user_ids)

        self._database.write(operation)

    def deactivated(self, page: Page) -> list[str]:
        """Return a page of the ids of deactivated users, in the order of their deactivation."""
        return self._database.read(lambda connection: self._user_store.deactivated(connection, page))

    def _end(
        self, user_ids: Sequence[str], first: Callable[[Transaction, frozenset[str]], None]
    ) -> frozenset[str]:
        """Delete those of `user_ids` who are somebody and no administrator, after having done `first`."""
        limits.check_count(user_ids)

        def operation(transaction: Transaction) -> frozenset[str]:
            existing = self._user_store.existing_ids(transaction, user_ids)
            gone = frozenset(user_id for user_id in existing if not self._users.is_administrator(user_id))
            first(transaction, gone)
            for store in (self._user_store, *self._per_user_stores):
                store.delete_for_users(transaction, gone)
            return gone

        gone = self._database.write(operation)
        for user_id in gone:
            self._tokens.forget(user_id)
            self._presence.forget(user_id)
            self._gateways.forget(user_id)
        return gone
