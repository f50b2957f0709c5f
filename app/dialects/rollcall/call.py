"""One request of our own calls under way."""

from __future__ import annotations

from dataclasses import dataclass

from app.models import Token
from app.wire import call
from app.wire.dialect import Endpoint
from app.wire.incoming import Incoming


@dataclass
class Call(call.Call):
    """What came in, for which call, and who makes it."""

    bearer: Token | None = None

    @property
    def caller(self) -> Token:
        """The token that let the caller in."""
        assert self.bearer is not None, "asked for before the call was admitted"
        return self.bearer


def open_call(incoming: Incoming, endpoint: Endpoint, variant: str) -> Call:
    """Open a call; there are no variants."""
    return Call(incoming, endpoint)
