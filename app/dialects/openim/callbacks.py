"""The gateways' callbacks about connections: v2's, and v3's under their old and new names.

Source: open-im-server v2.3.9 internal/msg_gateway/gate/callback.go and v3.8.3-patch
internal/msggateway/callback.go.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...http.dialect import RequestContext, Routes
from ...models import ConnectionEvent, ConnectionEventType
from .guard import KEY_OR_LOCAL, authorize_and_bind
from .schemas import CallbackUserOnlineReq

routes = Routes("callback", authorize_and_bind)

#: Seconds that an online report of OpenIM 3.8 is valid; its gateways repeat it every ten minutes
#: (pkg/common/storage/cache/cachekey/online.go).
REPEATED_TTL = 1800

_OLD = {
    "callbackUserOnlineCommand": ConnectionEventType.ONLINE,
    "callbackUserOfflineCommand": ConnectionEventType.OFFLINE,
    "callbackUserKickOffCommand": ConnectionEventType.KICKED,
}
# Their names from 3.7 on.
_NEW = {name.replace("User", "AfterUser", 1): type_ for name, type_ in _OLD.items()}
COMMANDS: Mapping[str, ConnectionEventType] = {**_OLD, **_NEW}


def callback(context: RequestContext, request: CallbackUserOnlineReq) -> None:
    """Apply a gateway's report about a connection; accept and ignore other callbacks."""
    type_ = COMMANDS.get(request.callback_command)
    if type_ is None:
        return
    request.check_connection()
    services = context.services
    # From 3.8.2 on gateways send no connection id, and repeat their online reports.
    is_repeated = request.callback_command in _NEW and not request.conn_id
    event = ConnectionEvent(
        type_,
        request.user_id,
        request.platform_id,
        request.conn_id,
        request.seq,
        REPEATED_TTL if is_repeated else services.settings.gateway_ttl,
        request.is_app_background,
    )
    services.gateways.apply([event])


# Depending on the version, gateways append the command after a slash or as a parameter. `/callbackExample` is
# upstream's default path.
for path in ("/callback", "/callbackExample"):
    for form in (path, f"{path}/<path:rest>"):
        routes.post(form, CallbackUserOnlineReq, access=KEY_OR_LOCAL)(callback)
