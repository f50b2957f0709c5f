"""The requests about accounts that send notifications (user/user.proto; user/user.go for the checks)."""

from __future__ import annotations

from typing import ClassVar

from app.dialects.openim_v3.generations import CURRENT, LEGACY
from app.dialects.openim_v3.schemas.rules import PAGINATED, RequestPagination, Rules, lacks, rules
from app.wire.message import message
from app.wire.schema import INT32, STRING, field, pointer_to

_NAME = lacks("nick_name", "nickName is empty")


@message
class AddNotificationAccountReq:
    """`/user/add_notification_account` (3.5 on, with an id of the caller's choice from 3.6 on)."""

    GO_TYPE: ClassVar[str] = "user.AddNotificationAccountReq"
    RULES: ClassVar[Rules] = {
        # Says "nickName" of the face too.
        LEGACY: (_NAME, lacks("face_url", "nickName is empty")),
        CURRENT: (_NAME,),
    }

    user_id: str = field(STRING, "userID")
    nick_name: str = field(STRING, "nickName")
    face_url: str = field(STRING, "faceURL")
    app_manger_level: int = field(INT32, "appMangerLevel")


@message
class UpdateNotificationAccountInfoReq:
    """`/user/update_notification_account` (3.5 on); what is empty in it is left as it is."""

    GO_TYPE: ClassVar[str] = "user.UpdateNotificationAccountInfoReq"
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


@message
class SearchNotificationAccountReq:
    """`/user/search_notification_account` (3.6 on): by id, else by nickname, each as it stands; or all."""

    GO_TYPE: ClassVar[str] = "user.SearchNotificationAccountReq"
    RULES: ClassVar[Rules] = rules(*PAGINATED)

    keyword: str = field(STRING, "keyword")
    pagination: RequestPagination | None = field(pointer_to(RequestPagination), "pagination")
