"""v2's access checks, and their order: the body, then the secret or the token."""

from __future__ import annotations

from typing import Protocol, TypeVar

from ...formats.json_body import decode_stream
from ...formats.schema import bind_json
from ...http.dialect import Access, RequestContext
from ..openim.access import WithSecret, administrator, by_token, check_owner, check_secret
from .schemas import OperationReq
from .settings import OpenIMV2Settings
from .validation import validate

R = TypeVar("R")


def authorize_and_bind(context: RequestContext, schema: type[R], access: Access[RequestContext, R]) -> R:
    """Bind and validate the body, then check the caller."""
    request = bind_json(schema, decode_stream(context.http_request.json))
    assert isinstance(request, OperationReq), f"{schema.__name__} has no operationID"
    # A client that is partly migrated to v3 sends it in the header.
    request.operation_id = request.operation_id or context.http_request.header("OPERATIONID")
    context.operation_id = request.operation_id
    context.request = request
    validate(request)
    access.identify(context)
    access.permit(context, request)
    return request


class _AboutUser(Protocol):
    @property
    def user_id(self) -> str: ...


def _with_secret(context: RequestContext, request: WithSecret) -> None:
    secrets = context.services.settings.groups[OpenIMV2Settings].openim_v2_secret
    check_secret(context, request.secret, secrets)


def _owner(context: RequestContext, request: _AboutUser) -> None:
    check_owner(context, request.user_id)


#: The app's secret in the body.
SECRET: Access[RequestContext, WithSecret] = Access(permit=_with_secret)
#: Any valid token.
TOKEN: Access[RequestContext, object] = Access(by_token)
#: An administrator's token.
MANAGER: Access[RequestContext, object] = Access(by_token, administrator)
#: The token of the user whom the request is about, or an administrator's.
OWNER: Access[RequestContext, _AboutUser] = Access(by_token, _owner)
