"""What gateways send (v2.3.9 pkg/call_back_struct/msg_gateway.go; v3 pkg/callbackstruct/msg_gateway.go)."""

from __future__ import annotations

from typing import ClassVar

from app.errors import ArgumentInvalid, ArgumentMissing
from app.wire.message import message
from app.wire.schema import BOOL, INT32, INT64, STRING, wire

#: Upstream's have 32.
LONGEST_CONNECTION_ID = 64
#: Upstream's platforms end at 11.
LAST_PLATFORM = 64


@message
class CallbackReq:
    """What the callbacks about connections have in common; others have a command too."""

    GO: ClassVar[str] = "callbackstruct.CallbackUserOnlineReq"

    callback_command: str = wire(STRING, "callbackCommand")
    user_id: str = wire(STRING, "userID")
    platform_id: int = wire(INT32, "platformID")
    conn_id: str = wire(STRING, "connID")
    seq: int = wire(INT64, "seq")
    is_app_background: bool = wire(BOOL, "isAppBackground")

    def check_connection(self) -> None:
        """Refuse what says nothing about a connection. Raises ArgumentMissing or ArgumentInvalid."""
        if not self.user_id:
            raise ArgumentMissing("userID is empty", "userID")
        if not 1 <= self.platform_id <= LAST_PLATFORM:
            raise ArgumentInvalid("platformID is invalid", "platformID")
        if len(self.conn_id) > LONGEST_CONNECTION_ID:
            raise ArgumentInvalid(f"connID has over {LONGEST_CONNECTION_ID} characters", "connID")
