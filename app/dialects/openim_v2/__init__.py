"""OpenIM v2 (2.0 to 2.3), as the last 2.3 release speaks it. README.md lists calls, codes and deviations."""

from __future__ import annotations

from app.dialects.openim_v2 import auth, call, errors, guard, manager, render, tokens, user
from app.wire.dialect import Dialect, Traits

DIALECT = Dialect(
    name="openim_v2",
    endpoints=(*auth.routes.endpoints, *user.routes.endpoints, *manager.routes.endpoints),
    prefixes={"/v2": ""},
    aliases=("/api",),
    open=call.open_call,
    admit=guard.admit,
    success=render.success,
    failure=errors.failure,
    vocabulary=tokens.vocabulary,
    traits=Traits("v2", operation_id_in="body", styles=frozenset({tokens.STYLE})),
)
