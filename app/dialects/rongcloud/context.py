"""The context of a RongCloud request."""

from __future__ import annotations

from dataclasses import dataclass

from ...http.dialect import EndpointInfo, RequestContext
from ...http.request import Request
from .settings import RongCloudApp, RongCloudSettings

#: Stands for the app if the app key is unknown.
NO_APP = RongCloudApp("", ())


@dataclass
class Context(RequestContext):
    """The context of a request, with the app that it names."""

    app: RongCloudApp

    @property
    def settings(self) -> RongCloudSettings:
        """RongCloud's settings."""
        return self.services.settings.groups[RongCloudSettings]


def make_context(http_request: Request, endpoint: EndpointInfo, variant: str) -> Context:
    """Make the context and look up the app."""
    settings = http_request.services.settings.groups[RongCloudSettings]
    app = settings.app(signed_header(http_request, "APP_KEY"))
    return Context(http_request, endpoint, variant, app or NO_APP)


def signed_header(http_request: Request, name: str) -> str:
    """Return a header by its name, or with the prefix RC- for hosts that strip the short name."""
    return http_request.header(name) or http_request.header("RC_" + name)
