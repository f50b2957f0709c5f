"""Issue, verify and revoke tokens. Codecs encode and decode their text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from ..clock import Clock
from ..errors import TokenExpired, TokenKicked, TokenNotIssued, TokenNotYetValid, TokenSignatureInvalid
from ..models import DecodedToken, PresenceStatus, Token, TokenRequest, TokenState
from ..storage import Storage, Transaction
from . import multi_login
from .blocks import Blocks
from .presence import Presence
from .revocations import Revocations

#: Seconds in which two tokens can have the same claims.
_EQUAL_SECONDS = 2.0


class Tokens:
    """The issued tokens."""

    def __init__(
        self,
        storage: Storage,
        presence: Presence,
        blocks: Blocks,
        clock: Clock,
        *,
        policy: int,
        max_per_platform: int,
    ) -> None:
        """Use multi-login policy `policy`; `max_per_platform` is the limit of policy 0."""
        self._policy = policy
        self._max_per_platform = max_per_platform
        self._database = storage.database
        self._store = storage.tokens
        self._presence = presence
        self._blocks = blocks
        self.revocations = Revocations(clock)
        # When they ended, in Unix seconds.
        self._retired: dict[Token, float] = {}
        self._clock = clock

    def issue(self, request: TokenRequest, *, kicks: bool = False) -> Token:
        """Issue a token; equal requests within one unit of `iat` give the same token.

        With `kicks`, revoke older tokens as the multi-login policy says, and take the user offline on
        platforms where no older token remains. Raises UserNotFound.
        """
        issued = self._database.write(
            lambda transaction: self._issue(transaction, request, self._clock.now(), kicks)
        )
        token, revoked, ended = issued
        self.revocations.record(revoked)
        self._end_presence(request.user_id, ended)
        return token

    def issue_in(self, transaction: Transaction, request: TokenRequest, now: float) -> Token:
        """Issue a token within a transaction, without revoking older ones. Raises UserNotFound."""
        return self._issue(transaction, request, now, kicks=False)[0]

    def _issue(
        self, transaction: Transaction, request: TokenRequest, now: float, kicks: bool
    ) -> tuple[Token, Sequence[Token], frozenset[int]]:
        """Return the token, the revoked ones, and the platforms on which all older tokens were revoked."""
        token = self._unlike_retired(_token_at(request, now), now)
        # A revoked token verifies as TokenKicked until the next token for this user, issuer and platform is
        # issued, and as TokenNotIssued after that; OpenIM does the same.
        self._store.drop_stale(transaction, token, now)
        revoked, ended = self._revoke(transaction, token, now) if kicks else ((), frozenset())
        self._store.put(transaction, token, issued_at=int(now * 1000))
        return token, revoked, ended

    def retire(self, tokens: Iterable[Token]) -> None:
        """Make sure that no token issued from now on equals one of these, which are valid no more.

        Within one unit of `iat`, equal requests would give it again.
        """
        now = self._clock.now()
        self._retired = {token: at for token, at in self._retired.items() if abs(now - at) < _EQUAL_SECONDS}
        self._retired |= dict.fromkeys(tokens, now)

    def issued_lately(self, transaction: Transaction) -> list[Token]:
        """Return the tokens that one issued now could equal, within a transaction."""
        return self._store.issued_since(transaction, int((self._clock.now() - _EQUAL_SECONDS) * 1000))

    def _unlike_retired(self, token: Token, now: float) -> Token:
        while token in self._retired and abs(now - self._retired[token]) < _EQUAL_SECONDS:
            token = token._replace(exp=token.exp + 1)
        return token

    def _revoke(
        self, transaction: Transaction, token: Token, now: float
    ) -> tuple[Sequence[Token], frozenset[int]]:
        active_tokens = [
            older for older in self._store.active(transaction, token.user_id, now) if older != token
        ]
        revoked = multi_login.tokens_to_revoke(
            self._policy, self._max_per_platform, active_tokens, token.platform_id
        )
        self._store.kick(transaction, revoked)
        remaining = {older.platform_id for older in set(active_tokens).difference(revoked)}
        return revoked, frozenset(older.platform_id for older in revoked) - remaining

    def revoke(self, user_id: str, platform_id: int) -> None:
        """Revoke a user's OpenIM tokens on a platform and take the user offline there. Idempotent."""
        revoked = self._database.write(
            lambda transaction: self._store.kick_platform(transaction, user_id, platform_id)
        )
        self.revocations.record(revoked)
        self._end_presence(user_id, {platform_id})

    def expire(self, user_ids: Sequence[str], time: int) -> None:
        """Revoke all tokens of users, in all dialects, that were or will be issued before `time` (Unix ms).

        Connections stay online until they lapse.
        """
        now = int(self._clock.now() * 1000)
        revoked = self._database.write(
            lambda transaction: self._store.kick_before(transaction, user_ids, time, now)
        )
        self.revocations.record(revoked)

    def cancel(self, user_id: str, formats: Sequence[str], platform_id: int | None) -> int:
        """Revoke a user's tokens of some formats, on one platform or all; return how many.

        The user goes offline on the tokens' platforms.
        """
        return self._change_state(user_id, formats, platform_id, TokenState.KICKED)

    def make_expired(self, user_id: str, formats: Sequence[str], platform_id: int | None) -> int:
        """Make tokens of some formats answer as expired, on one platform or all; return how many."""
        return self._change_state(user_id, formats, platform_id, TokenState.EXPIRED)

    def _change_state(
        self, user_id: str, formats: Sequence[str], platform_id: int | None, state: TokenState
    ) -> int:
        changed = self._database.write(
            lambda transaction: self._store.change_state(transaction, user_id, formats, platform_id, state)
        )
        self.revocations.record(changed, state)
        self.retire(changed)
        if state is TokenState.KICKED:
            self._end_presence(user_id, {token.platform_id for token in changed})
        return len(changed)

    def _end_presence(self, user_id: str, platform_ids: Iterable[int]) -> None:
        """Take the user offline on platforms; after the commit, as a heartbeat in between would stay."""
        for platform_id in platform_ids:
            self._presence.leave(user_id, platform_id, status=PresenceStatus.KICKED)

    def active_tokens(
        self, user_ids: Sequence[str], max_per_platform: int | None = None
    ) -> dict[str, dict[int, list[Token]]]:
        """Return the active OpenIM tokens of each user: user id to platform id to tokens, newest first.

        At most `max_per_platform` on a platform; None means the limit of multi-login policy 0.
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

    def verify(self, presented: DecodedToken, *, signature_first: bool = False) -> Token:
        """Verify a decoded token and return the issued one.

        Raises, in this order, TokenExpired, TokenNotYetValid, TokenSignatureInvalid, TokenNotIssued and
        TokenKicked. With `signature_first`, an invalid signature comes before the times, as in golang-jwt
        4.5; older versions look at the times first.
        """
        if signature_first and presented.signature_error is not None:
            raise TokenSignatureInvalid(presented.signature_error)
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

    def check_active(self, token: Token) -> None:
        """Check that a token with a valid signature is on record, not revoked, and its user not blocked.

        Raises TokenNotIssued, TokenExpired or TokenKicked.
        """
        state = self._database.read_one(lambda connection: self._store.state(connection, token))
        if state is None:
            raise TokenNotIssued
        if state is TokenState.EXPIRED:
            raise TokenExpired
        if state is TokenState.KICKED or self._blocks.is_blocked(token.user_id):
            raise TokenKicked


def _token_at(request: TokenRequest, now: float) -> Token:
    format = request.format
    return Token(
        user_id=request.user_id,
        platform_id=request.platform_id,
        format=format.name,
        issuer=request.issuer,
        iat=int(now * format.iat_per_second) - format.iat_offset * format.iat_per_second,
        exp=int(now) + format.lifetime if request.expires_in is None else _end(now, request.expires_in),
        signing_key=request.signing_keys[0],
    )


def _end(now: float, seconds: int) -> int:
    """Return the whole second in which a token ends: not before `seconds` have passed, if that is above 0."""
    return (math.ceil(now) if seconds > 0 else int(now)) + seconds
