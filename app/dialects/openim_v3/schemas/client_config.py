"""The requests about settings of clients (protocol v0.0.73-alpha.12 user/user.proto); none has a Check()."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ....formats.schema import STRING, STRINGS, GoRequest, field, map_of, pointer_to
from .rules import NO_RULES, RequestPagination, Rules


@dataclass(slots=True)
class _Request(GoRequest):
    """The user, which all of them have; an empty id stands for all users."""

    GO_PACKAGE: ClassVar[str] = "user"
    RULES: ClassVar[Rules] = NO_RULES

    user_id: str = field(STRING, "userID")

    @property
    def owner_id(self) -> str:
        """The user."""
        return self.user_id


@dataclass(slots=True)
class GetUserClientConfigReq(_Request):
    """`/user/get_user_client_config` (main branch)."""


@dataclass(slots=True)
class SetUserClientConfigReq(_Request):
    """`/user/set_user_client_config` (main branch): values by key; other keys stay as they are."""

    configs: Mapping[str, str] | None = field(map_of(STRING), "configs")


@dataclass(slots=True)
class DelUserClientConfigReq(_Request):
    """`/user/del_user_client_config` (main branch)."""

    keys: tuple[str, ...] | None = field(STRINGS, "keys")


@dataclass(slots=True)
class PageUserClientConfigReq(_Request):
    """`/user/page_user_client_config` (main branch): empty filters match everything."""

    key: str = field(STRING, "key")
    pagination: RequestPagination | None = field(pointer_to(RequestPagination), "pagination")
