"""Rollcall's own calls, in an OpenIM-style envelope. README.md lists them."""

from __future__ import annotations

from app.dialects.rollcall import call, errors, guard, presence, render, watching
from app.wire.dialect import Dialect

DIALECT = Dialect(
    name="rollcall",
    endpoints=(*presence.routes.endpoints, *watching.routes.endpoints),
    prefixes={},
    open=call.open_call,
    admit=guard.admit,
    success=render.success,
    failure=errors.failure,
)
