"""RongCloud's callback about who comes and goes (docs.rongcloud.cn, platform-chat-api/user/onlinestatus)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any
from urllib.parse import parse_qsl

from app.dialects.rongcloud import parameters, schemas
from app.dialects.rongcloud.binding import bind
from app.dialects.rongcloud.context import Context
from app.dialects.rongcloud.guard import check_freshness, is_signed, log_refusal
from app.errors import SignatureWrong
from app.models import ConnectionEvent, ConnectionEventType, Platform
from app.setting_types import RongCloudApp
from app.wire import secrets
from app.wire.dialect import Routes

routes = Routes("callback")

# What each generation of the callback calls its parameters, in the query or as headers.
_NONCES = ("nonce", "rc-nonce")
_TIMESTAMPS = ("timestamp", "signTimestamp", "rc-timestamp")
_SIGNATURES = ("signature", "rc-signature")
_APP_KEYS = ("appKey", "rc-app-key", "app-key")

# "0" is online here, and offline in checkOnline.
_WORDS = {"0": ConnectionEventType.ONLINE, "1": ConnectionEventType.OFFLINE, "2": ConnectionEventType.OFFLINE}
_PLATFORMS = {
    "ios": Platform.IOS,
    "android": Platform.ANDROID,
    "harmonyos": Platform.HARMONY_OS,
    "websocket": Platform.WEB,
    "pc": Platform.WINDOWS,
    "miniprogram": Platform.MINI_WEB,
}


def signed_callback(context: Context) -> list[schemas.OnlineStatus]:
    """Let in a callback that is signed with a secret of its app, or of any if it names none; bind it."""
    given = _given(context)
    signed = _signed(context, given)
    secrets.check_secret(
        context.http_request,
        signed is not None,
        SignatureWrong(),
        lambda: log_refusal(context, "signature refused: no secret of an app makes the callback's"),
    )
    assert signed is not None, "judged just now"
    check_freshness(context, *signed)
    return [bind(schemas.OnlineStatus, each) for each in parameters.of_objects(context.http_request.body)]


def _signed(context: Context, given: Mapping[str, str]) -> tuple[RongCloudApp, str, str] | None:
    """Return whose signature it is, and the nonce and the timestamp that it is of; None if it is nobody's."""
    keys = _of(given, _APP_KEYS)
    apps = [app for app in context.services.settings.rongcloud_apps if not keys or app.key in keys]
    for app, nonce, timestamp in product(apps, _of(given, _NONCES), _of(given, _TIMESTAMPS)):
        if any(is_signed(app, nonce, timestamp, signature) for signature in _of(given, _SIGNATURES)):
            return app, nonce, timestamp
    return None


@routes.post("/callback/onlinestatus", schemas.OnlineStatus, access=signed_callback)
def online_status(context: Context, request: Sequence[schemas.OnlineStatus]) -> dict[str, Any]:
    """Follow what RongCloud says about connections."""
    ttl = context.services.settings.gateway_ttl
    context.services.gateways.apply([_report(each, ttl) for each in request])
    return {}


def _report(status: schemas.OnlineStatus, ttl: int) -> ConnectionEvent:
    word = _WORDS[status.status]
    # A browser, if it does not say; who goes need not say where from.
    platform = _PLATFORMS.get(status.os.lower(), Platform.WEB) if status.os else None
    if platform is None and word is ConnectionEventType.ONLINE:
        platform = Platform.WEB
    return ConnectionEvent(word, status.user_id, platform, status.session_id, status.time, ttl)


def _given(context: Context) -> Mapping[str, str]:
    """Return the signature's parameters, by their names in lower case; the query's rather than headers."""
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in context.http_request.environ.items()
        if name.startswith("HTTP_")
    }
    query = parse_qsl(context.http_request.environ.get("QUERY_STRING", ""))
    return {**headers, **{name.lower(): value for name, value in query}}


def _of(given: Mapping[str, str], names: Sequence[str]) -> list[str]:
    return [given[name.lower()] for name in names if given.get(name.lower())]
