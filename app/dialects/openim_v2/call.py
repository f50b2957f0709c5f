"""One v2 request under way."""

from __future__ import annotations

from dataclasses import dataclass

from app.wire import call
from app.wire.dialect import Endpoint
from app.wire.incoming import Incoming


@dataclass
class Call(call.Call):
    """What came in, for which call, and what has been found out about it."""

    operation_id: str = ""


def open_call(incoming: Incoming, endpoint: Endpoint, variant: str) -> Call:
    """Open a call; there are no variants."""
    return Call(incoming, endpoint)
