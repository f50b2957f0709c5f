"""Domain to wire: one function for each shape that v2 answers with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set

from flask import Response

from app.dialects.openim_v2 import birth_date, platforms
from app.dialects.openim_v2.context import Context
from app.models import Connection, Token, User
from app.wire import go_json, responses
from app.wire.go_json import RawJson

ONLINE, OFFLINE = "online", "offline"
#: The appMangerLevel of an administrator, and of anybody else who was registered without one.
_ADMINISTRATOR, _ORDINARY = 2, 1

_SUCCESS = '{"errCode":0,"errMsg":""'

#: What a view returns whose answer has no `data`.
NO_DATA = object()


class TopLevel(dict[str, object]):
    """What a view returns whose answer stands beside errCode and errMsg, not under `data`."""


def render_success(context: Context, data: object) -> Response:
    """Render the envelope."""
    if isinstance(data, TopLevel):
        rest = "," + go_json.members(data)
    else:
        rest = "}" if data is NO_DATA else f',"data":{go_json.text(data)}}}'
    return responses.json_answer(go_json.encoded(_SUCCESS + rest))


def user_token(token: Token, text: str) -> dict[str, object]:
    """Render an issued token; `expiredTime` is its end in Unix seconds, not a duration."""
    return {"userID": token.user_id, "token": text, "expiredTime": token.exp}


def no_token(user_id: str) -> dict[str, object]:
    """Render what stands in the place of a token that was not issued."""
    return {"userID": user_id, "token": "", "expiredTime": 0}


def token_end(token: Token) -> dict[str, object]:
    """Render when a token ends, in Unix seconds as far as 32 bits go; the capital letter is upstream's."""
    return {"ExpireTimeSeconds": token.exp % 2**32}


def _given(fields: Mapping[str, object]) -> dict[str, object]:
    """Leave out what is empty or 0, and sort, as upstream's way from protobuf over a map does."""
    return {key: fields[key] for key in sorted(fields) if fields[key]}


def public_user_info(user: User) -> dict[str, object]:
    """Render what anybody may know of a user."""
    return _given(
        {
            "userID": user.user_id,
            "nickname": user.nickname,
            "faceURL": user.face_url,
            "gender": user.gender,
            "ex": user.ex,
        }
    )


def user_info(user: User, is_administrator: bool) -> dict[str, object]:
    """Render a whole profile; upstream never fills in `createTime` here."""
    return _given(
        {
            **public_user_info(user),
            "phoneNumber": user.phone_number,
            "birth": _birth(user),
            "birthStr": birth_date.text(user.birth),
            "email": user.email,
            "appMangerLevel": level(user, is_administrator),
            "globalRecvMsgOpt": user.global_recv_msg_opt,
        }
    )


def cms_user(user: User, is_administrator: bool, is_blocked: bool) -> dict[str, object]:
    """Render a profile as get_users does, which leaves nothing out; logins are not kept."""
    return {
        "userID": user.user_id,
        "nickname": user.nickname,
        "faceURL": user.face_url,
        "gender": user.gender,
        "phoneNumber": user.phone_number,
        "birth": _birth(user),
        "email": user.email,
        "ex": user.ex,
        "createIp": "",
        "createTime": user.created_at // 1000,
        "LastLoginIp": "",
        "LastLoginTime": 0,
        "appMangerLevel": level(user, is_administrator),
        "globalRecvMsgOpt": user.global_recv_msg_opt,
        "isBlock": is_blocked,
    }


def _birth(user: User) -> int:
    """Return a birth in Unix seconds if upstream's 32 bits hold it, 0 if there is none or they do not."""
    return user.birth if 0 <= user.birth < 2**32 else 0


def level(user: User, is_administrator: bool) -> int:
    """Return a user's appMangerLevel."""
    return _ADMINISTRATOR if is_administrator else user.level or _ORDINARY


def user_list(users: list[dict[str, object]], total: int, page: int, size: int) -> dict[str, object]:
    """Render a page of users; no user at all is null."""
    return {"userList": users or None, "totalNum": total, "currentPage": page, "showNumber": size}


_REGISTERED = go_json.members({"accountStatus": "registered"})
_UNREGISTERED = go_json.members({"accountStatus": "unregistered"})
_OFFLINE = go_json.members({"status": OFFLINE})


def account_check(user_ids: Sequence[str], known: Set[str]) -> RawJson:
    """Render which ids are registered; an empty one has no key, as upstream's struct omits it."""
    rests = [_REGISTERED if user_id in known else _UNREGISTERED for user_id in user_ids]
    return go_json.rows("userID", user_ids, rests, omit_empty=True)


def online_status(user_ids: Sequence[str], connections: Iterable[Iterable[Connection]]) -> RawJson:
    """Render the status of users; one who is offline has no details."""
    rests = [_online(held) if held else _OFFLINE for held in connections]
    return go_json.rows("userID", user_ids, rests, omit_empty=True)


def _online(connections: Iterable[Connection]) -> str:
    details: dict[int, dict[str, object]] = {}
    for connection in connections:
        details.setdefault(connection.platform_id, _detail(connection))
    return go_json.members({"status": ONLINE, "detailPlatformStatus": list(details.values())})


def _detail(connection: Connection) -> dict[str, object]:
    """Render a platform by its first connection; upstream's struct omits whatever is empty."""
    detail: dict[str, object] = {
        "platform": platforms.NAMES.get(connection.platform_id, ""),
        "status": ONLINE,
        "connID": connection.connection_id,
        "isBackground": connection.is_background,
    }
    return {key: value for key, value in detail.items() if value}
