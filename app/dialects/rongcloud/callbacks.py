"""Receive RongCloud's online-status callback (docs.rongcloud.cn, platform-chat-api/user/onlinestatus)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from ...errors import SignatureWrong
from ...formats import forms
from ...http.dialect import Access, Routes
from ...models import ConnectionEvent, ConnectionEventType, Platform
from .context import Context
from .guard import check_freshness, is_signed, log_refusal
from .platforms import platform_of
from .schemas import OnlineStatus, OnlineStatuses
from .settings import RongCloudApp

R = TypeVar("R")

# The parameters' names in each generation of the callback, in the query or as headers.
_NONCES = ("nonce", "rc-nonce")
_TIMESTAMPS = ("timestamp", "signTimestamp", "rc-timestamp")
_SIGNATURES = ("signature", "rc-signature")
_APP_KEYS = ("appKey", "rc-app-key", "app-key")

# "0" means online here, but offline in checkOnline.
_TYPES = {
    "0": ConnectionEventType.ONLINE,
    "1": ConnectionEventType.OFFLINE,
    "2": ConnectionEventType.OFFLINE,
}


def authorize_and_bind(context: Context, schema: type[R], access: Access[Context, R]) -> R:
    """Check the signature, then bind each object of the body."""
    access.identify(context)
    objects = forms.parse_objects(context.http_request.body)
    request = OnlineStatuses(tuple(forms.bind_form(OnlineStatus, each) for each in objects))
    assert isinstance(request, schema)
    access.permit(context, request)
    return request


def _by_signature(context: Context) -> None:
    """Require a signature by a secret of the named app, or of any app if none is named.

    Raises SignatureWrong.
    """
    given = _given(context)
    signed = _signed(context, given)
    context.services.auth_throttle.check(
        context.http_request.throttled_address,
        signed is not None,
        SignatureWrong(),
        lambda: log_refusal(context, "signature refused: no secret of an app makes the callback's"),
    )
    assert signed is not None, "checked just now"
    check_freshness(context, *signed)


def _signed(context: Context, given: Mapping[str, str]) -> tuple[RongCloudApp, str, str] | None:
    """Return the app, nonce and timestamp that match the signature; None if none do."""
    keys = _values(given, _APP_KEYS)
    apps = [app for app in context.settings.rongcloud_apps if not keys or app.key in keys]
    for app, nonce, timestamp in product(apps, _values(given, _NONCES), _values(given, _TIMESTAMPS)):
        if any(is_signed(app, nonce, timestamp, signature) for signature in _values(given, _SIGNATURES)):
            return app, nonce, timestamp
    return None


def _given(context: Context) -> Mapping[str, str]:
    """Return headers and parameters by lower-case name; parameters override headers."""
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in context.http_request.environ.items()
        if name.startswith("HTTP_")
    }
    return {**headers, **{name.lower(): value for name, value in parse_qsl(context.http_request.query)}}


def _values(given: Mapping[str, str], names: Sequence[str]) -> list[str]:
    return [given[name.lower()] for name in names if given.get(name.lower())]


routes = Routes("callback", authorize_and_bind)
_SIGNED: Access[Context, object] = Access(_by_signature)


@routes.post("/callback/onlinestatus", OnlineStatuses, access=_SIGNED)
def online_status(context: Context, request: OnlineStatuses) -> dict[str, Any]:
    """Apply RongCloud's reports about connections."""
    services = context.services
    services.gateways.apply([_event(each, services.settings.gateway_ttl) for each in request.statuses])
    return {}


def _event(status: OnlineStatus, ttl: int) -> ConnectionEvent:
    type_ = _TYPES[status.status]
    # An unknown system counts as web; an offline report need not name the system.
    platform = platform_of(status.os) if status.os else None
    if platform is None and type_ is ConnectionEventType.ONLINE:
        platform = Platform.WEB
    return ConnectionEvent(type_, status.user_id, platform, status.session_id, status.time, ttl)
