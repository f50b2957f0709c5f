"""Gateways' callbacks (v2.3.9 pkg/call_back_struct/msg_gateway.go; v3 pkg/callbackstruct/msg_gateway.go).

Also the user object of v3 and its callbacks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...errors import ArgumentInvalid, ArgumentMissing
from ...formats.schema import BOOL, INT32, INT64, STRING, GoRequest, field

#: Upstream's connection ids have 32.
MAX_CONNECTION_ID_CHARS = 64
#: Upstream's platforms end at 11.
MAX_PLATFORM_ID = 64


@dataclass(slots=True)
class CallbackUserOnlineReq(GoRequest):
    """The common fields of the callbacks about connections; all callbacks have a command."""

    GO_PACKAGE: ClassVar[str] = "callbackstruct"

    callback_command: str = field(STRING, "callbackCommand")
    user_id: str = field(STRING, "userID")
    platform_id: int = field(INT32, "platformID")
    conn_id: str = field(STRING, "connID")
    seq: int = field(INT64, "seq")
    is_app_background: bool = field(BOOL, "isAppBackground")

    def check_connection(self) -> None:
        """Check the fields that identify a connection. Raises ArgumentMissing or ArgumentInvalid."""
        if not self.user_id:
            raise ArgumentMissing("userID is empty", "userID")
        if not 1 <= self.platform_id <= MAX_PLATFORM_ID:
            raise ArgumentInvalid("platformID is invalid", "platformID")
        if len(self.conn_id) > MAX_CONNECTION_ID_CHARS:
            raise ArgumentInvalid(f"connID has over {MAX_CONNECTION_ID_CHARS} characters", "connID")


@dataclass(slots=True)
class UserInfo(GoRequest):
    """A user, in requests and answers (protocol v0.0.73-alpha.12 sdkws/sdkws.proto)."""

    GO_PACKAGE: ClassVar[str] = "sdkws"

    user_id: str = field(STRING, "userID")
    nickname: str = field(STRING, "nickname")
    face_url: str = field(STRING, "faceURL")
    ex: str = field(STRING, "ex")
    create_time: int = field(INT64, "createTime")
    app_manger_level: int = field(INT32, "appMangerLevel")
    global_recv_msg_opt: int = field(INT32, "globalRecvMsgOpt")
