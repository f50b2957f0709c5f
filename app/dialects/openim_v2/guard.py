"""Who may call, and v2's order of checks: the body, then the secret or the token."""

from __future__ import annotations

from typing import Protocol, TypeVar

from ...domain.auth_throttle import is_one_of
from ...errors import NotAdministrator, NotOwner, SecretWrong
from ...formats.json_body import decode_stream
from ...formats.schema import bind_json
from ...http.dialect import Access
from ..openim import tokens
from .context import Context
from .schemas import OperationReq
from .settings import OpenIMV2Settings
from .validation import validate

R = TypeVar("R")


def authorize_and_bind(context: Context, schema: type[R], access: Access[Context, R]) -> R:
    """Bind and validate the body, then check the caller."""
    request = bind_json(schema, decode_stream(context.http_request.json))
    assert isinstance(request, OperationReq), f"{schema.__name__} has no operationID"
    # A client that is half-way to v3 sends it in the header.
    request.operation_id = request.operation_id or context.http_request.header("OPERATIONID")
    context.operation_id = request.operation_id
    context.request = request
    validate(request)
    access.identify(context)
    access.permit(context, request)
    return request


class _WithSecret(Protocol):
    @property
    def secret(self) -> str: ...


class _AboutUser(Protocol):
    @property
    def user_id(self) -> str: ...


def _no_token(context: Context) -> None:
    """Ask for no token."""


def _by_token(context: Context) -> None:
    """Ask for a valid token of any OpenIM dialect. Raises TokenRefused."""
    context.token = tokens.verify(context.services, context.http_request.header("TOKEN"))


def _everyone(context: Context, request: object) -> None:
    """Permit every caller."""


def _with_secret(context: Context, request: _WithSecret) -> None:
    right = context.services.settings.groups[OpenIMV2Settings].openim_v2_secret
    http_request = context.http_request
    context.services.auth_throttle.check(
        http_request.address, is_one_of(request.secret, right), SecretWrong(), http_request.log_wrong_secret
    )


def _manager(context: Context, request: object) -> None:
    if not context.is_manager:
        raise NotAdministrator(context.caller_id)


def _owner(context: Context, request: _AboutUser) -> None:
    if context.caller_id != request.user_id and not context.is_manager:
        raise NotOwner(request.user_id)


#: The app's secret in the body.
SECRET: Access[Context, _WithSecret] = Access(_no_token, _with_secret)
#: Any valid token.
TOKEN: Access[Context, object] = Access(_by_token, _everyone)
#: An administrator's token.
MANAGER: Access[Context, object] = Access(_by_token, _manager)
#: The token of the user whom the request is about, or an administrator's.
OWNER: Access[Context, _AboutUser] = Access(_by_token, _owner)
