"""One v2 request under way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.models import Token
from app.wire.context import RequestContext
from app.wire.dialect import Endpoint
from app.wire.request import Request


@dataclass
class Context(RequestContext):
    """What came in, for which call, and what has been found out about it."""

    operation_id: str = ""
    request: Any = None
    """The bound body."""
    caller: Token | None = None


def make_context(http_request: Request, endpoint: Endpoint, variant: str) -> Context:
    """Open a call; there are no variants."""
    return Context(http_request, endpoint)
