"""Who is calling: the bearer of any dialect's token. The order of checks: token, body, permission.

Where only administrators may call at all, that is asked before the body is read.
"""

from __future__ import annotations

from typing import Any

from app.dialects.rollcall.call import Call
from app.dialects.rollcall.query import of_query
from app.errors import ArgumentMissing, NotAdministrator, NotPermitted, TokenMissing
from app.models import Platform, Token
from app.wire.body import only_value
from app.wire.schema import bind


def admit(call: Call) -> Any:
    """Take a request through the checks before its business."""
    call.bearer = call.endpoint.access(call)
    if call.endpoint.method == "GET":
        request = bind(call.endpoint.schema, of_query(call.endpoint.schema, call.incoming))
        request.check()
        return request
    # No body says the same as an empty object: everything is optional.
    request = bind(call.endpoint.schema, only_value(call.incoming.json) if call.incoming.body else None)
    request.check()
    return request


def by_any_token(call: Call) -> Token:
    """Let in who has a valid token, of whichever dialect."""
    text = call.incoming.header("TOKEN")
    if not text:
        raise TokenMissing
    services = call.services
    return services.tokens.verify(services.codecs.read_any(text))


def by_administrator(call: Call) -> Token:
    """Let in an administrator with a valid token."""
    bearer = by_any_token(call)
    if not call.services.users.is_administrator(bearer.user_id):
        raise NotAdministrator(bearer.user_id)
    return bearer


def subject(call: Call, user_id: str, platform_id: int | None) -> tuple[str, int]:
    """Return whose presence on which platform a request is about.

    A user speaks for the platform of the token; a RongCloud token has none and names it. An administrator
    may speak for anybody. Raises NotAdministrator, NotPermitted, ArgumentMissing or UserNotFound.
    """
    caller = call.caller
    if user_id and user_id != caller.user_id:
        return _other(call, user_id, platform_id)
    if platform_id is None:
        return caller.user_id, Platform.WEB if caller.issuer else caller.platform_id
    if (
        platform_id != caller.platform_id
        and not caller.issuer
        and not call.services.users.is_administrator(caller.user_id)
    ):
        raise NotPermitted(f"the token is for platform {caller.platform_id}")
    return caller.user_id, platform_id


def _other(call: Call, user_id: str, platform_id: int | None) -> tuple[str, int]:
    caller = call.caller.user_id
    if not call.services.users.is_administrator(caller):
        raise NotAdministrator(caller)
    if platform_id is None:
        raise ArgumentMissing("platformID is required", "platformID")
    return call.services.users.get(user_id).user_id, platform_id
