"""Who is calling: a gateway signs nothing, so it is on this machine or knows the key in the URL."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl

from app.dialects.openim_callbacks.schemas import CallbackReq
from app.errors import NotPermitted
from app.wire import loopback, secrets
from app.wire.body import unmarshal
from app.wire.context import RequestContext as Context
from app.wire.schema import bind

#: Under which parameter a gateway sends the command, by version.
_COMMAND_PARAMETERS = ("callbackCommand", "command")


def authorize_and_bind(context: Context) -> CallbackReq:
    """Take a request through the checks before its business; a command may stand in the URL alone."""
    context.endpoint.access(context)
    request: CallbackReq = bind(CallbackReq, unmarshal(context.http_request.json))
    return request if request.callback_command else replace(request, callback_command=_command(context))


def by_key_or_from_here(context: Context) -> None:
    """Let in who knows the key, or else comes from this machine. Raises NotPermitted."""
    reason = loopback.why_not_local(context.http_request.environ)
    if reason is None:
        return
    key = context.services.settings.callback_key
    refusal = NotPermitted(f"{reason}, and its URL does not end with ROLLCALL_CALLBACK_KEY")
    if not key:
        raise refusal
    secrets.check_secret(context.http_request, secrets.is_one_of(key, _parts(context)), refusal)


def _parts(context: Context) -> list[str]:
    """Return the parts of the path behind the first."""
    return context.http_request.path.split("/")[2:]


def _command(context: Context) -> str:
    pairs: dict[str, str] = dict(parse_qsl(context.http_request.environ.get("QUERY_STRING", "")))
    for name in _COMMAND_PARAMETERS:
        if name in pairs:
            return pairs[name]
    return _parts(context)[-1] if _parts(context) else ""
