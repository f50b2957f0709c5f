"""Who may hold a token, until when, and what cancels it. How a token is spelled is a codec's business."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.clock import Clock
from app.domain import multi_login
from app.domain.blocks import Blocks
from app.domain.counter import Counter
from app.domain.presence import Presence
from app.domain.valid_tokens import ValidTokens
from app.errors import TokenExpired, TokenKicked, TokenNotIssued, TokenNotYetValid, TokenSignatureInvalid
from app.models import DecodedToken, PresenceStatus, Token, TokenRequest, TokenState
from app.storage.database import Database, Transaction
from app.storage.tokens import TokenStore


class Tokens:
    """The tokens that were issued."""

    def __init__(
        self,
        database: Database,
        store: TokenStore,
        presence: Presence,
        blocks: Blocks,
        clock: Clock,
        *,
        policy: int,
        max_per_platform: int,
    ) -> None:
        """Issue tokens under a multi-login policy with up to `most` of a user's on one platform."""
        self._policy = policy
        self._max_per_platform = max_per_platform
        self._database = database
        self._store = store
        self._presence = presence
        self._blocks = blocks
        self._clock = clock
        self._valid = ValidTokens()
        #: Since the start of the process.
        self.issued, self.revoked = Counter(), Counter()

    def issue(self, request: TokenRequest, *, kicks: bool = False) -> Token:
        """Issue a token; the same order in the same second is the same token.

        With `kicks`, older tokens are cancelled as the multi-login policy says; the user goes offline on
        platforms where none of the older ones is left. Raises UserNotFound.
        """
        token, revoked = self._database.write(
            lambda transaction: self._issue(transaction, request, self._clock.now(), kicks)
        )
        self.issued.add()
        if revoked.tokens:
            self.revoked.add(revoked.tokens)
            self._after_revoking(request.user_id, revoked.platforms)
        return token

    def issue_in(self, transaction: Transaction, request: TokenRequest, now: float) -> Token:
        """Issue a token within a piece of writing; the older ones stay. Raises UserNotFound."""
        return self._issue(transaction, request, now, kicks=False)[0]

    def _issue(
        self, transaction: Transaction, request: TokenRequest, now: float, kicks: bool
    ) -> tuple[Token, _Revoked]:
        token = _dated(request, now)
        # A cancelled token stays known as such until the next one is issued beside it, as in OpenIM, where it
        # then answers as unknown.
        self._store.drop_stale(transaction, token, now)
        revoked = self._revoke(transaction, token, now) if kicks else _NOBODY
        self._store.put(transaction, token, issued_at=int(now * 1000))
        return token, revoked

    def _revoke(self, transaction: Transaction, token: Token, now: float) -> _Revoked:
        active_tokens = [
            older for older in self._store.active(transaction, token.user_id, now) if older != token
        ]
        revoked = multi_login.tokens_to_revoke(
            self._policy, self._max_per_platform, active_tokens, token.platform_id
        )
        self._store.kick(transaction, revoked)
        left = {older.platform_id for older in set(active_tokens).difference(revoked)}
        return _Revoked(len(revoked), frozenset(older.platform_id for older in revoked) - left)

    def revoke(self, user_id: str, platform_id: int) -> None:
        """Cancel a user's OpenIM tokens on a platform and take the user offline there; twice is once."""
        count = self._database.write(
            lambda transaction: self._store.kick_platform(transaction, user_id, platform_id)
        )
        self.revoked.add(count)
        self._after_revoking(user_id, frozenset({platform_id}))

    def expire(self, user_ids: Sequence[str], time: int) -> None:
        """Cancel every token of users, of whichever dialect, that is issued before a time (Unix ms).

        Who is online stays so until the next heartbeat is due.
        """
        now = int(self._clock.now() * 1000)
        count = self._database.write(
            lambda transaction: self._store.kick_before(transaction, user_ids, time, now)
        )
        self.revoked.add(count)
        for user_id in user_ids:
            self.forget(user_id)

    def _after_revoking(self, user_id: str, platform_ids: frozenset[int]) -> None:
        """See to what follows a cancelling: in this order, or a token outlives it in a client's heartbeat."""
        self.forget(user_id)
        for platform_id in platform_ids:
            self._presence.leave(user_id, platform_id, why=PresenceStatus.KICKED)

    def active_tokens(
        self, user_ids: Sequence[str], max_per_platform: int | None = None
    ) -> dict[str, dict[int, list[Token]]]:
        """Return the valid OpenIM tokens of each user, by platform, the newest first.

        `most` of them on a platform; without it as many as multi-login policy 0 leaves.
        """
        now = self._clock.now()
        found: dict[str, dict[int, list[Token]]] = {user_id: {} for user_id in user_ids}
        for token in self._database.read_one(
            lambda connection: self._store.newest(
                connection, user_ids, now, max_per_platform or self._max_per_platform
            )
        ):
            found[token.user_id].setdefault(token.platform_id, []).append(token)
        return found

    def verify(self, presented: DecodedToken) -> Token:
        """Return the issued token that `presented` is.

        Raises, in OpenIM's order (open-im-server v3.8.3 pkg/common/tokenverify): TokenExpired even if the
        signature is wrong too, TokenNotYetValid, TokenSignatureInvalid, TokenNotIssued, TokenKicked.
        """
        now = self._clock.now()
        if presented.exp is not None and presented.exp <= now:
            raise TokenExpired
        if presented.nbf is not None and presented.nbf > now:
            raise TokenNotYetValid
        if presented.signature_error is not None:
            raise TokenSignatureInvalid(presented.signature_error)
        if presented.iat is not None and presented.iat > now:
            raise TokenSignatureInvalid("token used before issued")
        if presented.token is None:
            raise TokenNotIssued
        self.check_active(presented.token)
        return presented.token

    def forget(self, user_id: str) -> None:
        """Doubt what is remembered of a user's tokens: they were just cancelled or deleted."""
        self._valid.forget(user_id)

    def check_active(self, token: Token) -> None:
        """Make sure that a genuine token is on record as valid and its user not blocked.

        Raises TokenNotIssued or TokenKicked.
        """
        state = self._valid.state(
            token, lambda: self._database.read_one(lambda connection: self._store.state(connection, token))
        )
        if state is None:
            raise TokenNotIssued
        if state is TokenState.KICKED or self._blocks.is_blocked(token.user_id):
            raise TokenKicked


class _Revoked(NamedTuple):
    """How many tokens a new one has cancelled, and on which platforms no older one is left."""

    tokens: int
    platforms: frozenset[int]


_NOBODY = _Revoked(0, frozenset())


def _dated(request: TokenRequest, now: float) -> Token:
    format = request.format
    return Token(
        user_id=request.user_id,
        platform_id=request.platform_id,
        format=format.name,
        issuer=request.issuer,
        iat=int(now * format.iat_per_second) - format.iat_offset * format.iat_per_second,
        exp=int(now) + format.lifetime,
        signing_key=request.signing_keys[0],
    )
