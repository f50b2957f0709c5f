"""Who is calling, and v3's order of checks: operationID, token, body, Check(), permission."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.dialects.openim_v3.context import Context
from app.dialects.openim_v3.generations import CURRENT, LEGACY
from app.dialects.openim_v3.schemas.rules import check
from app.errors import HeaderMissing, NoSuchPath, NotAdministrator, NotOwner, SecretWrong, TokenMissing
from app.wire import secrets
from app.wire.dialect import Endpoint
from app.wire.schema import bind


def authorize_and_bind(context: Context) -> Any:
    """Take a request through the checks before its business."""
    if not context.http_request.header("OPERATIONID"):
        raise HeaderMissing("operationID")
    gate = context.endpoint.access[context.generation]
    gate.identify(context)
    if context.endpoint is UNKNOWN:
        raise NoSuchPath
    schema = context.endpoint.schema
    take_json = getattr(schema, "TAKE_JSON", context.generation.take_json)
    request = bind(schema, take_json(context.http_request.json))
    check(request, context.generation)
    gate.permit(context, request)
    return request


@dataclass(frozen=True)
class Access:
    """Who may make a call: what is asked before the body is read, and what after it was checked."""

    identify: Callable[[Context], None]
    permit: Callable[[Context, Any], None]


def _nobody(context: Context) -> None:
    """Ask for no token, nor look at one."""


def _by_token(context: Context) -> None:
    text = context.http_request.header("TOKEN")
    if not text:
        raise TokenMissing
    services = context.services
    context.caller = services.tokens.verify(services.codecs.decode(text))


def _anybody(context: Context, request: Any) -> None:
    """Let pass whoever has come this far."""


def _by_secret(context: Context, request: Any) -> None:
    is_right = secrets.is_one_of(request.secret, context.services.settings.openim_secret)
    secrets.check_secret(context.http_request, is_right, SecretWrong())


def _by_administrator(context: Context, request: Any) -> None:
    if not is_administrator(context):
        raise NotAdministrator(_caller(context))


def _by_owner(context: Context, request: Any) -> None:
    if _caller(context) != request.owner_id and not is_administrator(context):
        raise NotOwner(request.owner_id)


def is_administrator(context: Context) -> bool:
    """Tell whether an administrator makes the call."""
    return context.services.users.is_administrator(_caller(context))


def _caller(context: Context) -> str:
    return context.caller.user_id if context.caller else ""


def _by_token_unless_open(context: Context) -> None:
    """Ask for a token as 3.8 does before it looks for the path: by how that begins."""
    _, _, path = context.http_request.path.removeprefix("/").partition("/")
    if not path.startswith(_OPEN_PATHS):
        _by_token(context)


#: Paths that need no token, and whatever begins like them (branch 3.8.3-patch internal/api/router.go).
_OPEN_PATHS = ("auth/get_admin_token", "auth/parse_token")

OPEN = Access(_nobody, _anybody)
SECRET = Access(_nobody, _by_secret)
TOKEN = Access(_by_token, _anybody)
ADMINISTRATOR = Access(_by_token, _by_administrator)
OWNER = Access(_by_token, _by_owner)


UNKNOWN = Endpoint(
    "/<path:unknown_path>",
    "",
    lambda context, request: None,
    None,
    {LEGACY: OPEN, CURRENT: Access(_by_token_unless_open, _anybody)},
    frozenset(),
    {},
)
