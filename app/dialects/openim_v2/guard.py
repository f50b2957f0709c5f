"""Who is calling, and v2's order of checks: the body, then the secret or the token."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.dialects.openim_v2.context import Context
from app.dialects.openim_v2.validation import validate
from app.errors import NotAdministrator, NotOwner, SecretWrong
from app.wire import secrets
from app.wire.body import decode_stream
from app.wire.schema import bind


def authorize_and_bind(context: Context) -> Any:
    """Bind and validate the body, then let the caller in or not."""
    request = bind(context.endpoint.schema, decode_stream(context.http_request.json))
    if not request.operation_id:
        # A client half-way to v3 has it in the header.
        request = replace(request, operation_id=context.http_request.header("OPERATIONID"))
    context.operation_id = request.operation_id
    context.request = request
    validate(request)
    context.endpoint.access(context, request)
    return request


def by_secret(context: Context, request: Any) -> None:
    """Let in who knows the app's secret."""
    is_right = secrets.is_one_of(request.secret, context.services.settings.openim_v2_secret)
    secrets.check_secret(context.http_request, is_right, SecretWrong())


def by_token(context: Context, request: Any) -> None:
    """Let in who has a valid token, of whichever OpenIM dialect."""
    presented = context.services.codecs.decode(context.http_request.header("TOKEN"))
    context.caller = context.services.tokens.verify(presented)


def by_manager(context: Context, request: Any) -> None:
    """Let in an administrator with a valid token."""
    by_token(context, request)
    if not is_manager(context):
        raise NotAdministrator(caller(context))


def by_owner(context: Context, request: Any) -> None:
    """Let in the user whom the request is about, and administrators."""
    by_token(context, request)
    if caller(context) != request.user_id and not is_manager(context):
        raise NotOwner(request.user_id)


def is_manager(context: Context) -> bool:
    """Tell whether an administrator makes the call."""
    return context.services.users.is_administrator(caller(context))


def caller(context: Context) -> str:
    """Return the id of who makes the call; empty as long as nobody has asked for a token."""
    return context.caller.user_id if context.caller else ""
