"""Who is calling, and v2's order of checks: the body, then the secret or the token."""

from __future__ import annotations

from dataclasses import replace
from hmac import compare_digest
from typing import Any

from app.dialects.openim_v2.call import Call
from app.dialects.openim_v2.validation import validate
from app.errors import SecretWrong
from app.wire.body import first_value
from app.wire.schema import bind


def admit(call: Call) -> Any:
    """Bind and validate the body, then let the caller in or not."""
    request = bind(call.endpoint.schema, first_value(call.incoming.json))
    if not request.operation_id:
        # A client half-way to v3 has it in the header.
        request = replace(request, operation_id=call.incoming.header("OPERATIONID"))
    call.operation_id = request.operation_id
    validate(request)
    call.endpoint.access(call, request)
    return request


def by_secret(call: Call, request: Any) -> None:
    """Let in who knows the app's secret."""
    secret = call.services.settings.openim_v2_secret
    if not compare_digest(request.secret.encode(), secret.encode()):
        raise SecretWrong


def by_token(call: Call, request: Any) -> None:
    """Let in who has a valid token, of whichever OpenIM dialect."""
    presented = call.services.codecs.read(call.incoming.header("TOKEN"))
    call.services.tokens.verify(presented)
