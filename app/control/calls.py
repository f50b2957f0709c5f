"""All calls of the control API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import clock, explain, requests, server, users
from .call import Call

CALLS: Sequence[Call[Any]] = (
    *server.CALLS,
    *users.CALLS,
    *requests.CALLS,
    *explain.CALLS,
    *clock.CALLS,
)
