"""RongCloud's server API, signed by app key. README.md lists calls, codes, profiles and our choices."""

from __future__ import annotations

from app.dialects.rongcloud import (
    callbacks,
    context,
    errors,
    guard,
    render,
    routes,
    subscriptions,
    tokens,
    user,
    user_data,
)
from app.wire.dialect import Dialect

DIALECT = Dialect(
    name="rongcloud",
    endpoints=(
        *user.routes.endpoints,
        *user_data.routes.endpoints,
        *subscriptions.routes.endpoints,
        *callbacks.routes.endpoints,
    ),
    prefixes={"/rongcloud": ""},
    make_context=context.make_context,
    authorize_and_bind=guard.authorize_and_bind,
    render_success=render.render_success,
    render_error=errors.render_error,
    token_formats=tokens.token_formats,
    suffixes=routes.SUFFIXES,
    takes_double_slash=True,
)
