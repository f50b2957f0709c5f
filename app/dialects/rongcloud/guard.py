"""RongCloud's access checks, and their order: app key, signature, rate, body, parameters."""

from __future__ import annotations

import logging
from collections.abc import Callable
from hmac import compare_digest
from typing import Any, NoReturn, TypeVar

from ...errors import AppKeyUnknown, BodyInvalid, SignatureWrong
from ...formats import forms
from ...http.dialect import Access, Routes
from . import diagnosis
from .context import NO_APP, Context, signed_header
from .errors import BodyEmpty, TooFrequent
from .settings import RongCloudApp
from .signatures import signature_of

R = TypeVar("R")
_View = Callable[[Context, R], object]

_log = logging.getLogger(__name__)
#: Timestamps from here on are in milliseconds, not seconds (in seconds, this is the year 5138).
_MILLISECONDS = 10**11


def authorize_and_bind(context: Context, schema: type[R], access: Access[Context, R]) -> R:
    """Check app key and signature, then bind the parameters."""
    access.identify(context)
    body = _form(context)
    if context.app.is_documented and not body.strip() and forms.requires_any(schema):
        raise BodyEmpty
    request = forms.bind_form(schema, _parameters(context, body, schema))
    context.request = request
    access.permit(context, request)
    return request


def _form(context: Context) -> bytes:
    """Return the form: the body, or the query of a GET call."""
    http_request = context.http_request
    return http_request.query.encode() if context.endpoint.method == "GET" else http_request.body


def _parameters(context: Context, body: bytes, schema: type) -> forms.Parameters:
    try:
        return forms.parse(body, forms.names_with_objects(schema))
    except BodyInvalid as error:
        log_refusal(context, str(error))
        raise


def _by_signature(context: Context) -> None:
    """Require a signature by one of the app's secrets, and limit the rate.

    Nonce and timestamp are hashed, but checked only if settings enable it: official SDKs reuse them for
    hours. Raises AppKeyUnknown, SignatureWrong, TooManyWrongSecrets or TooFrequent.
    """
    if context.app is NO_APP:
        log_refusal(context, diagnosis.unknown_key(context))
        raise AppKeyUnknown
    nonce, timestamp, signature = (
        signed_header(context.http_request, name) for name in ("NONCE", "TIMESTAMP", "SIGNATURE")
    )
    context.services.auth_throttle.check(
        context.http_request.throttled_address,
        is_signed(context.app, nonce, timestamp, signature),
        SignatureWrong(),
        lambda: log_refusal(context, f"signature refused: {diagnosis.wrong_signature(context)}"),
    )
    check_freshness(context, context.app, nonce, timestamp)
    _limit_rate(context)


SIGNED: Access[Context, object] = Access(_by_signature)


class SignedRoutes(Routes[Context]):
    """A collector of endpoints for signed requests, with each path as `.json` and `.xml`."""

    def __init__(self) -> None:
        super().__init__("user", authorize_and_bind)

    def signed(
        self, path: str, schema: type[R], *aliases: str, **options: Any
    ) -> Callable[[_View[R]], _View[R]]:
        """Declare the decorated view at a path and its aliases; the suffix selects the answer's format."""

        def declare(view: _View[R]) -> _View[R]:
            for name in (path, *aliases):
                for suffix in (".json", ".xml"):
                    self.post(f"{name}{suffix}", schema, access=SIGNED, **options)(view)
            return view

        return declare


def check_freshness(context: Context, app: RongCloudApp, nonce: str, timestamp: str) -> None:
    """Refuse old timestamps and reused nonces, if settings enable it. Raises SignatureWrong."""
    window = context.settings.rongcloud_timestamp_window
    if window and not _is_near(timestamp, context.services.clock.now(), window):
        _refuse(context, f"its timestamp is more than {window} s off, or no number")
    # What is signed is the text of both, so the border between them can be moved.
    once = f"{app.key} {nonce}{timestamp}"
    if context.settings.rongcloud_nonce_once and context.services.nonces.seen_before(once):
        _refuse(context, "its nonce was used before")


def is_signed(app: RongCloudApp, nonce: str, timestamp: str, signature: str) -> bool:
    """Return whether a signature, in hex of any case, was made with one of the app's secrets."""
    if not (nonce and timestamp and signature):
        return False
    given = signature.lower().encode()
    return any(
        compare_digest(given, signature_of(secret, nonce, timestamp).encode()) for secret in app.secrets
    )


def _is_near(timestamp: str, now: float, window: int) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 20):
        return False
    seconds = int(timestamp) / 1000 if int(timestamp) >= _MILLISECONDS else int(timestamp)
    return abs(seconds - now) <= window


def _limit_rate(context: Context) -> None:
    limit = context.settings.rongcloud_rate_limit
    key = f"{context.app.key} {context.endpoint.path}"
    if limit and context.services.rate_limiter.hit(key, limit):
        raise TooFrequent


def _refuse(context: Context, reason: str) -> NoReturn:
    """Log why a signature is refused. Raises SignatureWrong."""
    log_refusal(context, f"signature refused: {reason}")
    raise SignatureWrong(reason)


def log_refusal(context: Context, reason: str) -> None:
    """Log why a request is refused; client-supplied values are ASCII-escaped."""
    app = f" of the app {context.app.key}" if context.app is not NO_APP else ""
    _log.warning("RongCloud call %a%s: %s", context.http_request.sent_path[:200], app, reason)
