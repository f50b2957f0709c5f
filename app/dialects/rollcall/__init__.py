"""Rollcall's own calls, in an OpenIM-style envelope. README.md lists them."""

from __future__ import annotations

from ...http.dialect import Dialect, RequestContext
from . import errors, presence, presence_queries, render
from .why import WHY

DIALECT: Dialect[RequestContext] = Dialect(
    name="rollcall",
    endpoints=(*presence.routes.endpoints, *presence_queries.routes.endpoints),
    base_paths={},
    make_context=RequestContext,
    render_success=render.render_success,
    render_error=errors.render_error,
    explanations=WHY,
)
