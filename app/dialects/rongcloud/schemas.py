"""The requests of RongCloud's user API (docs.rongcloud.cn, platform-chat-api/user)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.dialects.rongcloud.binding import (
    USER_ID,
    Kind,
    decoded,
    json_text,
    number,
    one_of,
    over,
    parameter,
    position,
    shaped,
    text,
    user_ids,
)
from app.errors import ArgumentInvalid, ArgumentTooLong
from app.models import Page
from app.wire.message import message

MAX_TAG_BYTES = 40  # bytes
MAX_TAGS = 20
_OVER_MAX_JSON = over(32_768)


class Paged:
    """A request for a page, counted from 1."""

    __slots__ = ()
    page: int
    size: int

    def part(self) -> Page:
        """Return the page as a part of a list."""
        return Page((self.page - 1) * self.size, self.size)


def _long_name(name: str) -> bool:
    # Too long if both are exceeded: today's documents count characters, older ones counted bytes.
    return len(name) > 64 and len(name.encode()) > 128


NAME = text(_long_name)
PORTRAIT = text(over(1024))
_EVERY = 2**53


def new_id_error(user_id: str) -> str | None:
    """Return why this dialect would not register an id; None if it would.

    E-mail addresses and phone numbers are ids too, so all that can be seen is fine, but commas join lists.
    """
    if user_id.isprintable() and not set(user_id) & {" ", ","}:
        return None
    return "holds characters that are not allowed"


@message
class Nothing:
    """A call that has no parameters, or looks at none."""


@message
class OneUser:
    """A call about one user."""

    user_id: str = parameter(USER_ID, "userId")


@message
class GetToken:
    """`/user/getToken`: who, and how the user is to be shown."""

    user_id: str = parameter(USER_ID, "userId")
    name: str = parameter(NAME, "name")
    portrait_uri: str = parameter(PORTRAIT, "portraitUri", required=False)


@message
class Refresh:
    """`/user/refresh`: what is absent or empty is left as it is, as one SDK always sends all three."""

    user_id: str = parameter(USER_ID, "userId")
    name: str = parameter(NAME, "name", required=False)
    portrait_uri: str = parameter(PORTRAIT, "portraitUri", required=False)


@message
class TokenExpire:
    """`/user/token/expire`: the tokens that are issued before a time, in Unix ms."""

    user_ids: tuple[str, ...] = parameter(user_ids(20), "userId")
    time: int = parameter(number(0, _EVERY), "time")


@message
class Block:
    """`/user/block`: for up to 30 days."""

    user_ids: tuple[str, ...] = parameter(user_ids(20), "userId")
    minute: int = parameter(number(1, 43_200), "minute")


@message
class Unblock:
    """`/user/unblock`."""

    user_ids: tuple[str, ...] = parameter(user_ids(20), "userId")


@message
class BlockQuery(Paged):
    """`/user/block/query`: a page; without one, or page 0, the first thousand."""

    page: int = parameter(number(0, _EVERY, 0), "page", required=False)
    size: int = parameter(number(1, 1000, 50), "size", required=False)

    def part(self) -> Page:
        """Return the page as a part of the list."""
        return Paged.part(self) if self.page else Page(0, 1000)


@message
class ChangeBlacklist:
    """`/user/blacklist/add` and `/remove`."""

    user_id: str = parameter(USER_ID, "userId")
    others: tuple[str, ...] = parameter(user_ids(20), "blackUserId")


@message
class ChangeWhitelist:
    """`/user/whitelist/add` and `/remove`."""

    user_id: str = parameter(USER_ID, "userId")
    others: tuple[str, ...] = parameter(user_ids(20), "whiteUserId")


@message
class ListQuery:
    """`/user/blacklist/query` and `/user/whitelist/query`: the newest first, from a token on."""

    user_id: str = parameter(USER_ID, "userId")
    page_token: int | None = parameter(position(), "pageToken", required=False)
    size: int = parameter(number(1, 1000, 1000), "size", required=False)


@message
class SetWhitesetting:
    """`/user/whitesetting/set`: whether the whitelist counts."""

    user_ids: tuple[str, ...] = parameter(user_ids(20), "userId")
    white_setting: str = parameter(one_of("0", "1"), "whiteSetting")


@message
class QueryWhitesetting:
    """`/user/whitesetting/query`."""

    user_ids: tuple[str, ...] = parameter(user_ids(20), "userId")


def _tags(name: str, values: Sequence[str]) -> tuple[str, ...]:
    for value in values:
        if not value.isprintable() or not value.strip():
            raise ArgumentInvalid(f"{name} holds characters that are not allowed", name)
    return tuple(dict.fromkeys(values))


def _parts(values: Sequence[str]) -> list[str]:
    """Return tags or ids; one client sends them as JSON in a form."""
    if len(values) == 1 and values[0].lstrip().startswith("["):
        found = decoded(values[0])
        if isinstance(found, list) and all(isinstance(part, str) for part in found):
            return found
    return list(values)


_TAGS = Kind(_tags, (), _parts, MAX_TAGS, over(MAX_TAG_BYTES))


@message
class SetTag:
    """`/user/tag/set`: all tags of one user; none clears them."""

    user_id: str = parameter(USER_ID, "userId")
    tags: tuple[str, ...] = parameter(_TAGS, "tags", required=False)


@message
class SetTags:
    """`/user/tag/batch/set`: all tags of each of the users; none clears them."""

    user_ids: tuple[str, ...] = parameter(
        Kind(lambda name, values: tuple(dict.fromkeys(values)), (), _parts, 1000, USER_ID.is_too_long),
        "userIds",
    )
    tags: tuple[str, ...] = parameter(_TAGS, "tags", required=False)


@message
class GetTags:
    """`/user/tags/get`."""

    user_ids: tuple[str, ...] = parameter(user_ids(50), "userIds")


@message
class Several:
    """Calls about up to a hundred users, whose ids may be joined by commas."""

    user_ids: tuple[str, ...] = parameter(user_ids(100, joined=True), "userId")


@message
class QueryDeactivated(Paged):
    """`/user/deactivate/query`."""

    page: int = parameter(number(1, _EVERY, 1), "pageNo", required=False)
    size: int = parameter(number(1, 50, 50), "pageSize", required=False)


@message
class QueryUsers(Paged):
    """`/user/query`: in the order of registration, or backwards."""

    page: int = parameter(number(1, _EVERY, 1), "page", required=False)
    size: int = parameter(number(1, 100, 20), "pageSize", required=False)
    order: str = parameter(one_of("0", "1", default="0"), "order", required=False)


def _remarks(name: str, values: Sequence[str]) -> dict[str, str]:
    """Take pairs of id and remark; the Go SDK capitalises the keys."""
    found: dict[str, str] = {}
    for entry in json_text(list, _OVER_MAX_JSON).take(name, values):
        pair = {str(key).lower(): value for key, value in entry.items()} if isinstance(entry, dict) else {}
        user_id, remark = pair.get("id"), pair.get("remark")
        if not isinstance(user_id, str) or not user_id or not isinstance(remark, str):
            raise ArgumentInvalid(f'{name} must be like [{{"id":"","remark":""}}]', name)
        if USER_ID.is_too_long(user_id):
            raise ArgumentTooLong(f"{name} is too long", name)
        found[user_id] = remark
    if len(found) > 100:
        raise ArgumentInvalid(f"{name} has over 100 values", name)
    return found


@message
class SetRemarks:
    """`/user/remarks/set`: what a user calls up to a hundred others."""

    user_id: str = parameter(USER_ID, "userId")
    remarks: dict[str, str] = parameter(Kind(_remarks, is_too_long=_OVER_MAX_JSON), "remarks")


@message
class DeleteRemark:
    """`/user/remarks/del`."""

    user_id: str = parameter(USER_ID, "userId")
    target_id: str = parameter(USER_ID, "targetId")


@message
class GetRemarks(Paged):
    """`/user/remarks/get`."""

    user_id: str = parameter(USER_ID, "userId")
    page: int = parameter(number(1, _EVERY, 1), "page", required=False)
    size: int = parameter(number(1, 50, 50), "size", required=False)


@message
class SetChatBan:
    """`/user/chat/fb/set`: whether users may write to single users."""

    user_ids: tuple[str, ...] = parameter(user_ids(1000), "userId")
    state: str = parameter(one_of("0", "1"), "state")
    type: str = parameter(one_of("PERSON"), "type")


@message
class QueryChatBans:
    """`/user/chat/fb/querylist`."""

    num: int = parameter(number(1, 200, 100), "num", required=False)
    offset: int = parameter(number(0, _EVERY, 0), "offset", required=False)
    type: str = parameter(one_of("PERSON"), "type")


@message
class SetBlockPushPeriod:
    """`/user/blockPushPeriod/set`: from when, for how many minutes, and how much is held back."""

    user_id: str = parameter(USER_ID, "userId")
    start_time: str = parameter(shaped("([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]", "23:59:59"), "startTime")
    period: int = parameter(number(0, 1439), "period")
    level: str = parameter(one_of("1", "5", default="1"), "level", required=False)


@message
class SetProfile:
    """`/user/profile/set`: two objects in JSON, of which what is given is written anew."""

    user_id: str = parameter(USER_ID, "userId")
    profile: dict[str, Any] | None = parameter(json_text(dict, _OVER_MAX_JSON), "userProfile", required=False)
    extended: dict[str, Any] | None = parameter(
        json_text(dict, _OVER_MAX_JSON), "userExtProfile", required=False
    )


@message
class QueryProfiles(Paged):
    """`/user/profile/query`: everybody who has one."""

    page: int = parameter(number(1, _EVERY, 1), "page", required=False)
    size: int = parameter(number(1, 100, 20), "size", required=False)
    order: str = parameter(one_of("0", "1", default="0"), "order", required=False)


@message
class SetSubscription:
    """`/user/subscribe/set`: follow users' presence for some seconds, or follow them no longer."""

    user_id: str = parameter(USER_ID, "userId")
    others: tuple[str, ...] = parameter(user_ids(200, joined=True), "subUserIds")
    operation: str = parameter(one_of("0", "1"), "opType")
    expiry: int | None = parameter(number(1, 2_592_000), "expiry", required=False)
    type: str = parameter(one_of("1", default="1"), "subType", required=False)


@message
class QuerySubscriptions:
    """`/user/subscribe/query`."""

    user_id: str = parameter(USER_ID, "userId")
    page_token: int = parameter(position(0), "pageToken", required=False)
    size: int = parameter(number(50, 200, 200), "pageSize", required=False)
    type: str = parameter(one_of("1", default="1"), "subType", required=False)


@message
class OnlineStatus:
    """One object of the online-status callback."""

    user_id: str = parameter(USER_ID, "userid")
    status: str = parameter(one_of("0", "1", "2"), "status")
    os: str = parameter(text(over(64)), "os", required=False)
    time: int = parameter(number(0, 2**53), "time")
    session_id: str = parameter(text(over(64)), "sessionId", required=False)
