"""Who is calling: a gateway signs nothing, so it is on this machine or knows the key in the URL."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl

from app.dialects.openim_callbacks.schemas import CallbackReq
from app.errors import NotPermitted
from app.wire import loopback, secrets
from app.wire.body import only_value
from app.wire.call import Call
from app.wire.schema import bind

#: Under which parameter a gateway sends the command, by version.
_COMMAND_PARAMETERS = ("callbackCommand", "command")


def admit(call: Call) -> CallbackReq:
    """Take a request through the checks before its business; a command may stand in the URL alone."""
    call.endpoint.access(call)
    request: CallbackReq = bind(CallbackReq, only_value(call.incoming.json))
    return request if request.callback_command else replace(request, callback_command=_command(call))


def by_key_or_from_here(call: Call) -> None:
    """Let in who knows the key, or else comes from this machine. Raises NotPermitted."""
    reason = loopback.objection(call.incoming.environ)
    if reason is None:
        return
    key = call.services.settings.callback_key
    refusal = NotPermitted(f"{reason}, and its URL does not end with ROLLCALL_CALLBACK_KEY")
    if not key:
        raise refusal
    secrets.judge(call.incoming, secrets.is_one_of(key, _parts(call)), refusal)


def _parts(call: Call) -> list[str]:
    """Return the parts of the path behind the first."""
    return call.incoming.path.split("/")[2:]


def _command(call: Call) -> str:
    pairs: dict[str, str] = dict(parse_qsl(call.incoming.environ.get("QUERY_STRING", "")))
    for name in _COMMAND_PARAMETERS:
        if name in pairs:
            return pairs[name]
    return _parts(call)[-1] if _parts(call) else ""
