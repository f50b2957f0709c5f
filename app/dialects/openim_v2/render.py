"""Render domain objects for v2's answers: one function for each shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set

from ...formats import go_json
from ...formats.go_json import RawJson
from ...http.dialect import RequestContext
from ...http.responses import JSON, NO_DATA, Answer
from ...models import Connection, Token, User
from . import birth_date
from .tokens import PLATFORMS

ONLINE, OFFLINE = "online", "offline"
#: The appMangerLevel of an administrator, and of a user who was registered without one.
_ADMINISTRATOR, _ORDINARY = 2, 1

_SUCCESS = '{"errCode":0,"errMsg":""'


class TopLevel(dict[str, object]):
    """Members next to errCode and errMsg, in place of `data`."""


def render_success(context: RequestContext, data: object) -> Answer:
    """Render the envelope; NO_DATA omits `data`."""
    if isinstance(data, TopLevel):
        rest = "," + go_json.members(data)
    else:
        rest = "}" if data is NO_DATA else f',"data":{go_json.to_text(data)}}}'
    return Answer(go_json.to_bytes(_SUCCESS + rest), 200, JSON)


def user_token(token: Token, text: str) -> dict[str, object]:
    """Render an issued token; `expiredTime` is when it expires, in Unix seconds."""
    return {"userID": token.user_id, "token": text, "expiredTime": token.exp}


def no_token(user_id: str) -> dict[str, object]:
    """Render the answer of a call that issued no token."""
    return {"userID": user_id, "token": "", "expiredTime": 0}


def token_expiry(token: Token) -> dict[str, object]:
    """Render when a token expires, in Unix seconds modulo 2^32; the capital letter is upstream's."""
    return {"ExpireTimeSeconds": token.exp % 2**32}


def _non_empty(fields: Mapping[str, object]) -> dict[str, object]:
    """Return the non-empty fields, sorted, like upstream's conversion from protobuf to a map."""
    return {key: fields[key] for key in sorted(fields) if fields[key]}


def public_user_info(user: User) -> dict[str, object]:
    """Render the public part of a profile."""
    return _non_empty(
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
    return _non_empty(
        {
            **public_user_info(user),
            "phoneNumber": user.phone_number,
            "birth": _birth(user),
            "birthStr": birth_date.render(user.birth),
            "email": user.email,
            "appMangerLevel": level(user, is_administrator),
            "globalRecvMsgOpt": user.global_recv_msg_opt,
        }
    )


def cms_user(user: User, is_administrator: bool, is_blocked: bool) -> dict[str, object]:
    """Render a profile for get_users, including empty fields; logins are not recorded."""
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
    """Return a birth in Unix seconds; 0 if there is none or it does not fit upstream's 32 bits."""
    return user.birth if 0 <= user.birth < 2**32 else 0


def level(user: User, is_administrator: bool) -> int:
    """Return a user's appMangerLevel."""
    return _ADMINISTRATOR if is_administrator else user.level or _ORDINARY


def user_list(users: list[dict[str, object]], total: int, page: int, size: int) -> dict[str, object]:
    """Render a page of users; an empty one is null."""
    return {"userList": users or None, "totalNum": total, "currentPage": page, "showNumber": size}


_REGISTERED = go_json.members({"accountStatus": "registered"})
_UNREGISTERED = go_json.members({"accountStatus": "unregistered"})
_OFFLINE = go_json.members({"status": OFFLINE})


def account_check(user_ids: Sequence[str], known: Set[str]) -> RawJson:
    """Render which ids are registered; for an empty id `userID` is omitted, as upstream does."""
    rests = [_REGISTERED if user_id in known else _UNREGISTERED for user_id in user_ids]
    return go_json.objects("userID", user_ids, rests, omit_empty=True)


def online_status(user_ids: Sequence[str], connections: Iterable[Iterable[Connection]]) -> RawJson:
    """Render the status of users; offline users have no details."""
    rests = [_online(held) if held else _OFFLINE for held in connections]
    return go_json.objects("userID", user_ids, rests, omit_empty=True)


def _online(connections: Iterable[Connection]) -> str:
    details: dict[int, dict[str, object]] = {}
    for connection in connections:
        details.setdefault(connection.platform_id, _detail(connection))
    return go_json.members({"status": ONLINE, "detailPlatformStatus": list(details.values())})


def _detail(connection: Connection) -> dict[str, object]:
    """Render a platform by its first connection; upstream's struct omits empty fields."""
    detail: dict[str, object] = {
        "platform": PLATFORMS.get(connection.platform_id, ""),
        "status": ONLINE,
        "connID": connection.connection_id,
        "isBackground": connection.is_background,
    }
    return {key: value for key, value in detail.items() if value}
