"""One RongCloud request under way."""

from __future__ import annotations

from dataclasses import dataclass

from app.setting_kinds import RongCloudApp
from app.wire import call
from app.wire.dialect import Endpoint
from app.wire.incoming import Incoming

#: Answers for calls whose app key names no app.
NO_APP = RongCloudApp("", ())


@dataclass
class Call(call.Call):
    """What came in, for which call, and whose app it names."""

    app: RongCloudApp


def open_call(incoming: Incoming, endpoint: Endpoint, variant: str) -> Call:
    """Look up the app of the request."""
    key = signed_header(incoming, "APP_KEY")
    apps = incoming.services.settings.rongcloud_apps
    return Call(incoming, endpoint, next((app for app in apps if app.key == key), NO_APP))


def signed_header(incoming: Incoming, name: str) -> str:
    """Return a header by its own name or by the one with RC- in front, for hosts that strip the short one."""
    return incoming.header(name) or incoming.header("RC_" + name)
