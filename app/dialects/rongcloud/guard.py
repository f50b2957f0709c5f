"""Who is calling, and RongCloud's order of checks: app key, signature, body, parameters."""

from __future__ import annotations

import logging
from dataclasses import fields
from hmac import compare_digest
from typing import Any, NoReturn

from app.dialects.rongcloud import diagnosis, parameters
from app.dialects.rongcloud.binding import bind
from app.dialects.rongcloud.context import NO_APP, Context, signed_header
from app.dialects.rongcloud.errors import BodyEmpty, TooFrequent
from app.errors import AppKeyUnknown, BodyInvalid, SignatureWrong
from app.setting_types import RongCloudApp
from app.signatures import rongcloud_signature
from app.wire import secrets

_log = logging.getLogger(__name__)
#: From here on a timestamp is in milliseconds, not seconds (a second of the year 5138).
_MILLISECONDS = 10**11


def authorize_and_bind(context: Context) -> Any:
    """Take a request through the checks before its business, which are those of its kind."""
    return context.endpoint.access(context)


def signed_call(context: Context) -> Any:
    """Take a call of an application server through its checks."""
    if context.app is NO_APP:
        log_refusal(context, diagnosis.unknown_key(context))
        raise AppKeyUnknown
    _check_signature(context)
    _keep_to_the_rate(context)
    schema = context.endpoint.schema
    body = context.http_request.body
    if not body.strip() and any(row.metadata["required"] for row in fields(schema)):
        raise BodyEmpty
    return bind(schema, _parsed(context, body))


def _parsed(context: Context, body: bytes) -> parameters.Parameters:
    try:
        return parameters.parse(body)
    except BodyInvalid as error:
        log_refusal(context, str(error))
        raise


def _check_signature(context: Context) -> None:
    """Let in who signed with one of the app's secrets.

    Nonce and timestamp are hashed and, unless settings say so, not judged: official SDKs send the same ones
    for hours.
    """
    nonce, timestamp, signature = (
        signed_header(context.http_request, name) for name in ("NONCE", "TIMESTAMP", "SIGNATURE")
    )
    secrets.check_secret(
        context.http_request,
        is_signed(context.app, nonce, timestamp, signature),
        SignatureWrong(),
        lambda: log_refusal(context, f"signature refused: {diagnosis.wrong_signature(context)}"),
    )
    check_freshness(context, context.app, nonce, timestamp)


def check_freshness(context: Context, app: RongCloudApp, nonce: str, timestamp: str) -> None:
    """Refuse what was signed long ago or was sent before, where settings say so. Raises SignatureWrong."""
    settings = context.services.settings
    window = settings.rongcloud_timestamp_window
    if window and not _is_near(timestamp, context.services.clock.now(), window):
        _refuse(context, f"its timestamp is more than {window} s off, or no number")
    once = f"{app.key} {nonce} {timestamp}"
    if settings.rongcloud_nonce_once and context.services.nonces.seen_before(once):
        _refuse(context, "its nonce was used before")


def is_signed(app: RongCloudApp, nonce: str, timestamp: str, signature: str) -> bool:
    """Tell whether a signature, in hex of any case, is of one of the app's secrets."""
    if not (nonce and timestamp and signature):
        return False
    given = signature.lower().encode()
    return any(
        compare_digest(given, rongcloud_signature(secret, nonce, timestamp).encode())
        for secret in app.secrets
    )


def _is_near(timestamp: str, now: float, window: int) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 20):
        return False
    seconds = int(timestamp) / 1000 if int(timestamp) >= _MILLISECONDS else int(timestamp)
    return abs(seconds - now) <= window


def _keep_to_the_rate(context: Context) -> None:
    limit = context.services.settings.rongcloud_rate_limit
    if limit and context.services.rate_limiter.hit(f"{context.app.key} {context.endpoint.path}", limit):
        raise TooFrequent


def _refuse(context: Context, reason: str) -> NoReturn:
    """Refuse a signature, and say why in the log. Raises SignatureWrong."""
    log_refusal(context, f"signature refused: {reason}")
    raise SignatureWrong


def log_refusal(context: Context, reason: str) -> None:
    """Say in the log why a request was refused; what came from outside is in it as ASCII."""
    app = f" of the app {context.app.key}" if context.app is not NO_APP else ""
    _log.warning("RongCloud call %a%s: %s", context.http_request.path[:200], app, reason)
