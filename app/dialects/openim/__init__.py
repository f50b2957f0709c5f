"""The common parts of the OpenIM dialects, and the dialect in which OpenIM's gateways send callbacks.

README.md lists the URLs for the gateways' callbacks. `webhooks.py` sends OpenIM's callbacks.
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
