"""Who is calling, and v3's order of checks: operationID, token, body, Check(), permission."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.dialects.openim_v3.call import Call
from app.dialects.openim_v3.generations import CURRENT, LEGACY
from app.dialects.openim_v3.schemas.rules import check
from app.errors import HeaderMissing, NoSuchPath, NotAdministrator, NotOwner, SecretWrong, TokenMissing
from app.wire import secrets
from app.wire.dialect import Endpoint
from app.wire.schema import bind


def admit(call: Call) -> Any:
    """Take a request through the checks before its business."""
    if not call.incoming.header("OPERATIONID"):
        raise HeaderMissing("operationID")
    gate = call.endpoint.access[call.generation]
    gate.identify(call)
    if call.endpoint is UNKNOWN:
        raise NoSuchPath
    schema = call.endpoint.schema
    take_json = getattr(schema, "TAKE_JSON", call.generation.take_json)
    request = bind(schema, take_json(call.incoming.json))
    check(request, call.generation)
    gate.permit(call, request)
    return request


@dataclass(frozen=True)
class Gate:
    """Who may make a call: what is asked before the body is read, and what after it was checked."""

    identify: Callable[[Call], None]
    permit: Callable[[Call, Any], None]


def _nobody(call: Call) -> None:
    """Ask for no token, nor look at one."""


def _by_token(call: Call) -> None:
    text = call.incoming.header("TOKEN")
    if not text:
        raise TokenMissing
    services = call.services
    call.caller = services.tokens.verify(services.codecs.read(text))


def _anybody(call: Call, request: Any) -> None:
    """Let pass whoever has come this far."""


def _by_secret(call: Call, request: Any) -> None:
    is_right = secrets.is_one_of(request.secret, call.services.settings.openim_secret)
    secrets.judge(call.incoming, is_right, SecretWrong())


def _by_administrator(call: Call, request: Any) -> None:
    if not is_administrator(call):
        raise NotAdministrator(_caller(call))


def _by_owner(call: Call, request: Any) -> None:
    if _caller(call) != request.owner_id and not is_administrator(call):
        raise NotOwner(request.owner_id)


def is_administrator(call: Call) -> bool:
    """Tell whether an administrator makes the call."""
    return call.services.users.is_administrator(_caller(call))


def _caller(call: Call) -> str:
    return call.caller.user_id if call.caller else ""


def _by_token_unless_open(call: Call) -> None:
    """Ask for a token as 3.8 does before it looks for the path: by how that begins."""
    _, _, path = call.incoming.path.removeprefix("/").partition("/")
    if not path.startswith(_OPEN_PATHS):
        _by_token(call)


#: Paths that need no token, and whatever begins like them (branch 3.8.3-patch internal/api/router.go).
_OPEN_PATHS = ("auth/get_admin_token", "auth/parse_token")

OPEN = Gate(_nobody, _anybody)
SECRET = Gate(_nobody, _by_secret)
TOKEN = Gate(_by_token, _anybody)
ADMINISTRATOR = Gate(_by_token, _by_administrator)
OWNER = Gate(_by_token, _by_owner)


UNKNOWN = Endpoint(
    "/<path:unknown_path>",
    "",
    lambda call, request: None,
    None,
    {LEGACY: OPEN, CURRENT: Gate(_by_token_unless_open, _anybody)},
    frozenset(),
    {},
)
