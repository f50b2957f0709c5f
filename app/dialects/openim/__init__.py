"""What the OpenIM dialects share, and the callbacks of OpenIM's gateways, which are a dialect of their own.

README.md lists the URLs of the callbacks that gateways send here. `webhooks.py` sends OpenIM's callbacks.
"""

from __future__ import annotations

from ...http.dialect import Dialect, RequestContext
from . import callbacks, errors, render, webhooks
from .settings import OpenIMSettings

DIALECT: Dialect[RequestContext] = Dialect(
    name="openim_callbacks",
    endpoints=tuple(callbacks.routes.endpoints),
    base_paths={},
    make_context=RequestContext,
    render_success=render.render_success,
    render_error=errors.render_error,
    webhooks=webhooks.senders,
    settings=OpenIMSettings,
)
