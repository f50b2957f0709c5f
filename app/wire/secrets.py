"""Judge a secret that came with a request: in constant time, and not without end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from hmac import compare_digest

from app.errors import AccessDenied, TooManyWrongSecrets
from app.wire.incoming import Incoming

_log = logging.getLogger(__name__)


def is_one_of(given: str, secrets: Sequence[str]) -> bool:
    """Tell whether a text is one of the secrets, in a time that does not tell which or how nearly."""
    return sum(compare_digest(given.encode(), secret.encode()) for secret in secrets) > 0


def judge(
    incoming: Incoming, is_right: bool, otherwise: AccessDenied, tell: Callable[[], None] | None = None
) -> None:
    """Let pass who knows a secret; `tell` the log of any other. Raises `otherwise` or TooManyWrongSecrets."""
    attempts, address = incoming.services.attempts, incoming.environ.get("REMOTE_ADDR", "")
    if attempts.are_too_many(address):
        raise TooManyWrongSecrets("too many wrong secrets from this address, wait before the next one")
    if not is_right:
        attempts.note(address)
        if tell is None:
            _log.warning("a wrong secret from %a for %a", address, incoming.shown_path)
        else:
            tell()
        raise otherwise
