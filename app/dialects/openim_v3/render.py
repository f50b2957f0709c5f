"""Render domain objects for v3's answers: one function for each shape. Empty lists are null, as in Go."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from typing import TypeVar

from ...formats import go_json
from ...formats.go_json import RawJson
from ...http.responses import NO_DATA, Answer
from ...models import Connection, Registrations, Token, User, UserAttribute, UserCommand
from .context import Context, send
from .generations import Generation

T = TypeVar("T")

_SUCCESS = '{"errCode":0,"errMsg":"","errDlt":""'


def render_success(context: Context, data: object) -> Answer:
    """Render the envelope; NO_DATA omits `data`, like upstream's messages without fields."""
    rest = "}" if data is NO_DATA else f',"data":{go_json.to_text(data)}}}'
    return send(context, go_json.to_bytes(_SUCCESS + rest))


def or_null(rows: Iterable[T]) -> list[T] | None:
    """Return a list, or None if it is empty."""
    return list(rows) or None


def token(text: str, lifetime: int) -> dict[str, object]:
    """Render an issued token and its lifetime in seconds; here `expireTimeSeconds` is a duration."""
    return {"token": text, "expireTimeSeconds": lifetime}


def parsed_token(token: Token, generation: Generation) -> dict[str, object]:
    """Render the claims of a token; here `expireTimeSeconds` is a time."""
    return {
        "userID": token.user_id,
        **generation.platform(token.platform_id),
        "expireTimeSeconds": token.exp,
    }


def user_info(user: User, generation: Generation, is_administrator: bool) -> dict[str, object]:
    """Render a profile; the generation determines an administrator's level and time."""
    administrators_level, no_level = generation.levels
    created_at, level = user.created_at, user.level or no_level
    if is_administrator:
        level = administrators_level
        if generation.administrators_time is not None:
            created_at = generation.administrators_time
    return {
        "userID": user.user_id,
        "nickname": user.nickname,
        "faceURL": user.face_url,
        "ex": user.ex,
        "createTime": created_at,
        "appMangerLevel": level,
        "globalRecvMsgOpt": user.global_recv_msg_opt,
    }


def user_ids(total: int, ids: str) -> RawJson:
    """Render a page of ids, which are a JSON array, and the number of all."""
    return RawJson(f'{{"total":{total},"userIDs":{"null" if ids == "[]" else ids}}}')


def account_check(user_ids: Sequence[str], known: Set[str], generation: Generation) -> RawJson:
    """Render which ids are registered, in the requested order."""
    yes, no = (
        go_json.members({"accountStatus": generation.account_status[is_known]}) for is_known in (True, False)
    )
    rests = [yes if user_id in known else no for user_id in user_ids]
    return RawJson(f'{{"results":{go_json.objects("userID", user_ids, rests)}}}')


def online_status(
    user_ids: Sequence[str],
    connections: Iterable[Sequence[Connection]],
    tokens: Mapping[str, Mapping[int, Sequence[str]]],
    generation: Generation,
) -> RawJson | None:
    """Render the connections of users, each with the newest of the user's `tokens` for its platform."""
    offline = go_json.members({"status": generation.online_status[False], "detailPlatformStatus": None})
    rests = [
        _online(held, tokens.get(user_id, {}), generation) if held else offline
        for user_id, held in zip(user_ids, connections, strict=True)
    ]
    return go_json.objects("userID", user_ids, rests) if rests else None


def _online(
    connections: Sequence[Connection], tokens: Mapping[int, Sequence[str]], generation: Generation
) -> str:
    details = [
        {
            **generation.platform(connection.platform_id),
            **generation.connection,
            "connID": connection.connection_id,
            "isBackground": connection.is_background,
            "token": next(iter(tokens.get(connection.platform_id, ())), ""),
        }
        for connection in connections
    ]
    return go_json.members({"status": generation.online_status[True], "detailPlatformStatus": details})


def token_detail(
    user_id: str, platform_ids: Collection[int], tokens: Mapping[int, Sequence[str]], generation: Generation
) -> dict[str, object]:
    """Render the tokens of one user for the platforms on which the user is online."""
    return {
        "userID": user_id,
        "status": generation.online_status[True],
        "singlePlatformToken": [
            {
                **generation.platform(platform_id),
                "total": len(tokens.get(platform_id, ())),
                "token": or_null(tokens.get(platform_id, ())),
            }
            for platform_id in platform_ids
        ],
    }


def status_list(user_ids: Sequence[str], connections: Iterable[Sequence[Connection]]) -> RawJson:
    """Render the platforms on which users are online, in the requested order."""
    offline = go_json.members({"status": 0, "platformIDs": None})
    rests = [_on_platforms(held) if held else offline for held in connections]
    rows = go_json.objects("userID", user_ids, rests) if rests else "null"
    return RawJson(f'{{"statusList":{rows}}}')


def _on_platforms(connections: Sequence[Connection]) -> str:
    platform_ids = dict.fromkeys(connection.platform_id for connection in connections)
    return go_json.members({"status": 1, "platformIDs": list(platform_ids)})


def command(command: UserCommand) -> dict[str, object]:
    """Render a command."""
    return {
        "type": command.type,
        "createTime": command.created_at,
        "uuid": command.uuid,
        "value": command.value,
        "ex": command.ex,
    }


def client_config(attribute: UserAttribute) -> dict[str, object]:
    """Render a setting of a user's clients."""
    return {"key": attribute.name, "userID": attribute.user_id, "value": attribute.value}


def notification_account(user: User, generation: Generation) -> dict[str, object]:
    """Render an account that sends notifications."""
    account: dict[str, object] = {
        "userID": user.user_id,
        "faceURL": user.face_url,
        "nickName": user.nickname,
    }
    if generation.names_notification_level:
        account["appMangerLevel"] = user.level
    return account


def register_count(registrations: Registrations) -> dict[str, object]:
    """Render counts of registrations; an empty `count` is null."""
    return {
        "total": registrations.total,
        "before": registrations.before,
        "count": dict(registrations.per_day) or None,
    }
