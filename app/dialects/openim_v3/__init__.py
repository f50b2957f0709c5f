"""OpenIM v3, in two generations: 3.4 (3.1 to 3.6) and 3.8 (3.8.1 on). See README.md."""

from __future__ import annotations

from app.dialects.openim_v3 import (
    auth,
    commands,
    context,
    errors,
    guard,
    notification,
    presence,
    render,
    statistics,
    tokens,
    user,
)
from app.wire.dialect import DetectionHints, Dialect

DIALECT = Dialect(
    name="openim_v3",
    endpoints=(
        *auth.routes.endpoints,
        *user.routes.endpoints,
        *presence.routes.endpoints,
        *commands.routes.endpoints,
        *notification.routes.endpoints,
        *statistics.routes.endpoints,
    ),
    prefixes={"/v3": "", "/v3.4": "3.4", "/v3.8": "3.8"},
    aliases=("/api",),
    make_context=context.make_context,
    authorize_and_bind=guard.authorize_and_bind,
    render_success=render.render_success,
    render_error=errors.render_error,
    unknown=guard.UNKNOWN,
    token_formats=tokens.token_formats,
    detection_hints=DetectionHints(
        "v3", operation_id_in="header", formats=frozenset({tokens.FORMAT_3_4, tokens.FORMAT_3_8})
    ),
)
