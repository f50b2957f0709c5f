"""The format of outgoing OpenIM callbacks: names, URLs, bodies and answers in each generation.

Source: open-im-server v2.3.9 pkg/call_back_struct; v3.4.0 and v3.8.3-patch pkg/callbackstruct and
pkg/common/{http,webhook}/http_client.go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...formats.schema import INT32, STRING, GoRequest, field, list_of, nullable, pointer_to
from ...models import PresenceChange, User, UserChanges, UserUpdated
from . import platforms
from .schemas import UserInfo

Body = dict[str, object]


@dataclass(slots=True)
class CommonCallbackResp(GoRequest):
    """A receiver's answer: whether to continue, and amended values."""

    GO_PACKAGE: ClassVar[str] = "callbackstruct"

    action_code: int = field(INT32, "actionCode")
    err_code: int = field(INT32, "errCode")
    err_msg: str = field(STRING, "errMsg")
    err_dlt: str = field(STRING, "errDlt")
    next_code: int = field(INT32, "nextCode")
    users: tuple[UserInfo | None, ...] | None = field(list_of(pointer_to(UserInfo)), "users")
    nickname: str | None = field(nullable(STRING), "nickName")
    face_url: str | None = field(nullable(STRING), "faceURL")
    ex: str | None = field(nullable(STRING), "ex")


@dataclass(frozen=True)
class CallbackGeneration:
    """The differences between the generations of the callbacks."""

    in_url: str
    """How the URL carries the command: after a slash, or in the parameter of this name."""
    user_in_command: str
    """The form of `User` in the commands about presence."""
    has_token: bool
    """Whether the body of afterUserOnline has a token, which Rollcall leaves empty."""
    has_operation_id: bool
    """Whether the body of an update has an operationID."""
    has_secret: bool
    """Whether the body of a registration has a secret, which Rollcall leaves empty."""
    refuses: Callable[[CommonCallbackResp], bool]
    default_code: int
    """The code of a refusal without one."""


GENERATIONS = {
    "2.3": CallbackGeneration(
        "callbackCommand", "User", True, False, False, lambda answer: answer.action_code != 0, 500
    ),
    "3.4": CallbackGeneration(
        "command",
        "User",
        False,
        True,
        False,
        lambda answer: answer.action_code != 0 or answer.err_code != 0,
        80000,
    ),
    "3.5": CallbackGeneration(
        "/",
        "User",
        False,
        False,
        True,
        lambda answer: answer.action_code != 0 or answer.next_code == 1,
        80000,
    ),
    "3.7": CallbackGeneration(
        "/",
        "AfterUser",
        False,
        False,
        False,
        lambda answer: answer.action_code == 0 and answer.next_code == 1,
        500,
    ),
}


def command(generation: CallbackGeneration, name: str) -> str:
    """Return the command of a callback by its name in the settings."""
    if name in ("afterUserOnline", "afterUserOffline", "afterUserKickOff"):
        return f"callback{generation.user_in_command}{name.removeprefix('afterUser')}Command"
    return f"callback{name[0].upper()}{name[1:]}Command"


def address(url: str, generation: CallbackGeneration, name: str) -> str:
    """Return the URL of a callback."""
    base, mark, query = url.partition("?")
    if generation.in_url == "/":
        return f"{base.rstrip('/')}/{command(generation, name)}{mark}{query}"
    return f"{url}{'&' if mark else '?'}{generation.in_url}={command(generation, name)}"


def registration(generation: CallbackGeneration, name: str, users: Sequence[User]) -> Body:
    """Render users before or after their registration."""
    body: Body = {"callbackCommand": command(generation, name)}
    if generation.has_secret:
        body["secret"] = ""
    return {**body, "users": [_user(user) for user in users]}


def _user(user: User) -> Body:
    return {
        "userID": user.user_id,
        "nickname": user.nickname,
        "faceURL": user.face_url,
        "ex": user.ex,
        "createTime": user.created_at,
        "appMangerLevel": user.level,
        "globalRecvMsgOpt": user.global_recv_msg_opt,
    }


def registered(users: Sequence[User], answer: CommonCallbackResp) -> Sequence[User]:
    """Return the users to register: those in the answer, or all given ones if it has none."""
    given = {user.user_id: user for user in users}
    amended = [
        given.get(info.user_id, User(info.user_id))._replace(
            nickname=info.nickname,
            face_url=info.face_url,
            ex=info.ex,
            level=info.app_manger_level,
            global_recv_msg_opt=info.global_recv_msg_opt,
        )
        for info in answer.users or ()
        if info is not None
    ]
    return amended or users


def update(generation: CallbackGeneration, name: str, event: UserUpdated, operation_id: str) -> Body:
    """Render an update before or after it is written."""
    body: Body = {"callbackCommand": command(generation, name)}
    if generation.has_operation_id:
        body["operationID"] = operation_id
    names = {"userID": event.user_id, "nickName": event.changes.nickname, "faceURL": event.changes.face_url}
    if event.exact:
        return {**body, **names, "ex": None}
    texts = {key: value or "" for key, value in names.items()}
    # Upstream never fills `ex`: it is null before an update and empty after it.
    return {**body, **texts, "ex": "" if name.startswith("after") else None}


def updated(event: UserUpdated, answer: CommonCallbackResp) -> UserChanges:
    """Return the changes to write: the answer's values, otherwise those that were sent."""

    def amended(answered: str | None, sent: str | None) -> str | None:
        text = sent if answered is None else answered
        # Only an exact update can empty a field.
        return text if event.exact else text or None

    changes = event.changes
    return changes._replace(
        nickname=amended(answer.nickname, changes.nickname),
        face_url=amended(answer.face_url, changes.face_url),
        ex=amended(answer.ex, changes.ex),
    )


def presence(generation: CallbackGeneration, name: str, change: PresenceChange, operation_id: str) -> Body:
    """Render a connection that came online or went offline."""
    body: Body = {
        "callbackCommand": command(generation, name),
        "operationID": operation_id,
        "platformID": change.platform_id,
        "platform": platforms.NAMES.get(change.platform_id, ""),
        "userID": change.user_id,
    }
    if generation.has_token and name == "afterUserOnline":
        body["token"] = ""
    body["seq"] = change.time
    if name == "afterUserOnline":
        body["isAppBackground"] = change.is_background
    if name != "afterUserKickOff":
        body["connID"] = change.connection_id
    return body


def presence_reset(generation: CallbackGeneration, epoch: str, number: int, operation_id: str) -> Body:
    """Render that all presence known so far is void; this callback is Rollcall's own."""
    name = command(generation, "presenceReset")
    return {"callbackCommand": name, "operationID": operation_id, "epoch": epoch, "number": number}
