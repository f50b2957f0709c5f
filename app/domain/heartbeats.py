"""Somebody says that a user is there: a client with its token, an administrator, or a gateway."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from app.domain.blocks import Blocks
from app.domain.presence import Presence
from app.domain.tokens import Tokens
from app.domain.users import Users
from app.errors import DomainError, TokenRefused, TooManyConnections, UserBlocked, UserNotFound
from app.models import Beat, PresenceStatus, Token


class Heartbeats:
    """Presence of those who may be present: registered users who are not blocked."""

    def __init__(self, users: Users, tokens: Tokens, blocks: Blocks, presence: Presence) -> None:
        self._users = users
        self._blocks = blocks
        self._tokens = tokens
        self._presence = presence

    def keep_online(self, bearer: Token, beat: Beat) -> None:
        """Do `Presence.touch` on the strength of a token that `Tokens.verify` has returned.

        Raises TooManyConnections; TokenUnknown or TokenKicked; UserNotFound or UserBlocked.
        """
        self._presence.touch(*_touch(beat))
        try:
            # Cancelling a token, blocking and deleting a user take the user offline; if that came in between,
            # this must not undo it.
            self._tokens.confirm(bearer)
            if beat.user_id != bearer.user_id:
                self._users.get(beat.user_id)
                if self._blocks.is_blocked(beat.user_id):
                    raise UserBlocked(f"{beat.user_id} is blocked")
        except (TokenRefused, UserBlocked, UserNotFound):
            self._presence.leave(beat.user_id, beat.platform_id, beat.connection_id, PresenceStatus.KICKED)
            raise

    def keep_all_online(self, beats: Sequence[Beat]) -> list[tuple[Beat, DomainError]]:
        """Do `Presence.touch` for each, and return those that were refused, with why.

        That is UserNotFound, UserBlocked or TooManyConnections.
        """
        user_ids = {beat.user_id for beat in beats}
        absent = self.absent(user_ids)
        refused: list[tuple[Beat, DomainError]] = []
        for beat in beats:
            if beat.user_id in absent:
                refused.append((beat, absent[beat.user_id]))
                continue
            try:
                self._presence.touch(*_touch(beat))
            except TooManyConnections as error:
                refused.append((beat, error))
        self.remove_absent(user_ids.difference(absent))
        return refused

    def absent(self, user_ids: Collection[str]) -> dict[str, DomainError]:
        """Return those who may not be present, with why."""
        known = self._users.known(user_ids)
        absent: dict[str, DomainError] = {}
        for user_id in user_ids:
            if user_id not in known:
                absent[user_id] = UserNotFound(user_id)
            elif self._blocks.is_blocked(user_id):
                absent[user_id] = UserBlocked(f"{user_id} is blocked")
        return absent

    def remove_absent(self, user_ids: Collection[str]) -> None:
        """Take those offline who were deleted or blocked while they were being put online."""
        for user_id in self.absent(user_ids):
            self._presence.remove(user_id)


def _touch(beat: Beat) -> tuple[str, int, float, str, bool]:
    return beat.user_id, beat.platform_id, beat.ttl, beat.connection_id, beat.is_background
