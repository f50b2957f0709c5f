"""RongCloud's server API, signed by app key. README.md lists calls, codes, profiles and design choices."""

from __future__ import annotations

from ...http.dialect import Dialect
from . import callbacks, context, errors, render, seed, subscriptions, tokens, user, user_data, webhooks
from .context import Context
from .settings import RongCloudSettings
from .why import WHY

DIALECT: Dialect[Context] = Dialect(
    name="rongcloud",
    endpoints=(
        *user.routes.endpoints,
        *user_data.routes.endpoints,
        *subscriptions.routes.endpoints,
        *callbacks.routes.endpoints,
    ),
    base_paths={"/rongcloud": ""},
    make_context=context.make_context,
    render_success=render.render_success,
    render_error=errors.render_error,
    explanations=WHY,
    settings=RongCloudSettings,
    token_formats=tokens.token_formats,
    webhooks=webhooks.senders,
    suffixes=(".json", ".xml"),
    takes_double_slash=True,
    seed=seed.attributes,
)
