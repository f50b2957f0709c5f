"""Register a user and issue the first token in one commit, so that there is never one without the other."""

from __future__ import annotations

from collections.abc import Sequence

from app.clock import Clock
from app.domain.events import Events
from app.domain.tokens import Tokens
from app.domain.users import Users
from app.errors import TokenAlreadyIssued, TooManyUsers, UserIDInvalid
from app.models import Token, TokenRequest, User, UserChanges, UserRegistered, UserUpdated
from app.storage.database import Database, Transaction
from app.storage.tokens import TokenStore
from app.storage.users import UserStore


class Registration:
    """What OpenIM v2's user_register and RongCloud's getToken do."""

    def __init__(
        self,
        database: Database,
        user_store: UserStore,
        token_store: TokenStore,
        users: Users,
        tokens: Tokens,
        events: Events,
        clock: Clock,
    ) -> None:
        self._database = database
        self._user_store = user_store
        self._token_store = token_store
        self._users = users
        self._tokens = tokens
        self._events = events
        self._clock = clock

    def register_with_token(self, user: User, token_request: TokenRequest) -> Token:
        """Register a new user and return a token.

        Raises UserIDInvalid, UserExists, WebhookRejected or WebhookUnavailable.
        """
        user = self._run_before_hooks(user)
        dated = self._users.with_created_at([user])

        def operation(transaction: Transaction) -> Token:
            self._add(transaction, user, dated)
            return self._tokens.issue_in(transaction, token_request, self._clock.now())

        token = self._database.write(operation)
        self._users.registrations_made.add()
        self._tokens.issued.add()
        self._events.publish()
        return token

    def _run_before_hooks(self, user: User) -> User:
        """Ask whoever has to be asked; the id stays as it is, whatever the answer, as the token is for it."""
        amended = self._users.run_before_hooks([user])
        same = [each for each in amended if each.user_id == user.user_id]
        return (same or amended)[0]._replace(user_id=user.user_id)

    def _rename(self, transaction: Transaction, there: User, user: User) -> None:
        changes = UserChanges(user.nickname, user.face_url or None)
        if there.nickname != user.nickname or there.face_url != (user.face_url or there.face_url):
            self._user_store.rename(transaction, user.user_id, user.nickname, user.face_url)
            self._events.record(transaction, UserUpdated(user.user_id, changes, exact=False))

    def _add(self, transaction: Transaction, user: User, dated: Sequence[User]) -> None:
        self._user_store.add(transaction, dated)
        self._events.record(transaction, UserRegistered((user,)))

    def get_or_register(
        self,
        user: User,
        token_request: TokenRequest,
        *,
        once: bool,
        new_id_error: str | None = None,
        max_users: int = 0,
    ) -> Token:
        """Register the user if need be, write name and face, and return a token of `order.issuer`.

        With `once`, a user with a valid token of that issuer is refused. `new_id_error` says why the caller
        does not register this id, and `max_users` limits the number of users (0: no limit); neither applies
        to a user who is registered already. Raises UserIDInvalid, UserExists, TokenAlreadyIssued,
        TooManyUsers, WebhookRejected or WebhookUnavailable.
        """
        newcomer = user
        if self._events.asks_before_registering and not self._users.existing_ids([user.user_id]):
            if new_id_error is not None:
                raise UserIDInvalid(new_id_error)
            newcomer = self._run_before_hooks(user)

        def operation(transaction: Transaction) -> tuple[Token, bool]:
            now = self._clock.now()
            if once and self._token_store.holds_valid(transaction, token_request, now):
                raise TokenAlreadyIssued(user.user_id)
            there = self._user_store.get(transaction, user.user_id)
            if there is not None:
                self._rename(transaction, there, user)
            elif new_id_error is not None:
                raise UserIDInvalid(new_id_error)
            elif max_users and self._user_store.count(transaction) >= max_users:
                raise TooManyUsers
            else:
                self._add(transaction, newcomer, self._users.with_created_at([newcomer]))
            return self._tokens.issue_in(transaction, token_request, now), there is None

        token, is_new = self._database.write(operation)
        self._users.registrations_made.add(is_new)
        self._tokens.issued.add()
        self._events.publish()
        return token
