"""The context of a v2 request."""

from __future__ import annotations

from dataclasses import dataclass

from ...http.dialect import RequestContext
from ...models import Token


@dataclass
class Context(RequestContext):
    """A request, and what the checks have found out about it."""

    token: Token | None = None
    """The token that let the caller in."""

    @property
    def caller_id(self) -> str:
        """The caller's user id; empty in calls that take no token."""
        return self.token.user_id if self.token else ""

    @property
    def is_manager(self) -> bool:
        """Whether the caller is an administrator."""
        return self.services.users.is_administrator(self.caller_id)
