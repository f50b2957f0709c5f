"""Register a user and issue the first token in one commit, so that there is never one without the other."""

from __future__ import annotations

from collections.abc import Sequence

from app.clock import Clock
from app.domain.events import Events
from app.domain.tokens import Tokens
from app.domain.users import Users
from app.errors import TokenStillValid, TooManyUsers, UserIDInvalid
from app.models import Token, TokenOrder, User, UserChanges, UserRegistered, UserUpdated
from app.storage.database import Database, Transaction
from app.storage.tokens import TokenStore
from app.storage.users import UserStore


class Enrolment:
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

    def register(self, user: User, order: TokenOrder) -> Token:
        """Register a new user and return a token.

        Raises UserIDInvalid, UserExists, HookRefused or HookFailed.
        """
        user = self._admitted(user)
        dated = self._users.dated([user])

        def piece(transaction: Transaction) -> Token:
            self._add(transaction, user, dated)
            return self._tokens.issue(transaction, order, self._clock.now())

        token = self._database.write(piece)
        self._users.registrations_made.add()
        self._tokens.issued.add()
        self._events.publish()
        return token

    def _admitted(self, user: User) -> User:
        """Ask whoever has to be asked; the id stays as it is, whatever the answer, as the token is for it."""
        admitted = self._users.admitted([user])
        same = [each for each in admitted if each.user_id == user.user_id]
        return (same or admitted)[0]._replace(user_id=user.user_id)

    def _rename(self, transaction: Transaction, there: User, user: User) -> None:
        changes = UserChanges(user.nickname, user.face_url or None)
        if there.nickname != user.nickname or there.face_url != (user.face_url or there.face_url):
            self._user_store.rename(transaction, user.user_id, user.nickname, user.face_url)
            self._events.record(transaction, UserUpdated(user.user_id, changes, exact=False))

    def _add(self, transaction: Transaction, user: User, dated: Sequence[User]) -> None:
        self._user_store.add(transaction, dated)
        self._events.record(transaction, UserRegistered((user,)))

    def admit(
        self,
        user: User,
        order: TokenOrder,
        *,
        once: bool,
        new_id_flaw: str | None = None,
        most: int = 0,
    ) -> Token:
        """Register the user if need be, write name and face, and return a token of `order.issuer`.

        With `once`, a user who holds a valid token of that issuer is refused. `new_id_flaw` is why the caller
        would not register this id; it does not matter for a user who is there, nor does `most`, the number of
        users beyond whom nobody is registered (0 is no limit). Raises UserIDInvalid, UserExists,
        TokenStillValid, TooManyUsers, HookRefused or HookFailed.
        """
        newcomer = user
        if self._events.asks_before_registering and not self._users.known([user.user_id]):
            if new_id_flaw is not None:
                raise UserIDInvalid(new_id_flaw)
            newcomer = self._admitted(user)

        def piece(transaction: Transaction) -> tuple[Token, bool]:
            now = self._clock.now()
            if once and self._token_store.holds_valid(transaction, order, now):
                raise TokenStillValid(user.user_id)
            there = self._user_store.get(transaction, user.user_id)
            if there is not None:
                self._rename(transaction, there, user)
            elif new_id_flaw is not None:
                raise UserIDInvalid(new_id_flaw)
            elif most and self._user_store.count(transaction) >= most:
                raise TooManyUsers
            else:
                self._add(transaction, newcomer, self._users.dated([newcomer]))
            return self._tokens.issue(transaction, order, now), there is None

        token, is_new = self._database.write(piece)
        self._users.registrations_made.add(is_new)
        self._tokens.issued.add()
        self._events.publish()
        return token
