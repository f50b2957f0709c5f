"""Delete or deactivate users, together with their tokens, stored data and presence."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .. import limits
from ..clock import Clock
from ..errors import ReactivationTooEarly
from ..models import Page
from ..storage import Storage, Transaction
from .gateways import Gateways
from .presence import Presence
from .users import Users

#: Seconds before a deactivated user can be reactivated (docs.rongcloud.io, user/deactivation/reactivate).
MIN_DEACTIVATION_SECONDS = 3600


class Deletion:
    """Delete, deactivate and reactivate users (OpenIM v2's delete_user; RongCloud's delusers and others)."""

    def __init__(
        self,
        storage: Storage,
        users: Users,
        presence: Presence,
        gateways: Gateways,
        clock: Clock,
    ) -> None:
        self._database = storage.database
        self._user_store = storage.users
        self._per_user_stores = storage.per_user
        self._users = users
        self._presence = presence
        self._gateways = gateways
        self._clock = clock

    def delete(self, user_ids: Sequence[str]) -> list[str]:
        """Delete users; return, in order, the ids that were not deleted: unknown users and administrators.

        Raises ArgumentTooLong.
        """
        deleted = self._delete(user_ids, lambda transaction, deleted: None)
        return [user_id for user_id in dict.fromkeys(user_ids) if user_id not in deleted]

    def deactivate(self, user_ids: Sequence[str]) -> None:
        """Delete users and reserve their ids; ignore unknown users and administrators.

        Raises ArgumentTooLong.
        """
        now = int(self._clock.now() * 1000)
        self._delete(
            user_ids, lambda transaction, deleted: self._user_store.deactivate(transaction, deleted, now)
        )

    def reactivate(self, user_ids: Sequence[str]) -> None:
        """Register deactivated users again, with empty profiles, all or none; ignore other ids.

        Raises ReactivationTooEarly or ArgumentTooLong.
        """
        limits.check_count(user_ids)
        before = int((self._clock.now() - MIN_DEACTIVATION_SECONDS) * 1000)

        def operation(transaction: Transaction) -> None:
            if self._user_store.deactivated_after(transaction, user_ids, before):
                raise ReactivationTooEarly
            self._user_store.reactivate(transaction, user_ids)

        self._database.write(operation)

    def deactivated(self, page: Page) -> list[str]:
        """Return a page of the ids of deactivated users, in order of deactivation."""
        return self._database.read(lambda connection: self._user_store.deactivated(connection, page))

    def _delete(
        self, user_ids: Sequence[str], before_delete: Callable[[Transaction, frozenset[str]], None]
    ) -> frozenset[str]:
        """Delete the registered users of `user_ids` except administrators, and return their ids."""
        limits.check_count(user_ids)

        def operation(transaction: Transaction) -> frozenset[str]:
            existing = self._user_store.existing_ids(transaction, user_ids)
            deleted = frozenset(user_id for user_id in existing if not self._users.is_administrator(user_id))
            before_delete(transaction, deleted)
            for store in (self._user_store, *self._per_user_stores):
                store.delete_for_users(transaction, deleted)
            return deleted

        deleted = self._database.write(operation)
        for user_id in deleted:
            self._presence.forget(user_id)
            self._gateways.forget(user_id)
        return deleted
