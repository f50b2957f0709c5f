"""Heartbeats put users online: from a client with its token, an administrator or a gateway."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..errors import DomainError, TokenRefused, TooManyConnections, UserBlocked, UserNotFound
from ..models import Heartbeat, PresenceStatus, Token
from .blocks import Blocks
from .presence import Presence
from .tokens import Tokens
from .users import Users


class Heartbeats:
    """Records heartbeats of registered users who are not blocked."""

    def __init__(self, users: Users, tokens: Tokens, blocks: Blocks, presence: Presence) -> None:
        self._users = users
        self._blocks = blocks
        self._tokens = tokens
        self._presence = presence

    def record(self, bearer: Token, heartbeat: Heartbeat) -> None:
        """Put a connection online for the bearer of a token that `Tokens.verify` has returned.

        Raises TooManyConnections, TokenNotIssued or TokenKicked; for another user than the bearer also
        UserNotFound or UserBlocked.
        """
        self._presence.touch(*_touch_arguments(heartbeat))
        try:
            # Checked after `touch`: revoking the token, blocking or deleting the user takes the user offline,
            # and a concurrent heartbeat must not undo that.
            self._tokens.check_active(bearer)
            if heartbeat.user_id != bearer.user_id:
                self._users.get(heartbeat.user_id)
                if self._blocks.is_blocked(heartbeat.user_id):
                    raise UserBlocked(heartbeat.user_id)
        except (TokenRefused, UserBlocked, UserNotFound):
            self._presence.leave(
                heartbeat.user_id, heartbeat.platform_id, heartbeat.connection_id, PresenceStatus.KICKED
            )
            raise

    def record_many(self, heartbeats: Sequence[Heartbeat]) -> list[tuple[Heartbeat, DomainError]]:
        """Put each connection online; return the refused heartbeats, each with the error.

        The errors are UserNotFound, UserBlocked and TooManyConnections. Raises ArgumentTooLong.
        """
        user_ids = {heartbeat.user_id for heartbeat in heartbeats}
        not_allowed = self.not_allowed(user_ids)
        refused: list[tuple[Heartbeat, DomainError]] = []
        for heartbeat in heartbeats:
            if heartbeat.user_id in not_allowed:
                refused.append((heartbeat, not_allowed[heartbeat.user_id]))
                continue
            try:
                self._presence.touch(*_touch_arguments(heartbeat))
            except TooManyConnections as error:
                refused.append((heartbeat, error))
        self.disconnect_disallowed(user_ids.difference(not_allowed))
        return refused

    def not_allowed(self, user_ids: Collection[str]) -> dict[str, DomainError]:
        """Return UserNotFound or UserBlocked for each user who must not be online. Raises ArgumentTooLong."""
        existing = self._users.existing_ids(user_ids)
        errors: dict[str, DomainError] = {}
        for user_id in user_ids:
            if user_id not in existing:
                errors[user_id] = UserNotFound(user_id)
            elif self._blocks.is_blocked(user_id):
                errors[user_id] = UserBlocked(user_id)
        return errors

    def disconnect_disallowed(self, user_ids: Collection[str]) -> None:
        """Take offline the users who were deleted or blocked while they were being put online."""
        for user_id in self.not_allowed(user_ids):
            self._presence.remove(user_id)


def _touch_arguments(heartbeat: Heartbeat) -> tuple[str, int, float, str, bool]:
    return (
        heartbeat.user_id,
        heartbeat.platform_id,
        heartbeat.ttl,
        heartbeat.connection_id,
        heartbeat.is_background,
    )
