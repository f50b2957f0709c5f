"""Which tokens are valid, remembered, so that a client's every request need not ask the database.

There is one process and all cancelling goes through it, so what is remembered here is never behind what is on
record: whoever cancels forgets after the commit and before the answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from ..models import Token, TokenState

#: Users whose tokens are remembered.
MAX_USERS = 16_384
#: Tokens of one user that are remembered.
MAX_PER_USER = 16


class ValidTokens:
    """The tokens that were found to be valid since they were last doubted, by user."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_user: dict[str, frozenset[Token]] = {}
        self._doubts = 0

    def state(self, token: Token, read_one: Callable[[], TokenState | None]) -> TokenState | None:
        """Return the state of a token, by `look_up` if it is not known to be valid."""
        if token in self._by_user.get(token.user_id, ()):
            return TokenState.NORMAL
        doubts = self._doubts
        state = read_one()
        if state is TokenState.NORMAL:
            self._remember(token, doubts)
        return state

    def forget(self, user_id: str) -> None:
        """Doubt the tokens of a user: some were just cancelled."""
        with self._lock:
            self._doubts += 1
            self._by_user.pop(user_id, None)

    def _remember(self, token: Token, doubts: int) -> None:
        with self._lock:
            # What was looked up before a cancelling must not be remembered after it.
            if doubts != self._doubts:
                return
            if len(self._by_user) >= MAX_USERS and token.user_id not in self._by_user:
                self._by_user.pop(next(iter(self._by_user)))
            held = self._by_user.get(token.user_id, frozenset())
            self._by_user[token.user_id] = held | {token} if len(held) < MAX_PER_USER else frozenset({token})
