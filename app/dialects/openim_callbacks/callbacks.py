"""The callbacks about connections: v2's, and v3's under both of their names.

Source: open-im-server v2.3.9 internal/msg_gateway/gate/callback.go and v3.8.3-patch
internal/msggateway/callback.go.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.dialects.openim_callbacks.guard import by_key_or_from_here
from app.dialects.openim_callbacks.schemas import CallbackReq
from app.models import ConnectionEvent, ConnectionEventType
from app.wire.context import RequestContext as Context
from app.wire.dialect import Routes

routes = Routes("callback")

#: Seconds for which OpenIM 3.8 takes a user for online whose gateway does not repeat it (pkg/common/storage/
#: cache/cachekey/online.go); the gateway does every ten minutes.
REPEATED_TTL = 1800

_OLD = {
    "callbackUserOnlineCommand": ConnectionEventType.ONLINE,
    "callbackUserOfflineCommand": ConnectionEventType.OFFLINE,
    "callbackUserKickOffCommand": ConnectionEventType.KICKED,
}
# Their names from 3.7 on.
_NEW = {name.replace("User", "AfterUser", 1): word for name, word in _OLD.items()}
WORDS: Mapping[str, ConnectionEventType] = {**_OLD, **_NEW}


def callback(context: Context, request: CallbackReq) -> None:
    """Follow what a gateway says about a connection; any other callback is answered that all is well."""
    word = WORDS.get(request.callback_command)
    if word is None:
        return
    request.check_connection()
    # From 3.8.2 on gateways name no connection, and repeat who is online.
    is_repeated = request.callback_command in _NEW and not request.conn_id
    report = ConnectionEvent(
        word,
        request.user_id,
        request.platform_id,
        request.conn_id,
        request.seq,
        REPEATED_TTL if is_repeated else context.services.settings.gateway_ttl,
        request.is_app_background,
    )
    context.services.gateways.apply([report])


# Gateways add the command behind a slash or as a parameter, by version; the second is upstream's default.
for path in ("/callback", "/callbackExample"):
    for form in (path, f"{path}/<path:rest>"):
        routes.post(form, CallbackReq, access=by_key_or_from_here)(callback)
