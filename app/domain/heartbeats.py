"""A client, or an administrator for it, says that somebody is there."""

from __future__ import annotations

from app.domain.blocks import Blocks
from app.domain.presence import Presence
from app.domain.tokens import Tokens
from app.domain.users import Users
from app.errors import TokenRefused, UserBlocked, UserNotFound
from app.models import Token


class Heartbeats:
    """Presence on the strength of tokens."""

    def __init__(self, users: Users, tokens: Tokens, blocks: Blocks, presence: Presence) -> None:
        self._users = users
        self._blocks = blocks
        self._tokens = tokens
        self._presence = presence

    def keep_online(
        self,
        bearer: Token,
        user_id: str,
        platform_id: int,
        ttl: float,
        connection_id: str = "",
        is_background: bool = False,
    ) -> None:
        """Do `Presence.touch` on the strength of a token that `Tokens.verify` has returned.

        Raises TooManyConnections; TokenUnknown or TokenKicked; UserNotFound or UserBlocked.
        """
        self._presence.touch(user_id, platform_id, ttl, connection_id, is_background)
        try:
            # Cancelling a token, blocking and deleting a user take the user offline; if that came in between,
            # this must not undo it.
            self._tokens.confirm(bearer)
            if user_id != bearer.user_id:
                self._users.get(user_id)
                if self._blocks.is_blocked(user_id):
                    raise UserBlocked(f"{user_id} is blocked")
        except (TokenRefused, UserBlocked, UserNotFound):
            self._presence.leave(user_id, platform_id, connection_id)
            raise
