"""One RongCloud request under way."""

from __future__ import annotations

from dataclasses import dataclass

from app.setting_types import RongCloudApp
from app.wire.context import RequestContext
from app.wire.dialect import Endpoint
from app.wire.request import Request

#: Answers for calls whose app key names no app.
NO_APP = RongCloudApp("", ())


@dataclass
class Context(RequestContext):
    """What came in, for which call, and whose app it names."""

    app: RongCloudApp


def make_context(http_request: Request, endpoint: Endpoint, variant: str) -> Context:
    """Look up the app of the request."""
    key = signed_header(http_request, "APP_KEY")
    apps = http_request.services.settings.rongcloud_apps
    return Context(http_request, endpoint, next((app for app in apps if app.key == key), NO_APP))


def signed_header(http_request: Request, name: str) -> str:
    """Return a header by its own name or by the one with RC- in front, for hosts that strip the short one."""
    return http_request.header(name) or http_request.header("RC_" + name)
