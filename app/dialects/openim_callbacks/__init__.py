"""What OpenIM's gateways tell by their callbacks about who comes and goes. README.md has the URLs."""

from __future__ import annotations

from app.dialects.openim_callbacks import callbacks, errors, guard, render
from app.wire.context import RequestContext as Context
from app.wire.dialect import Dialect

DIALECT = Dialect(
    name="openim_callbacks",
    endpoints=tuple(callbacks.routes.endpoints),
    prefixes={},
    make_context=lambda http_request, endpoint, variant: Context(http_request, endpoint),
    authorize_and_bind=guard.authorize_and_bind,
    render_success=render.render_success,
    render_error=errors.render_error,
)
