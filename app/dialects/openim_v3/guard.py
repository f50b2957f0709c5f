"""Who may call, and v3's order of checks: operationID, token, body, Check(), permission."""

from __future__ import annotations

from typing import Protocol, TypeVar

from ...domain.auth_throttle import is_one_of
from ...errors import (
    HeaderMissing,
    NoSuchPath,
    NotAdministrator,
    NotOwner,
    SecretWrong,
    TokenMissing,
)
from ...formats.schema import bind_json
from ...http.dialect import Access, Endpoint
from ...http.error_rows import ErrorTable
from ..openim import tokens
from .context import Context
from .generations import CURRENT, LEGACY, Generation
from .schemas.rules import check
from .settings import OpenIMV3Settings

R = TypeVar("R")


def authorize_and_bind(context: Context, schema: type[R], access: Access[Context, R]) -> R:
    """Check the headers and the caller, bind and check the body, then check the permission."""
    _require_operation_id(context)
    access.identify(context)
    read_json = getattr(schema, "READ_JSON", context.generation.read_json)
    request = bind_json(schema, read_json(context.http_request.json))
    check(request, context.generation)
    access.permit(context, request)
    return request


def _require_operation_id(context: Context) -> None:
    context.operation_id = context.http_request.header("OPERATIONID")
    if not context.operation_id:
        raise HeaderMissing("operationID")


class _WithSecret(Protocol):
    @property
    def secret(self) -> str: ...


class _Owned(Protocol):
    @property
    def owner_id(self) -> str: ...


def _no_token(context: Context) -> None:
    """Ask for no token."""


def _by_token(context: Context) -> None:
    """Ask for a valid token of any OpenIM dialect. Raises TokenRefused."""
    text = context.http_request.header("TOKEN")
    if not text:
        raise TokenMissing
    context.token = tokens.verify(context.services, text)


def _everyone(context: Context, request: object) -> None:
    """Permit every caller."""


def _with_secret(context: Context, request: _WithSecret) -> None:
    right = context.services.settings.groups[OpenIMV3Settings].openim_secret
    http_request = context.http_request
    context.services.auth_throttle.check(
        http_request.address, is_one_of(request.secret, right), SecretWrong(), http_request.log_wrong_secret
    )


def _administrator(context: Context, request: object) -> None:
    if not context.is_administrator:
        raise NotAdministrator(context.caller_id)


def _owner(context: Context, request: _Owned) -> None:
    if context.caller_id != request.owner_id and not context.is_administrator:
        raise NotOwner(request.owner_id)


#: No credential.
OPEN: Access[Context, object] = Access(_no_token, _everyone)
#: The secret in the body.
SECRET: Access[Context, _WithSecret] = Access(_no_token, _with_secret)
#: Any valid token.
TOKEN: Access[Context, object] = Access(_by_token, _everyone)
#: An administrator's token.
ADMINISTRATOR: Access[Context, object] = Access(_by_token, _administrator)
#: The token of the user whom the request is about, or an administrator's.
OWNER: Access[Context, _Owned] = Access(_by_token, _owner)


def by_generation(legacy: Access[Context, R], current: Access[Context, R]) -> Access[Context, R]:
    """Return the access of a call that differs between the generations."""
    accesses: dict[Generation, Access[Context, R]] = {LEGACY: legacy, CURRENT: current}
    return Access(
        lambda context: accesses[context.generation].identify(context),
        lambda context, request: accesses[context.generation].permit(context, request),
    )


#: Beginnings of paths that need no token (branch 3.8.3-patch internal/api/router.go).
_OPEN_PATHS = ("/auth/get_admin_token", "/auth/parse_token")


def _refuse_unknown(context: Context) -> object:
    """Check a request to an unknown path as 3.8 does before it looks for the path."""
    _require_operation_id(context)
    if context.generation is CURRENT and not context.http_request.path.startswith(_OPEN_PATHS):
        _by_token(context)
    raise NoSuchPath


UNKNOWN: Endpoint[Context] = Endpoint(
    "", "", "POST", object, OPEN, frozenset(), ErrorTable(), _refuse_unknown
)
