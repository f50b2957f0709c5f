"""Who is calling: the bearer of any dialect's token. The order of checks: token, body, permission.

Where only administrators may call at all, that is asked before the body is read.
"""

from __future__ import annotations

from typing import Any

from app.dialects.rollcall.context import Context
from app.dialects.rollcall.query import of_query
from app.errors import ArgumentMissing, NotAdministrator, NotPermitted, TokenMissing
from app.models import Platform, Token
from app.wire.body import unmarshal
from app.wire.schema import bind


def authorize_and_bind(context: Context) -> Any:
    """Take a request through the checks before its business."""
    context.bearer = context.endpoint.access(context)
    if context.endpoint.method == "GET":
        request = bind(context.endpoint.schema, of_query(context.endpoint.schema, context.http_request))
        request.check()
        return request
    # No body says the same as an empty object: everything is optional.
    request = bind(
        context.endpoint.schema, unmarshal(context.http_request.json) if context.http_request.body else None
    )
    request.check()
    return request


def by_any_token(context: Context) -> Token:
    """Let in who has a valid token, of whichever dialect."""
    text = context.http_request.header("TOKEN")
    if not text:
        raise TokenMissing
    services = context.services
    return services.tokens.verify(services.codecs.decode_any(text))


def by_administrator(context: Context) -> Token:
    """Let in an administrator with a valid token."""
    bearer = by_any_token(context)
    if not context.services.users.is_administrator(bearer.user_id):
        raise NotAdministrator(bearer.user_id)
    return bearer


def target(context: Context, user_id: str, platform_id: int | None) -> tuple[str, int]:
    """Return whose presence on which platform a request is about.

    A user speaks for the platform of the token; a RongCloud token has none and names it. An administrator
    may speak for anybody. Raises NotAdministrator, NotPermitted, ArgumentMissing or UserNotFound.
    """
    caller = context.caller
    if user_id and user_id != caller.user_id:
        return _other(context, user_id, platform_id)
    if platform_id is None:
        return caller.user_id, Platform.WEB if caller.issuer else caller.platform_id
    if (
        platform_id != caller.platform_id
        and not caller.issuer
        and not context.services.users.is_administrator(caller.user_id)
    ):
        raise NotPermitted(f"the token is for platform {caller.platform_id}")
    return caller.user_id, platform_id


def _other(context: Context, user_id: str, platform_id: int | None) -> tuple[str, int]:
    caller = context.caller.user_id
    if not context.services.users.is_administrator(caller):
        raise NotAdministrator(caller)
    if platform_id is None:
        raise ArgumentMissing("platformID is required", "platformID")
    return context.services.users.get(user_id).user_id, platform_id
