"""v3's access checks, and their order: operationID, token, body, Check(), permission."""

from __future__ import annotations

from typing import Protocol, TypeVar

from ...errors import HeaderMissing, NoSuchPath
from ...formats.schema import bind_json
from ...http.dialect import Access, Endpoint
from ...http.error_rows import ErrorTable
from ..openim.access import WithSecret, administrator, check_owner, check_secret
from ..openim.access import by_token as by_openim_token
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
    context.request = request
    check(request, context.generation)
    access.permit(context, request)
    return request


def _require_operation_id(context: Context) -> None:
    context.operation_id = context.http_request.header("OPERATIONID")
    if not context.operation_id:
        raise HeaderMissing("operationID")


def by_token(context: Context) -> None:
    """Require a valid token of any OpenIM dialect. Raises TokenRefused."""
    by_openim_token(context, signature_first=context.generation.checks_signature_first)


class _Owned(Protocol):
    @property
    def owner_id(self) -> str: ...


def _with_secret(context: Context, request: WithSecret) -> None:
    check_secret(context, request.secret, context.services.settings.groups[OpenIMV3Settings].openim_secret)


def owner(context: Context, request: _Owned) -> None:
    """Check that the request is about the caller, or the caller is an administrator. Raises NotOwner."""
    check_owner(context, request.owner_id)


#: No credential.
OPEN: Access[Context, object] = Access()
#: The secret in the body.
SECRET: Access[Context, WithSecret] = Access(permit=_with_secret)
#: Any valid token.
TOKEN: Access[Context, object] = Access(by_token)
#: An administrator's token.
ADMINISTRATOR: Access[Context, object] = Access(by_token, administrator)
#: The token of the user whom the request is about, or an administrator's.
OWNER: Access[Context, _Owned] = Access(by_token, owner)


def by_generation(legacy: Access[Context, R], current: Access[Context, R]) -> Access[Context, R]:
    """Return the access of a call that differs between the generations."""
    accesses: dict[Generation, Access[Context, R]] = {LEGACY: legacy, CURRENT: current}
    return Access(
        lambda context: accesses[context.generation].identify(context),
        lambda context, request: accesses[context.generation].permit(context, request),
    )


#: Prefixes of paths that need no token (branch 3.8.3-patch internal/api/router.go).
_OPEN_PATHS = ("/auth/get_admin_token", "/auth/parse_token")


def _refuse_unknown(context: Context) -> object:
    """Refuse an unknown path after the checks that 3.8 makes before routing. Raises NoSuchPath."""
    _require_operation_id(context)
    if context.generation is CURRENT and not context.http_request.path.startswith(_OPEN_PATHS):
        by_token(context)
    raise NoSuchPath


UNKNOWN: Endpoint[Context] = Endpoint(
    "", "", "POST", object, OPEN, frozenset(), ErrorTable(), _refuse_unknown
)
