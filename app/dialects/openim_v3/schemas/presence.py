"""The requests about presence (user/user.proto, msggateway.proto; user/user.go for the checks)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ....formats.json_body import decode_stream
from ....formats.schema import INT32, STRING, STRINGS, GoRequest, field
from ..generations import CURRENT, LEGACY
from .rules import NO_RULES, Rules, lacks, rules

SUBSCRIBE, UNSUBSCRIBE = 1, 2
#: Maximum ids in one get_users_status up to 3.8.0.
_MAX_USER_IDS = 500


class _Request(GoRequest):
    __slots__ = ()
    GO_PACKAGE: ClassVar[str] = "user"


@dataclass(slots=True)
class GetUsersOnlineStatusReq(GoRequest):
    """`/user/get_users_online_status` and `/user/get_users_online_token_detail`.

    In every version their handlers bind the body with gin's decoder, which ignores text after the value.
    """

    GO_PACKAGE: ClassVar[str] = "msggateway"
    RULES: ClassVar[Rules] = NO_RULES
    READ_JSON: ClassVar[Any] = decode_stream

    user_ids: tuple[str, ...] | None = field(STRINGS, "userIDs")


@dataclass(slots=True)
class GetUserStatusReq(_Request):
    """`/user/get_users_status`: the ids; `userID` was the caller's and is ignored now."""

    RULES: ClassVar[Rules] = {
        LEGACY: (
            lacks("user_id", "UserID is empty"),
            lacks("user_ids", "user-list is empty"),
            (lambda request: len(request.user_ids) > _MAX_USER_IDS, "user-list is Limit Exceeded"),
        ),
        CURRENT: (lacks("user_ids", "UserIDs is empty"),),
    }

    user_id: str = field(STRING, "userID")
    user_ids: tuple[str, ...] | None = field(STRINGS, "userIDs")


@dataclass(slots=True)
class SubscribeOrCancelUsersStatusReq(_Request):
    """`/user/subscribe_users_status` and `/user/unsubscribe_users_status`: `genre` decides, not the path."""

    RULES: ClassVar[Rules] = rules(
        lacks("user_id", "UserID is empty"),
        lacks("user_ids", "subscription User-list is empty"),
        (
            lambda request: request.genre not in (SUBSCRIBE, UNSUBSCRIBE),
            "invalid subscription type parameter",
        ),
    )

    user_id: str = field(STRING, "userID")
    user_ids: tuple[str, ...] | None = field(STRINGS, "userIDs")
    genre: int = field(INT32, "genre")


@dataclass(slots=True)
class GetSubscribeUsersStatusReq(_Request):
    """`/user/get_subscribe_users_status`: the subscriber."""

    RULES: ClassVar[Rules] = rules(lacks("user_id", "UserID is empty"))

    user_id: str = field(STRING, "userID")
