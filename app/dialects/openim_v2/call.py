"""One v2 request under way."""

from __future__ import annotations

from dataclasses import dataclass

from app.models import Token
from app.wire import call


@dataclass
class Call(call.Call):
    """What came in, for which call, and what has been found out about it."""

    variant: str = ""
    operation_id: str = ""
    caller: Token | None = None
