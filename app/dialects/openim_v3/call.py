"""One v3 request under way."""

from __future__ import annotations

from dataclasses import dataclass

from app.dialects.openim_v3.generations import Generation, generation_of
from app.models import Token
from app.wire import call
from app.wire.dialect import Endpoint
from app.wire.incoming import Incoming


@dataclass
class Call(call.Call):
    """What came in, for which call, in which generation, and who makes it."""

    generation: Generation
    caller: Token | None = None


def open_call(incoming: Incoming, endpoint: Endpoint, variant: str) -> Call:
    """Settle the generation of a request."""
    return Call(incoming, endpoint, generation_of(incoming, endpoint.path, variant))
