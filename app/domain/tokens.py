"""Who may hold a token, until when, and what cancels it. How a token is spelled is a codec's business."""

from __future__ import annotations

from app.clock import Clock
from app.domain.presence import Presence
from app.domain.valid_tokens import ValidTokens
from app.errors import TokenExpired, TokenForged, TokenKicked, TokenNotYetValid, TokenRefused, TokenUnknown
from app.models import PresentedToken, Token, TokenOrder, TokenState
from app.storage.database import Database, Transaction
from app.storage.tokens import TokenStore


class Tokens:
    """The tokens that were issued."""

    def __init__(self, database: Database, store: TokenStore, presence: Presence, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._presence = presence
        self._clock = clock
        self._valid = ValidTokens()

    def grant(self, order: TokenOrder, *, kicks: bool = False) -> Token:
        """Issue a token; the same order in the same second is the same token.

        With `kicks`, the user's older tokens on that platform are cancelled; if there were any, the user goes
        offline there. Raises UserNotFound.
        """
        token, kicked = self._database.write(lambda transaction: self.issue(transaction, order, kicks))
        if kicked:
            self._valid.forget(order.user_id)
            self._presence.leave(order.user_id, order.platform_id)
        return token

    def issue(self, transaction: Transaction, order: TokenOrder, kicks: bool = False) -> tuple[Token, int]:
        """Do what `grant` does within a piece of writing; also return how many tokens were cancelled.

        A cancelled token stays known as such until the next one is issued beside it, as in OpenIM, where it
        then answers as unknown.
        """
        now = self._clock.now()
        token = _dated(order, now)
        self._store.drop_stale(transaction, token, now)
        kicked = self._store.kick_siblings(transaction, token) if kicks else 0
        self._store.put(transaction, token, issued_at=int(now * 1000))
        return token, kicked

    def verify(self, presented: PresentedToken) -> Token:
        """Return the issued token that `presented` is.

        Raises, in OpenIM's order (open-im-server v3.8.3 pkg/common/tokenverify): TokenExpired even if the
        signature is wrong too, TokenNotYetValid, TokenForged, TokenUnknown, TokenKicked.
        """
        now = self._clock.now()
        if presented.exp is not None and presented.exp <= now:
            raise TokenExpired
        if presented.nbf is not None and presented.nbf > now:
            raise TokenNotYetValid
        if presented.flaw is not None:
            raise TokenForged(presented.flaw)
        if presented.iat is not None and presented.iat > now:
            raise TokenForged("token used before issued")
        if presented.token is None:
            raise TokenUnknown
        self._confirm(presented.token)
        return presented.token

    def keep_online(
        self,
        bearer: Token,
        user_id: str,
        platform_id: int,
        ttl: float,
        connection_id: str = "",
        is_background: bool = False,
    ) -> None:
        """Do `Presence.touch` on the strength of a token that `verify` has returned.

        Raises TooManyConnections, or TokenUnknown or TokenKicked.
        """
        self._presence.touch(user_id, platform_id, ttl, connection_id, is_background)
        try:
            # Cancelling a token takes its user offline; if it came in between, this must not undo it.
            self._confirm(bearer)
        except TokenRefused:
            self._presence.leave(user_id, platform_id, connection_id)
            raise

    def _confirm(self, token: Token) -> None:
        """Make sure that a genuine token is on record as valid. Raises TokenUnknown or TokenKicked."""
        state = self._valid.state(
            token, lambda: self._database.read(lambda connection: self._store.state(connection, token))
        )
        if state is None:
            raise TokenUnknown
        if state is TokenState.KICKED:
            raise TokenKicked


def _dated(order: TokenOrder, now: float) -> Token:
    style = order.style
    return Token(
        user_id=order.user_id,
        platform_id=order.platform_id,
        style=style.name,
        issuer=order.issuer,
        iat=int(now * style.ticks) - style.backdated * style.ticks,
        exp=int(now) + style.lifetime,
        signing_key=order.signing_keys[0],
    )
