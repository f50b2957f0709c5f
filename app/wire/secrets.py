"""Judge a secret that came with a request: in constant time, and not without end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from hmac import compare_digest

from app.errors import AccessDenied, TooManyWrongSecrets
from app.wire.request import Request

_log = logging.getLogger(__name__)


def is_one_of(given: str, secrets: Sequence[str]) -> bool:
    """Tell whether a text is one of the secrets, in a time that does not tell which or how nearly."""
    return sum(compare_digest(given.encode(), secret.encode()) for secret in secrets) > 0


def check_secret(
    http_request: Request,
    is_right: bool,
    otherwise: AccessDenied,
    on_failure: Callable[[], None] | None = None,
) -> None:
    """Let pass who knows a secret; `tell` the log of any other. Raises `otherwise` or TooManyWrongSecrets."""
    auth_throttle, address = http_request.services.auth_throttle, http_request.environ.get("REMOTE_ADDR", "")
    if auth_throttle.is_limited(address):
        raise TooManyWrongSecrets("too many wrong secrets from this address, wait before the next one")
    if not is_right:
        auth_throttle.record_failure(address)
        if on_failure is None:
            _log.warning("a wrong secret from %a for %a", address, http_request.loggable_path)
        else:
            on_failure()
        raise otherwise
