"""OpenIM v2 (2.0 to 2.3), as the last 2.3 release speaks it. README.md lists calls, codes and deviations."""

from __future__ import annotations

from ...http.dialect import DetectionHints, Dialect, RequestContext
from ..openim.settings import OpenIMSettings
from ..openim.tokens import V2
from . import auth, errors, manager, render, tokens, user
from .settings import OpenIMV2Settings
from .why import WHY

DIALECT: Dialect[RequestContext] = Dialect(
    name="openim_v2",
    endpoints=(*auth.routes.endpoints, *user.routes.endpoints, *manager.routes.endpoints),
    base_paths={"/v2": ""},
    aliases=("/api",),
    make_context=RequestContext,
    render_success=render.render_success,
    render_error=errors.render_error,
    explanations=WHY,
    settings=OpenIMV2Settings,
    token_formats=tokens.token_formats,
    detection_hints=DetectionHints(
        operation_id_in="body",
        token_formats=frozenset({V2}),
        is_default=lambda settings: settings.groups[OpenIMSettings].openim_default == "v2",
    ),
)
