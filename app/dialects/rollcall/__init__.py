"""Rollcall's own calls, in an OpenIM-style envelope. README.md lists them."""

from __future__ import annotations

from app.dialects.rollcall import context, errors, guard, presence, presence_queries, render
from app.wire.dialect import Dialect

DIALECT = Dialect(
    name="rollcall",
    endpoints=(*presence.routes.endpoints, *presence_queries.routes.endpoints),
    prefixes={},
    make_context=context.make_context,
    authorize_and_bind=guard.authorize_and_bind,
    render_success=render.render_success,
    render_error=errors.render_error,
)
