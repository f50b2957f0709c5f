"""One v2 request under way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.models import Token
from app.wire import call
from app.wire.dialect import Endpoint
from app.wire.incoming import Incoming


@dataclass
class Call(call.Call):
    """What came in, for which call, and what has been found out about it."""

    operation_id: str = ""
    request: Any = None
    """The bound body."""
    caller: Token | None = None


def open_call(incoming: Incoming, endpoint: Endpoint, variant: str) -> Call:
    """Open a call; there are no variants."""
    return Call(incoming, endpoint)
