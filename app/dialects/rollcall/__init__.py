"""Rollcall's own calls, in an OpenIM-style envelope. README.md lists them."""

from __future__ import annotations

from ...http.dialect import Dialect
from . import errors, presence, presence_queries, render
from .context import Context

DIALECT: Dialect[Context] = Dialect(
    name="rollcall",
    endpoints=(*presence.routes.endpoints, *presence_queries.routes.endpoints),
    base_paths={},
    make_context=Context,
    render_success=render.render_success,
    render_error=errors.render_error,
)
