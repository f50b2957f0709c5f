"""The context of a RongCloud request."""

from __future__ import annotations

from dataclasses import dataclass

from ...http.dialect import EndpointInfo, RequestContext
from ...http.request import Request
from .settings import RongCloudApp, RongCloudSettings

#: The app of requests whose app key is unknown.
NO_APP = RongCloudApp("", ())


@dataclass
class Context(RequestContext):
    """A request, and the app that it names."""

    app: RongCloudApp

    @property
    def settings(self) -> RongCloudSettings:
        """RongCloud's settings."""
        return self.services.settings.groups[RongCloudSettings]


def make_context(http_request: Request, endpoint: EndpointInfo, variant: str) -> Context:
    """Make the context, which looks up the app."""
    settings = http_request.services.settings.groups[RongCloudSettings]
    app = settings.app(signed_header(http_request, "APP_KEY"))
    return Context(http_request, endpoint, variant, app or NO_APP)


def signed_header(http_request: Request, name: str) -> str:
    """Return a header by its own name, or with the RC- that hosts need which strip the short one."""
    return http_request.header(name) or http_request.header("RC_" + name)
