"""The requests about accounts that send notifications (user/user.proto; user/user.go for the checks)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ....formats.schema import INT32, STRING, GoRequest, field, pointer_to
from ..generations import CURRENT, LEGACY
from .rules import PAGINATED, RequestPagination, Rules, lacks, rules

_NAME = lacks("nick_name", "nickName is empty")


class _Request(GoRequest):
    __slots__ = ()
    GO_PACKAGE: ClassVar[str] = "user"


@dataclass(slots=True)
class AddNotificationAccountReq(_Request):
    """`/user/add_notification_account` (3.5 on, with an id of the caller's choice from 3.6 on)."""

    RULES: ClassVar[Rules] = {
        # Upstream's message for an empty face also says "nickName".
        LEGACY: (_NAME, lacks("face_url", "nickName is empty")),
        CURRENT: (_NAME,),
    }

    user_id: str = field(STRING, "userID")
    nick_name: str = field(STRING, "nickName")
    face_url: str = field(STRING, "faceURL")
    app_manger_level: int = field(INT32, "appMangerLevel")


@dataclass(slots=True)
class UpdateNotificationAccountInfoReq(_Request):
    """`/user/update_notification_account` (3.5 on); empty texts change nothing."""

    RULES: ClassVar[Rules] = rules(
        lacks("user_id", "userID is empty"),
        (
            lambda request: not (request.face_url or request.nick_name),
            "faceURL and nickName is empty at the same",
        ),
    )

    user_id: str = field(STRING, "userID")
    nick_name: str = field(STRING, "nickName")
    face_url: str = field(STRING, "faceURL")


@dataclass(slots=True)
class SearchNotificationAccountReq(_Request):
    """`/user/search_notification_account` (3.6 on): by exact id, else by exact nickname; or all."""

    RULES: ClassVar[Rules] = rules(*PAGINATED)

    keyword: str = field(STRING, "keyword")
    pagination: RequestPagination | None = field(pointer_to(RequestPagination), "pagination")
