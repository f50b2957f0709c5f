"""The requests about the small records of a user (user/user.proto; user/user.go for the checks)."""

from __future__ import annotations

from typing import ClassVar

from app.dialects.openim_v3.schemas.rules import Rules, lacks, rules
from app.wire.message import message
from app.wire.schema import INT32, STRING, field, nullable

_OWNER = lacks("user_id", "userID is empty")
_TYPE = lacks("type", "type is not specified")
_UUID = lacks("uuid", "UUID is empty")


@message
class _Owned:
    """What all of them have: whose record it is."""

    user_id: str = field(STRING, "userID")

    @property
    def owner_id(self) -> str:
        """Whose record it is."""
        return self.user_id


@message
class ProcessUserCommandAddReq(_Owned):
    """`/user/process_user_command_add` (3.5 on)."""

    GO_TYPE: ClassVar[str] = "user.ProcessUserCommandAddReq"
    RULES: ClassVar[Rules] = rules(_OWNER, _TYPE, _UUID)

    type: int = field(INT32, "type")
    uuid: str = field(STRING, "uuid")
    value: str | None = field(nullable(STRING), "value")
    ex: str | None = field(nullable(STRING), "ex")


@message
class ProcessUserCommandDeleteReq(_Owned):
    """`/user/process_user_command_delete` (3.5 on)."""

    GO_TYPE: ClassVar[str] = "user.ProcessUserCommandDeleteReq"
    RULES: ClassVar[Rules] = rules(_OWNER, _TYPE, _UUID)

    type: int = field(INT32, "type")
    uuid: str = field(STRING, "uuid")


@message
class ProcessUserCommandUpdateReq(_Owned):
    """`/user/process_user_command_update` (3.5 on); what is absent or null is left as it is."""

    GO_TYPE: ClassVar[str] = "user.ProcessUserCommandUpdateReq"
    RULES: ClassVar[Rules] = rules(_OWNER, _TYPE, _UUID)

    type: int = field(INT32, "type")
    uuid: str = field(STRING, "uuid")
    value: str | None = field(nullable(STRING), "value")
    ex: str | None = field(nullable(STRING), "ex")


@message
class ProcessUserCommandGetReq(_Owned):
    """`/user/process_user_command_get` (3.5 on): the records of one type."""

    GO_TYPE: ClassVar[str] = "user.ProcessUserCommandGetReq"
    RULES: ClassVar[Rules] = rules(_OWNER, _TYPE)

    type: int = field(INT32, "type")


@message
class ProcessUserCommandGetAllReq(_Owned):
    """`/user/process_user_command_get_all` (3.6 on): all of a user's records."""

    GO_TYPE: ClassVar[str] = "user.ProcessUserCommandGetAllReq"
    RULES: ClassVar[Rules] = rules(_OWNER)
