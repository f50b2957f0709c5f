"""Check a secret that came with a request: in constant time, and limited by address."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from hmac import compare_digest

from ..errors import AccessDenied, TooManyWrongSecrets
from .request import Request

_log = logging.getLogger(__name__)


def is_one_of(given: str, secrets: Sequence[str]) -> bool:
    """Tell whether a text is one of the secrets, in a time that shows neither which nor how nearly."""
    return sum(compare_digest(given.encode(), secret.encode()) for secret in secrets) > 0


def check_secret(
    http_request: Request,
    is_right: bool,
    refusal: AccessDenied,
    on_failure: Callable[[], None] | None = None,
) -> None:
    """Refuse a wrong secret, and any secret from an address that sent too many wrong ones.

    `on_failure` logs a wrong secret in place of the usual line. Raises `refusal` or TooManyWrongSecrets.
    """
    throttle, address = http_request.services.auth_throttle, http_request.address
    if throttle.is_limited(address):
        raise TooManyWrongSecrets("too many wrong secrets from this address, wait before the next one")
    if not is_right:
        throttle.record_failure(address)
        if on_failure is None:
            _log.warning("a wrong secret from %a for %a", address, http_request.loggable_path)
        else:
            on_failure()
        raise refusal
