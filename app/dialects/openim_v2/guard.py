"""Who is calling, and v2's order of checks: the body, then the secret or the token."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.dialects.openim_v2.call import Call
from app.dialects.openim_v2.validation import validate
from app.errors import NotAdministrator, NotOwner, SecretWrong
from app.wire import secrets
from app.wire.body import first_value
from app.wire.schema import bind


def admit(call: Call) -> Any:
    """Bind and validate the body, then let the caller in or not."""
    request = bind(call.endpoint.schema, first_value(call.incoming.json))
    if not request.operation_id:
        # A client half-way to v3 has it in the header.
        request = replace(request, operation_id=call.incoming.header("OPERATIONID"))
    call.operation_id = request.operation_id
    call.request = request
    validate(request)
    call.endpoint.access(call, request)
    return request


def by_secret(call: Call, request: Any) -> None:
    """Let in who knows the app's secret."""
    is_right = secrets.is_one_of(request.secret, call.services.settings.openim_v2_secret)
    secrets.judge(call.incoming, is_right, SecretWrong())


def by_token(call: Call, request: Any) -> None:
    """Let in who has a valid token, of whichever OpenIM dialect."""
    presented = call.services.codecs.read(call.incoming.header("TOKEN"))
    call.caller = call.services.tokens.verify(presented)


def by_manager(call: Call, request: Any) -> None:
    """Let in an administrator with a valid token."""
    by_token(call, request)
    if not is_manager(call):
        raise NotAdministrator(caller(call))


def by_owner(call: Call, request: Any) -> None:
    """Let in the user whom the request is about, and administrators."""
    by_token(call, request)
    if caller(call) != request.user_id and not is_manager(call):
        raise NotOwner(request.user_id)


def is_manager(call: Call) -> bool:
    """Tell whether an administrator makes the call."""
    return call.services.users.is_administrator(caller(call))


def caller(call: Call) -> str:
    """Return the id of who makes the call; empty as long as nobody has asked for a token."""
    return call.caller.user_id if call.caller else ""
