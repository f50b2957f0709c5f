"""One request under way: what every dialect's Call starts from."""

from __future__ import annotations

from dataclasses import dataclass

from app.services import Services
from app.wire.dialect import Endpoint
from app.wire.incoming import Incoming


@dataclass
class Call:
    """What came in, and for which endpoint; a dialect adds what its checks find out."""

    incoming: Incoming
    endpoint: Endpoint

    @property
    def services(self) -> Services:
        """The parts of this Rollcall."""
        return self.incoming.services
