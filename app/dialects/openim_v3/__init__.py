"""OpenIM v3, in two generations: 3.4 (3.1 to 3.6) and 3.8 (3.8.1 on). See README.md."""

from __future__ import annotations

from ...http.dialect import DetectionHints, Dialect
from ..openim.settings import OpenIMSettings
from ..openim.tokens import V3_4, V3_8
from . import (
    auth,
    client_config,
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
from .context import Context
from .settings import OpenIMV3Settings
from .why import WHY

DIALECT: Dialect[Context] = Dialect(
    name="openim_v3",
    endpoints=(
        *auth.routes.endpoints,
        *user.routes.endpoints,
        *presence.routes.endpoints,
        *commands.routes.endpoints,
        *notification.routes.endpoints,
        *client_config.routes.endpoints,
        *statistics.routes.endpoints,
    ),
    base_paths={"/v3": "", "/v3.4": "3.4", "/v3.8": "3.8"},
    aliases=("/api",),
    make_context=context.make_context,
    render_success=render.render_success,
    render_error=errors.render_error,
    explanations=WHY,
    unknown=guard.UNKNOWN,
    settings=OpenIMV3Settings,
    token_formats=tokens.token_formats,
    detection_hints=DetectionHints(
        operation_id_in="header",
        token_formats=frozenset({V3_4, V3_8}),
        is_default=lambda settings: settings.groups[OpenIMSettings].openim_default == "v3",
    ),
)
