"""Which tokens were revoked lately, when and by which request, to explain later why they are refused."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..clock import Clock
from ..models import Token, TokenState

#: Tokens to remember.
MAX_TOKENS = 10_000


class Revocation(NamedTuple):
    """A revoked token's end."""

    at: float
    """Unix seconds."""
    state: TokenState
    request: int
    """The number of the request in the journal; 0 if it was none of a dialect's."""


class _Own(threading.local):
    tokens: Sequence[Token] = ()


class Revocations:
    """The last revocations. Remembers nothing unless `is_on`."""

    def __init__(self, clock: Clock) -> None:
        #: Set while requests are numbered.
        self.is_on = False
        self._clock = clock
        self._lock = threading.Lock()
        self._revoked: OrderedDict[Token, Revocation] = OrderedDict()
        # The tokens that the thread's request has revoked, until its number is known.
        self._own = _Own()

    def record(self, tokens: Iterable[Token], state: TokenState = TokenState.KICKED) -> None:
        """Remember tokens that this thread's request has revoked, or made to answer as expired."""
        found = list(tokens) if self.is_on else []
        if not found:
            return
        revocation = Revocation(self._clock.now(), state, 0)
        self._own.tokens = [*self._own.tokens, *found]
        with self._lock:
            for token in found:
                self._revoked[token] = revocation
            while len(self._revoked) > MAX_TOKENS:
                self._revoked.popitem(last=False)

    def settle(self, request: int) -> None:
        """Set the number of this thread's request, which ends."""
        tokens = self._own.tokens
        if not tokens:
            return
        self._own.tokens = ()
        with self._lock:
            for token in tokens:
                if token in self._revoked:
                    self._revoked[token] = self._revoked[token]._replace(request=request)

    def of(self, token: Token) -> Revocation | None:
        """Return when and how a token was revoked; None if that is not known."""
        return self._revoked.get(token)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._revoked.clear()
