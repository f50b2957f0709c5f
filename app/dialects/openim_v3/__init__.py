"""OpenIM v3, in two generations: 3.4 (3.1 to 3.6) and 3.8 (3.8.1 on). See README.md."""

from __future__ import annotations

from app.dialects.openim_v3 import (
    auth,
    call,
    commands,
    errors,
    guard,
    notification,
    presence,
    render,
    statistics,
    tokens,
    user,
)
from app.wire.dialect import Dialect, Traits

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
    open=call.open_call,
    admit=guard.admit,
    success=render.success,
    failure=errors.failure,
    unknown=guard.UNKNOWN,
    vocabulary=tokens.vocabulary,
    traits=Traits("v3", operation_id_in="header", styles=frozenset({tokens.STYLE_3_4, tokens.STYLE_3_8})),
)
