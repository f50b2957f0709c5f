"""Who is calling, and RongCloud's order of checks: app key, signature, body, parameters."""

from __future__ import annotations

import logging
from dataclasses import fields
from hmac import compare_digest
from typing import Any, NoReturn

from app.dialects.rongcloud import diagnosis, parameters
from app.dialects.rongcloud.binding import bind
from app.dialects.rongcloud.call import NO_APP, Call, signed_header
from app.dialects.rongcloud.errors import BodyEmpty, TooFrequent
from app.errors import AppKeyUnknown, BodyUnreadable, SignatureWrong
from app.setting_kinds import RongCloudApp
from app.signatures import rongcloud_signature
from app.wire import secrets

_log = logging.getLogger(__name__)
#: From here on a timestamp is in milliseconds, not seconds (a second of the year 5138).
_MILLISECONDS = 10**11


def admit(call: Call) -> Any:
    """Take a request through the checks before its business, which are those of its kind."""
    return call.endpoint.access(call)


def signed_call(call: Call) -> Any:
    """Take a call of an application server through its checks."""
    if call.app is NO_APP:
        tell(call, diagnosis.unknown_key(call))
        raise AppKeyUnknown
    _check_signature(call)
    _keep_to_the_rate(call)
    schema = call.endpoint.schema
    body = call.incoming.body
    if not body.strip() and any(row.metadata["required"] for row in fields(schema)):
        raise BodyEmpty
    return bind(schema, _parsed(call, body))


def _parsed(call: Call, body: bytes) -> parameters.Parameters:
    try:
        return parameters.parse(body)
    except BodyUnreadable as error:
        tell(call, str(error))
        raise


def _check_signature(call: Call) -> None:
    """Let in who signed with one of the app's secrets.

    Nonce and timestamp are hashed and, unless settings say so, not judged: official SDKs send the same ones
    for hours.
    """
    nonce, timestamp, signature = (
        signed_header(call.incoming, name) for name in ("NONCE", "TIMESTAMP", "SIGNATURE")
    )
    secrets.judge(
        call.incoming,
        is_signed(call.app, nonce, timestamp, signature),
        SignatureWrong(),
        lambda: tell(call, f"signature refused: {diagnosis.wrong_signature(call)}"),
    )
    check_freshness(call, call.app, nonce, timestamp)


def check_freshness(call: Call, app: RongCloudApp, nonce: str, timestamp: str) -> None:
    """Refuse what was signed long ago or was sent before, where settings say so. Raises SignatureWrong."""
    settings = call.services.settings
    window = settings.rongcloud_timestamp_window
    if window and not _is_near(timestamp, call.services.clock.now(), window):
        _refuse(call, f"its timestamp is more than {window} s off, or no number")
    once = f"{app.key} {nonce} {timestamp}"
    if settings.rongcloud_nonce_once and call.services.throttle.repeats(once):
        _refuse(call, "its nonce was used before")


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


def _keep_to_the_rate(call: Call) -> None:
    most = call.services.settings.rongcloud_rate_limit
    if most and call.services.throttle.exceeds(f"{call.app.key} {call.endpoint.path}", most):
        raise TooFrequent


def _refuse(call: Call, reason: str) -> NoReturn:
    """Refuse a signature, and say why in the log. Raises SignatureWrong."""
    tell(call, f"signature refused: {reason}")
    raise SignatureWrong


def tell(call: Call, reason: str) -> None:
    """Say in the log why a request was refused; what came from outside is in it as ASCII."""
    app = f" of the app {call.app.key}" if call.app is not NO_APP else ""
    _log.warning("RongCloud call %a%s: %s", call.incoming.path[:200], app, reason)
