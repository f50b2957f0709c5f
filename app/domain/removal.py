"""Delete users: with them go their tokens, what is kept with them, and their presence."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain import limits
from app.domain.presence import Presence
from app.domain.tokens import Tokens
from app.domain.users import Users
from app.storage.commands import CommandStore
from app.storage.database import Database, Transaction
from app.storage.subscriptions import SubscriptionStore
from app.storage.users import UserStore


class Removal:
    """What OpenIM v2's delete_user does."""

    def __init__(
        self,
        database: Database,
        user_store: UserStore,
        command_store: CommandStore,
        subscription_store: SubscriptionStore,
        users: Users,
        tokens: Tokens,
        presence: Presence,
    ) -> None:
        self._database = database
        self._user_store = user_store
        self._command_store = command_store
        self._subscription_store = subscription_store
        self._users = users
        self._tokens = tokens
        self._presence = presence

    def delete(self, user_ids: Sequence[str]) -> list[str]:
        """Delete users; return those, in order, who could not be: nobody, and administrators.

        Raises ArgumentTooLong.
        """
        limits.check_count(user_ids)

        def piece(transaction: Transaction) -> frozenset[str]:
            known = self._user_store.known(transaction, user_ids)
            gone = frozenset(user_id for user_id in known if not self._users.is_administrator(user_id))
            self._user_store.delete(transaction, gone)
            self._command_store.delete_of(transaction, gone)
            self._subscription_store.delete_of(transaction, gone)
            return gone

        gone = self._database.write(piece)
        for user_id in gone:
            self._tokens.forget(user_id)
            self._presence.remove(user_id)
        return [user_id for user_id in dict.fromkeys(user_ids) if user_id not in gone]
