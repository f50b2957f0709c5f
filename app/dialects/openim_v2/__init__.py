"""OpenIM v2 (2.0 to 2.3), as the last 2.3 release speaks it. README.md lists calls, codes and deviations."""

from __future__ import annotations

from app.dialects.openim_v2 import auth, context, errors, guard, manager, render, tokens, user
from app.wire.dialect import DetectionHints, Dialect

DIALECT = Dialect(
    name="openim_v2",
    endpoints=(*auth.routes.endpoints, *user.routes.endpoints, *manager.routes.endpoints),
    prefixes={"/v2": ""},
    aliases=("/api",),
    make_context=context.make_context,
    authorize_and_bind=guard.authorize_and_bind,
    render_success=render.render_success,
    render_error=errors.render_error,
    token_formats=tokens.token_formats,
    detection_hints=DetectionHints("v2", operation_id_in="body", formats=frozenset({tokens.FORMAT})),
)
