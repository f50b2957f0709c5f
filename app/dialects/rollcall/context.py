"""The context of a request to one of Rollcall's own calls."""

from __future__ import annotations

from dataclasses import dataclass

from ...http.dialect import RequestContext
from ...models import Token


@dataclass
class Context(RequestContext):
    """A request, and who makes it."""

    token: Token | None = None

    @property
    def caller(self) -> Token:
        """The token that let the caller in."""
        assert self.token is not None, "asked for before the caller was identified"
        return self.token

    @property
    def is_administrator(self) -> bool:
        """Whether the caller is an administrator."""
        return self.services.users.is_administrator(self.caller.user_id)
