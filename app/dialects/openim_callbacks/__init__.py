"""What OpenIM's gateways tell by their callbacks about who comes and goes. README.md has the URLs."""

from __future__ import annotations

from app.dialects.openim_callbacks import callbacks, errors, guard, render
from app.wire.call import Call
from app.wire.dialect import Dialect

DIALECT = Dialect(
    name="openim_callbacks",
    endpoints=tuple(callbacks.routes.endpoints),
    prefixes={},
    open=lambda incoming, endpoint, variant: Call(incoming, endpoint),
    admit=guard.admit,
    success=render.success,
    failure=errors.failure,
)
