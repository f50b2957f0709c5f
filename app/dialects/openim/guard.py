"""Access to callbacks: gateways sign nothing, so they are on this machine or use the key in the URL."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar
from urllib.parse import parse_qsl

from ...domain.auth_throttle import is_one_of
from ...errors import NotPermitted
from ...formats.json_body import unmarshal
from ...formats.schema import bind_json
from ...http import loopback
from ...http.dialect import Access, RequestContext
from .schemas import CallbackUserOnlineReq
from .settings import OpenIMSettings

R = TypeVar("R")
#: The parameters in which gateways send the command, by version.
_COMMAND_PARAMETERS = ("callbackCommand", "command")


def authorize_and_bind(context: RequestContext, schema: type[R], access: Access[RequestContext, R]) -> R:
    """Check the caller, then bind the body; the command may be in the URL only."""
    access.identify(context)
    request = bind_json(schema, unmarshal(context.http_request.json))
    if isinstance(request, CallbackUserOnlineReq) and not request.callback_command:
        request = replace(request, callback_command=_command(context))
    access.permit(context, request)
    return request


def _key_or_local(context: RequestContext) -> None:
    """Require a request from this machine or the key. Raises NotPermitted or TooManyWrongSecrets."""
    reason = loopback.why_not_local(context.http_request.environ)
    if reason is None:
        return
    key = context.services.settings.groups[OpenIMSettings].callback_key
    refusal = NotPermitted(f"{reason}, and its URL does not end with ROLLCALL_CALLBACK_KEY")
    if not key:
        raise refusal
    http_request = context.http_request
    context.services.auth_throttle.check(
        http_request.throttled_address,
        is_one_of(key, _path_parts(context)),
        refusal,
        http_request.log_wrong_secret,
    )


KEY_OR_LOCAL: Access[RequestContext, object] = Access(_key_or_local)


def _path_parts(context: RequestContext) -> list[str]:
    """Return the parts of the path after the first."""
    return context.http_request.path.split("/")[2:]


def _command(context: RequestContext) -> str:
    parameters: dict[str, str] = dict(parse_qsl(context.http_request.query))
    for name in _COMMAND_PARAMETERS:
        if name in parameters:
            return parameters[name]
    return next(reversed(_path_parts(context)), "")
