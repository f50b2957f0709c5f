"""RongCloud's server API, signed by app key. README.md lists calls, codes, profiles and our choices."""

from __future__ import annotations

from app.dialects.rongcloud import (
    call,
    callbacks,
    errors,
    guard,
    lists,
    render,
    routes,
    subscriptions,
    tokens,
    user,
)
from app.wire.dialect import Dialect

DIALECT = Dialect(
    name="rongcloud",
    endpoints=(
        *user.routes.endpoints,
        *lists.routes.endpoints,
        *subscriptions.routes.endpoints,
        *callbacks.routes.endpoints,
    ),
    prefixes={"/rongcloud": ""},
    open=call.open_call,
    admit=guard.admit,
    success=render.success,
    failure=errors.failure,
    vocabulary=tokens.vocabulary,
    suffixes=routes.SUFFIXES,
    takes_double_slash=True,
)
