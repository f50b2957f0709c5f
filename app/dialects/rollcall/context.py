"""One request of our own calls under way."""

from __future__ import annotations

from dataclasses import dataclass

from app.models import Token
from app.wire.context import RequestContext
from app.wire.dialect import Endpoint
from app.wire.request import Request


@dataclass
class Context(RequestContext):
    """What came in, for which call, and who makes it."""

    bearer: Token | None = None

    @property
    def caller(self) -> Token:
        """The token that let the caller in."""
        assert self.bearer is not None, "asked for before the call was admitted"
        return self.bearer


def make_context(http_request: Request, endpoint: Endpoint, variant: str) -> Context:
    """Open a call; there are no variants."""
    return Context(http_request, endpoint)
