"""Access checks that OpenIM v2 and v3 share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ...domain.auth_throttle import is_one_of
from ...errors import NotAdministrator, NotOwner, SecretWrong, TokenMissing
from ...http.dialect import RequestContext
from . import tokens


class WithSecret(Protocol):
    """A request with a secret in its body."""

    @property
    def secret(self) -> str:
        """The secret."""
        ...


def by_token(context: RequestContext, *, signature_first: bool = False) -> None:
    """Require a valid token of any OpenIM dialect, checked as by `Tokens.verify`. Raises TokenRefused."""
    text = context.http_request.header("TOKEN")
    if not text:
        raise TokenMissing
    context.token = tokens.verify(context.services, text, signature_first=signature_first)


def check_secret(context: RequestContext, given: str, secrets: Sequence[str]) -> None:
    """Check a secret. Raises SecretWrong or TooManyWrongSecrets."""
    http_request = context.http_request
    context.services.auth_throttle.check(
        http_request.throttled_address,
        is_one_of(given, secrets),
        SecretWrong(),
        http_request.log_wrong_secret,
    )


def administrator(context: RequestContext, request: object) -> None:
    """Check that the caller is an administrator. Raises NotAdministrator."""
    if not context.is_administrator:
        raise NotAdministrator(context.caller_id)


def check_owner(context: RequestContext, owner_id: str) -> None:
    """Check that the caller is the owner or an administrator. Raises NotOwner."""
    if context.caller_id != owner_id and not context.is_administrator:
        raise NotOwner(owner_id)
