"""Register a user and issue a token in one transaction, so that neither exists without the other."""

from __future__ import annotations

from collections.abc import Sequence

from ..clock import Clock
from ..errors import TokenAlreadyIssued, TooManyUsers, UserIDInvalid
from ..models import Token, TokenRequest, User, UserChanges, UserRegistered, UserUpdated
from ..storage import Storage, Transaction
from .events import Events
from .tokens import Tokens
from .users import Users


class Registration:
    """Registers users with a token (OpenIM v2's user_register, RongCloud's getToken)."""

    def __init__(
        self,
        storage: Storage,
        users: Users,
        tokens: Tokens,
        events: Events,
        clock: Clock,
    ) -> None:
        self._database = storage.database
        self._user_store = storage.users
        self._token_store = storage.tokens
        self._users = users
        self._tokens = tokens
        self._events = events
        self._clock = clock

    def register_with_token(self, user: User, token_request: TokenRequest) -> Token:
        """Register a new user and return a token.

        Raises UserIDInvalid, UserExists, ArgumentTooLong, WebhookRejected or WebhookUnavailable.
        """
        user = self._run_before_hooks(user)
        stored = self._users.with_created_at([user])

        def operation(transaction: Transaction) -> Token:
            self._add(transaction, user, stored)
            return self._tokens.issue_in(transaction, token_request, self._clock.now())

        token = self._database.write(operation)
        self._events.publish()
        return token

    def _run_before_hooks(self, user: User) -> User:
        """Return the user as the hook amended it, but with the original id, for which the token is issued."""
        amended = self._users.run_before_hooks([user])
        same = [each for each in amended if each.user_id == user.user_id]
        return (same or amended)[0]._replace(user_id=user.user_id)

    def _amended_if_new(self, user: User, new_id_error: str | None) -> User:
        """Return a new user as the hook amended it; an existing one as it is."""
        if not self._events.asks_before_registering or self._users.existing_ids([user.user_id]):
            return user
        if new_id_error is not None:
            raise UserIDInvalid(new_id_error)
        return self._run_before_hooks(user)

    def _rename(self, transaction: Transaction, existing: User, user: User) -> None:
        changes = UserChanges(user.nickname, user.face_url or None)
        if existing.nickname != user.nickname or existing.face_url != (user.face_url or existing.face_url):
            self._user_store.rename(transaction, user.user_id, user.nickname, user.face_url)
            self._events.record(transaction, UserUpdated(user.user_id, changes, exact=False))

    def _add(self, transaction: Transaction, user: User, stored: Sequence[User]) -> None:
        self._user_store.add(transaction, stored)
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
        """Register the user, or update the nickname and a non-empty face URL; return a new token.

        An administrator's profile is not changed.

        With `once`, raises TokenAlreadyIssued if the user has a valid token of the request's issuer. Only for
        a new user, raises UserIDInvalid if `new_id_error` is given, and TooManyUsers if there are `max_users`
        already, not counting administrators (0: no limit). Also raises UserIDInvalid, UserExists (the id is
        reserved), ArgumentTooLong, WebhookRejected or WebhookUnavailable.
        """
        new_user = self._amended_if_new(user, new_id_error)

        def operation(transaction: Transaction) -> Token:
            now = self._clock.now()
            if once and self._token_store.holds_valid(transaction, token_request, now):
                raise TokenAlreadyIssued(user.user_id)
            existing = self._user_store.get(transaction, user.user_id)
            if existing is not None:
                if not self._users.is_administrator(user.user_id):
                    self._rename(transaction, existing, user)
            elif new_id_error is not None:
                raise UserIDInvalid(new_id_error)
            elif max_users and self._user_store.count(transaction, self._users.administrators) >= max_users:
                raise TooManyUsers
            else:
                self._add(transaction, new_user, self._users.with_created_at([new_user]))
            return self._tokens.issue_in(transaction, token_request, now)

        token = self._database.write(operation)
        self._events.publish()
        return token
