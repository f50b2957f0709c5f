"""Who is calling, and v3's order of checks: operationID, token, body, Check(), permission."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

from app.dialects.openim_v3.call import Call
from app.dialects.openim_v3.generations import CURRENT, LEGACY, Generation
from app.dialects.openim_v3.schemas import check
from app.errors import HeaderMissing, NoSuchPath, NotAdministrator, SecretWrong, TokenMissing
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
    request = bind(call.endpoint.schema, call.generation.take_json(call.incoming.json))
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
    if not compare_digest(request.secret.encode(), call.services.settings.openim_secret.encode()):
        raise SecretWrong


def _by_administrator(call: Call, request: Any) -> None:
    caller = call.caller.user_id if call.caller else ""
    if not call.services.users.is_administrator(caller):
        raise NotAdministrator(caller)


OPEN = Gate(_nobody, _anybody)
SECRET = Gate(_nobody, _by_secret)
TOKEN = Gate(_by_token, _anybody)
ADMINISTRATOR = Gate(_by_token, _by_administrator)


def in_both(gate: Gate) -> Mapping[Generation, Gate]:
    """Return the access of a call that the generations guard alike."""
    return {LEGACY: gate, CURRENT: gate}


UNKNOWN = Endpoint(
    "/<path:unknown_path>",
    "",
    lambda call, request: None,
    None,
    {LEGACY: OPEN, CURRENT: TOKEN},
    frozenset(),
    {},
)
