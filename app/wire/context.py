"""One request under way: what every dialect's Call starts from."""

from __future__ import annotations

from dataclasses import dataclass

from app.services import Services
from app.wire.dialect import Endpoint
from app.wire.request import Request


@dataclass
class RequestContext:
    """What came in, and for which endpoint; a dialect adds what its checks find out."""

    http_request: Request
    endpoint: Endpoint

    @property
    def services(self) -> Services:
        """The parts of this Rollcall."""
        return self.http_request.services
