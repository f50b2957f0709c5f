"""The requests about a user's commands (user/user.proto; user/user.go for the checks)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ....formats.schema import INT32, STRING, GoRequest, field, nullable
from .rules import Rules, lacks, rules

_OWNER = lacks("user_id", "userID is empty")
_TYPE = lacks("type", "type is not specified")
_UUID = lacks("uuid", "UUID is empty")


class _Request(GoRequest):
    __slots__ = ()
    GO_PACKAGE: ClassVar[str] = "user"


@dataclass(slots=True)
class _Owned(_Request):
    """The owner, which all of them have."""

    user_id: str = field(STRING, "userID")

    @property
    def owner_id(self) -> str:
        """The owner."""
        return self.user_id


@dataclass(slots=True)
class ProcessUserCommandAddReq(_Owned):
    """`/user/process_user_command_add` (3.5 on)."""

    RULES: ClassVar[Rules] = rules(_OWNER, _TYPE, _UUID)

    type: int = field(INT32, "type")
    uuid: str = field(STRING, "uuid")
    value: str | None = field(nullable(STRING), "value")
    ex: str | None = field(nullable(STRING), "ex")


@dataclass(slots=True)
class ProcessUserCommandDeleteReq(_Owned):
    """`/user/process_user_command_delete` (3.5 on)."""

    RULES: ClassVar[Rules] = rules(_OWNER, _TYPE, _UUID)

    type: int = field(INT32, "type")
    uuid: str = field(STRING, "uuid")


@dataclass(slots=True)
class ProcessUserCommandUpdateReq(_Owned):
    """`/user/process_user_command_update` (3.5 on); absent or null fields are left as they are."""

    RULES: ClassVar[Rules] = rules(_OWNER, _TYPE, _UUID)

    type: int = field(INT32, "type")
    uuid: str = field(STRING, "uuid")
    value: str | None = field(nullable(STRING), "value")
    ex: str | None = field(nullable(STRING), "ex")


@dataclass(slots=True)
class ProcessUserCommandGetReq(_Owned):
    """`/user/process_user_command_get` (3.5 on): the commands of one type."""

    RULES: ClassVar[Rules] = rules(_OWNER, _TYPE)

    type: int = field(INT32, "type")


@dataclass(slots=True)
class ProcessUserCommandGetAllReq(_Owned):
    """`/user/process_user_command_get_all` (3.6 on): all of a user's commands."""

    RULES: ClassVar[Rules] = rules(_OWNER)
