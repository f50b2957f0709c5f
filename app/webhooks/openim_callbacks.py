"""OpenIM's callbacks: what their generations are called, where they go, what is in them and in their answers.

Source: open-im-server v2.3.9 pkg/call_back_struct; v3.4.0 and v3.8.3-patch pkg/callbackstruct and
pkg/common/{http,webhook}/http_client.go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from app.models import PresenceChange, User, UserChanges, UserUpdated
from app.wire.schema import INT32, INT64, STRING, field, list_of, nullable, pointer_to

Body = dict[str, object]

PLATFORM_NAMES = {
    1: "IOS",
    2: "Android",
    3: "Windows",
    4: "OSX",
    5: "Web",
    6: "MiniWeb",
    7: "Linux",
    8: "APad",
    9: "IPad",
    10: "Admin",
    11: "HarmonyOS",
}


@dataclass(frozen=True, slots=True)
class AnsweredUser:
    """A user in an answer."""

    GO_TYPE: ClassVar[str] = "sdkws.UserInfo"

    user_id: str = field(STRING, "userID")
    nickname: str = field(STRING, "nickname")
    face_url: str = field(STRING, "faceURL")
    ex: str = field(STRING, "ex")
    create_time: int = field(INT64, "createTime")
    app_manger_level: int = field(INT32, "appMangerLevel")
    global_recv_msg_opt: int = field(INT32, "globalRecvMsgOpt")


@dataclass(frozen=True, slots=True)
class CallbackAnswer:
    """What a receiver says: whether to go on, and what is to be different."""

    GO_TYPE: ClassVar[str] = "callbackstruct.CommonCallbackResp"

    action_code: int = field(INT32, "actionCode")
    err_code: int = field(INT32, "errCode")
    err_msg: str = field(STRING, "errMsg")
    err_dlt: str = field(STRING, "errDlt")
    next_code: int = field(INT32, "nextCode")
    users: tuple[AnsweredUser | None, ...] | None = field(list_of(pointer_to(AnsweredUser)), "users")
    nickname: str | None = field(nullable(STRING), "nickName")
    face_url: str | None = field(nullable(STRING), "faceURL")
    ex: str | None = field(nullable(STRING), "ex")


@dataclass(frozen=True)
class Generation:
    """What one generation of the callbacks does in its own way."""

    in_url: str
    """What stands between the address and the command: a slash, or a parameter."""
    user_in_command: str
    """How the commands about presence spell the user."""
    has_token: bool
    """Whether a user who comes online is told with a token; ours is always empty."""
    has_operation_id: bool
    """Whether the body of an update has one."""
    has_secret: bool
    """Whether the body of a registration has one; ours is always empty."""
    refuses: Callable[[CallbackAnswer], bool]
    code_of_nothing: int
    """What a refusal without a code of its own is."""


GENERATIONS = {
    "2.3": Generation(
        "callbackCommand", "User", True, False, False, lambda answer: answer.action_code != 0, 500
    ),
    "3.4": Generation(
        "command",
        "User",
        False,
        True,
        False,
        lambda answer: answer.action_code != 0 or answer.err_code != 0,
        80000,
    ),
    "3.5": Generation(
        "/",
        "User",
        False,
        False,
        True,
        lambda answer: answer.action_code != 0 or answer.next_code == 1,
        80000,
    ),
    "3.7": Generation(
        "/",
        "AfterUser",
        False,
        False,
        False,
        lambda answer: answer.action_code == 0 and answer.next_code == 1,
        500,
    ),
}


def command(generation: Generation, name: str) -> str:
    """Return the command of a callback by its name in the settings."""
    if name in ("afterUserOnline", "afterUserOffline", "afterUserKickOff"):
        return f"callback{generation.user_in_command}{name.removeprefix('afterUser')}Command"
    return f"callback{name[0].upper()}{name[1:]}Command"


def address(url: str, generation: Generation, name: str) -> str:
    """Return where a callback goes."""
    base, mark, query = url.partition("?")
    if generation.in_url == "/":
        return f"{base.rstrip('/')}/{command(generation, name)}{mark}{query}"
    return f"{url}{'&' if mark else '?'}{generation.in_url}={command(generation, name)}"


def registration(generation: Generation, name: str, users: Sequence[User]) -> Body:
    """Render users who are, or were, registered."""
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


def registered(users: Sequence[User], answer: CallbackAnswer) -> Sequence[User]:
    """Return the users to register after an answer: those that it has, if any, in the place of all."""
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


def update(generation: Generation, name: str, event: UserUpdated, operation_id: str) -> Body:
    """Render a profile that is, or was, written anew."""
    body: Body = {"callbackCommand": command(generation, name)}
    if generation.has_operation_id:
        body["operationID"] = operation_id
    names = {"userID": event.user_id, "nickName": event.changes.nickname, "faceURL": event.changes.face_url}
    if event.exact:
        return {**body, **names, "ex": None}
    texts = {key: value or "" for key, value in names.items()}
    # Upstream never fills it, and spells that in two ways.
    return {**body, **texts, "ex": "" if name.startswith("after") else None}


def updated(event: UserUpdated, answer: CallbackAnswer) -> UserChanges:
    """Return the changes to write after an answer: what it has instead of what was sent."""

    def instead(said: str | None, sent: str | None) -> str | None:
        text = sent if said is None else said
        # Only an exact update empties anything, whoever says so.
        return text if event.exact else text or None

    changes = event.changes
    return changes._replace(
        nickname=instead(answer.nickname, changes.nickname),
        face_url=instead(answer.face_url, changes.face_url),
        ex=instead(answer.ex, changes.ex),
    )


def presence(generation: Generation, name: str, change: PresenceChange, operation_id: str) -> Body:
    """Render a connection that came or went."""
    body: Body = {
        "callbackCommand": command(generation, name),
        "operationID": operation_id,
        "platformID": change.platform_id,
        "platform": PLATFORM_NAMES.get(change.platform_id, ""),
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


def presence_reset(generation: Generation, epoch: str, number: int, operation_id: str) -> Body:
    """Render that everybody is offline and numbers begin anew; upstream has no such callback."""
    name = command(generation, "presenceReset")
    return {"callbackCommand": name, "operationID": operation_id, "epoch": epoch, "number": number}
