"""The requests of RongCloud's user API (docs.rongcloud.cn, platform-chat-api/user)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from ...errors import ArgumentInvalid, ArgumentTooLong
from ...formats import forms
from ...formats.schema import field
from ...models import Page

MAX_USER_ID_BYTES = 64
MAX_TAG_BYTES = 40
MAX_TAGS = 20
_JSON_TOO_LONG = forms.longer_than(32_768)
_ID_TOO_LONG = forms.longer_than(MAX_USER_ID_BYTES)
USER_ID = forms.form_type(lambda name, values: values[0], "", is_too_long=_ID_TOO_LONG)


def user_ids(max_values: int, *, comma_separated: bool = False) -> forms.FormType:
    """Return the type of several user ids, optionally comma-separated."""
    return forms.distinct(max_values, _ID_TOO_LONG, comma_separated=comma_separated)


class Paged:
    """A request for a page, counted from 1."""

    __slots__ = ()
    page: int
    size: int

    def part(self) -> Page:
        """Return the page as a slice of a list."""
        return Page((self.page - 1) * self.size, self.size)


def _long_name(name: str) -> bool:
    # Both must be exceeded: today's documentation counts characters, older versions counted bytes.
    return len(name) > 64 and len(name.encode()) > 128


NAME = forms.text(_long_name)
PORTRAIT = forms.text(forms.longer_than(1024))
_PAGE_TOKEN = forms.text(forms.longer_than(64))
_MAX_NUMBER = 2**53


def new_id_error(user_id: str) -> str | None:
    """Return why this dialect does not register an id; None if it does.

    E-mail addresses and phone numbers serve as ids, so all visible characters are allowed except the comma,
    which separates ids.
    """
    if user_id.isprintable() and not set(user_id) & {" ", ","}:
        return None
    return "holds characters that are not allowed"


@dataclass(slots=True)
class OneUser:
    """A request about one user."""

    user_id: str = field(USER_ID, "userId")


@dataclass(slots=True)
class GetToken:
    """`/user/getToken`: a user, with name and portrait."""

    user_id: str = field(USER_ID, "userId")
    name: str = field(NAME, "name")
    portrait_uri: str = field(PORTRAIT, "portraitUri", required=False)


def check_documented(request: GetToken) -> None:
    """Check what only the vendor's page on getToken demands (seed 003). Raises ArgumentInvalid."""
    if len(request.name.encode()) > 128:
        raise ArgumentTooLong("name is too long", "name")
    if request.portrait_uri and not _is_web_address(request.portrait_uri):
        raise ArgumentInvalid("portraitUri is no http or https URI", "portraitUri")


def _is_web_address(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not set(uri) & set(' <>"')
    except ValueError:
        return False


@dataclass(slots=True)
class Refresh:
    """`/user/refresh`: absent and empty fields change nothing, as one SDK always sends all three."""

    user_id: str = field(USER_ID, "userId")
    name: str = field(NAME, "name", required=False)
    portrait_uri: str = field(PORTRAIT, "portraitUri", required=False)


@dataclass(slots=True)
class TokenExpire:
    """`/user/token/expire`: the tokens issued before a time in Unix ms."""

    user_ids: tuple[str, ...] = field(user_ids(20), "userId")
    time: int = field(forms.number(0, _MAX_NUMBER), "time")


@dataclass(slots=True)
class Block:
    """`/user/block`: for up to 30 days."""

    user_ids: tuple[str, ...] = field(user_ids(20), "userId")
    minute: int = field(forms.number(1, 43_200), "minute")


@dataclass(slots=True)
class Unblock:
    """`/user/unblock`."""

    user_ids: tuple[str, ...] = field(user_ids(20), "userId")


@dataclass(slots=True)
class BlockQuery(Paged):
    """`/user/block/query`: a page; page 0, the default, is the first thousand entries."""

    page: int = field(forms.number(0, _MAX_NUMBER, 0), "page", required=False)
    size: int = field(forms.number(1, 1000, 50), "size", required=False)

    def part(self) -> Page:
        """Return the page as a slice of the list."""
        return Paged.part(self) if self.page else Page(0, 1000)


@dataclass(slots=True)
class ChangeBlacklist:
    """`/user/blacklist/add` and `/remove`."""

    user_id: str = field(USER_ID, "userId")
    others: tuple[str, ...] = field(user_ids(20), "blackUserId")


@dataclass(slots=True)
class ChangeWhitelist:
    """`/user/whitelist/add` and `/remove`."""

    user_id: str = field(USER_ID, "userId")
    others: tuple[str, ...] = field(user_ids(20), "whiteUserId")


@dataclass(slots=True)
class ListQuery:
    """`/user/blacklist/query` and `/user/whitelist/query`: newest first, after a page token."""

    user_id: str = field(USER_ID, "userId")
    page_token: str = field(_PAGE_TOKEN, "pageToken", required=False)
    size: int = field(forms.number(1, 1000, 1000), "size", required=False)


@dataclass(slots=True)
class SetWhitesetting:
    """`/user/whitesetting/set`: whether the whitelist is enabled."""

    user_ids: tuple[str, ...] = field(user_ids(20), "userId")
    white_setting: str = field(forms.choice("0", "1"), "whiteSetting")


@dataclass(slots=True)
class QueryWhitesetting:
    """`/user/whitesetting/query`."""

    user_ids: tuple[str, ...] = field(user_ids(20), "userId")


def _tags(name: str, values: Sequence[str]) -> tuple[str, ...]:
    for value in values:
        if not value.isprintable() or not value.strip():
            raise ArgumentInvalid(f"{name} holds characters that are not allowed", name)
    return tuple(dict.fromkeys(values))


def _parts(values: Sequence[str]) -> list[str]:
    """Split tags or ids; one client sends them as JSON within a form."""
    if len(values) == 1 and values[0].lstrip().startswith("["):
        found = forms.decode_json(values[0])
        if isinstance(found, list) and all(isinstance(part, str) for part in found):
            return found
    return list(values)


_TAGS = replace(
    forms.form_type(_tags, (), _parts, MAX_TAGS, forms.longer_than(MAX_TAG_BYTES)), may_be_empty=True
)


@dataclass(slots=True)
class SetTag:
    """`/user/tag/set`: all tags of one user; an empty list clears them."""

    user_id: str = field(USER_ID, "userId")
    tags: tuple[str, ...] = field(_TAGS, "tags")


@dataclass(slots=True)
class SetTags:
    """`/user/tag/batch/set`: all tags of each of the users; an empty list clears them."""

    user_ids: tuple[str, ...] = field(
        forms.form_type(lambda name, values: tuple(dict.fromkeys(values)), (), _parts, 1000, _ID_TOO_LONG),
        "userIds",
    )
    tags: tuple[str, ...] = field(_TAGS, "tags")


@dataclass(slots=True)
class GetTags:
    """`/user/tags/get`."""

    user_ids: tuple[str, ...] = field(user_ids(50), "userIds")


@dataclass(slots=True)
class Several:
    """A request about up to a hundred users, whose ids may be comma-separated."""

    user_ids: tuple[str, ...] = field(user_ids(100, comma_separated=True), "userId")


@dataclass(slots=True)
class CleanProfiles:
    """`/user/profile/clean`: up to 20 users, whose ids may be comma-separated."""

    user_ids: tuple[str, ...] = field(user_ids(20, comma_separated=True), "userId")


@dataclass(slots=True)
class QueryDeactivated(Paged):
    """`/user/deactivate/query`."""

    page: int = field(forms.number(1, _MAX_NUMBER, 1), "pageNo", required=False)
    size: int = field(forms.number(1, 50, 50), "pageSize", required=False)


@dataclass(slots=True)
class QueryUsers(Paged):
    """`/user/query`: in the order of registration, or backwards."""

    page: int = field(forms.number(1, _MAX_NUMBER, 1), "page", required=False)
    size: int = field(forms.number(1, 100, 20), "pageSize", required=False)
    order: str = field(forms.choice("0", "1", default="0"), "order", required=False)


def _remarks(name: str, values: Sequence[str]) -> dict[str, str]:
    """Decode pairs of id and remark; the Go SDK capitalises the keys."""
    found: dict[str, str] = {}
    for entry in forms.json_value(list, name, values[0]):
        pair = {str(key).lower(): value for key, value in entry.items()} if isinstance(entry, dict) else {}
        user_id, remark = pair.get("id"), pair.get("remark")
        if not isinstance(user_id, str) or not user_id or not isinstance(remark, str):
            raise ArgumentInvalid(f'{name} must be like [{{"id":"","remark":""}}]', name)
        if _ID_TOO_LONG(user_id):
            raise ArgumentTooLong(f"{name} is too long", name)
        found[user_id] = remark
    if len(found) > 100:
        raise ArgumentInvalid(f"{name} has over 100 values", name)
    return found


@dataclass(slots=True)
class SetRemarks:
    """`/user/remarks/set`: a user's remarks about up to a hundred others."""

    user_id: str = field(USER_ID, "userId")
    remarks: dict[str, str] = field(forms.form_type(_remarks, is_too_long=_JSON_TOO_LONG), "remarks")


@dataclass(slots=True)
class DeleteRemark:
    """`/user/remarks/del`."""

    user_id: str = field(USER_ID, "userId")
    target_id: str = field(USER_ID, "targetId")


@dataclass(slots=True)
class GetRemarks(Paged):
    """`/user/remarks/get`."""

    user_id: str = field(USER_ID, "userId")
    page: int = field(forms.number(1, _MAX_NUMBER, 1), "page", required=False)
    size: int = field(forms.number(1, 50, 50), "size", required=False)


def _conversation_tags(name: str, values: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for value in values:
        tag = forms.json_value(dict, name, value)
        tag_id, tag_name = tag.get("tagId"), tag.get("tagName")
        if not (
            isinstance(tag_id, str) and isinstance(tag_name, str) and tag_id.strip() and tag_name.strip()
        ):
            raise ArgumentInvalid(f'{name} must be like [{{"tagId":"","tagName":""}}]', name)
        if _ID_TOO_LONG(tag_id) or _ID_TOO_LONG(tag_name):
            raise ArgumentTooLong(f"{name} is too long", name)
        found[tag_id] = tag_name
    return found


@dataclass(slots=True)
class SetConversationTags:
    """`/user/conversation/tag/set`: names by id of tags that a user gives to conversations."""

    user_id: str = field(USER_ID, "userId")
    tags: dict[str, str] = field(
        replace(forms.form_type(_conversation_tags, max_values=MAX_TAGS), takes_objects=True), "tags"
    )


@dataclass(slots=True)
class DeleteConversationTags:
    """`/user/conversation/tag/del`."""

    user_id: str = field(USER_ID, "userId")
    tag_ids: tuple[str, ...] = field(user_ids(MAX_TAGS), "tagIds")


@dataclass(slots=True)
class SetChatBan:
    """`/user/chat/fb/set`: whether users are banned from one-to-one chats."""

    user_ids: tuple[str, ...] = field(user_ids(1000), "userId")
    state: str = field(forms.choice("0", "1"), "state")
    type: str = field(forms.choice("PERSON"), "type")


@dataclass(slots=True)
class QueryChatBans:
    """`/user/chat/fb/querylist`."""

    num: int = field(forms.number(1, 200, 100), "num", required=False)
    offset: int = field(forms.number(0, _MAX_NUMBER, 0), "offset", required=False)
    type: str = field(forms.choice("PERSON"), "type")


@dataclass(slots=True)
class SetBlockPushPeriod:
    """`/user/blockPushPeriod/set`: a start, a number of minutes, and a level."""

    user_id: str = field(USER_ID, "userId")
    start_time: str = field(
        forms.matching("([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]", "23:59:59"), "startTime"
    )
    period: int = field(forms.number(0, 1439), "period")
    level: str = field(forms.choice("1", "5", default="1"), "level", required=False)


_PREFIX = "ext_"


def _custom_fields(name: str, values: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = forms.json_value(dict, name, values[0])
    if not all(key.startswith(_PREFIX) for key in found):
        raise ArgumentInvalid(f"{name} has keys that do not begin with {_PREFIX}", name)
    return found


@dataclass(slots=True)
class SetProfile:
    """`/user/profile/set`: two objects in JSON, merged into the stored ones."""

    user_id: str = field(USER_ID, "userId")
    profile: dict[str, Any] | None = field(
        forms.json_text(dict, _JSON_TOO_LONG), "userProfile", required=False
    )
    extended: dict[str, Any] | None = field(
        forms.form_type(_custom_fields, is_too_long=_JSON_TOO_LONG), "userExtProfile", required=False
    )


@dataclass(slots=True)
class QueryProfiles(Paged):
    """`/user/profile/query`: a page of all profiles; 0 stands for the default, as one SDK sends it."""

    page: int = field(forms.number(0, _MAX_NUMBER, 0), "page", required=False)
    size: int = field(forms.number(0, 100, 0), "size", required=False)
    order: str = field(forms.choice("0", "1", default="0"), "order", required=False)

    def part(self) -> Page:
        """Return the page as a slice of the list."""
        size = self.size or 20
        return Page((max(self.page, 1) - 1) * size, size)


@dataclass(slots=True)
class SetSubscription:
    """`/user/subscribe/set`: subscribe to users' presence for some seconds, or unsubscribe."""

    user_id: str = field(USER_ID, "userId")
    others: tuple[str, ...] = field(user_ids(200, comma_separated=True), "subUserIds")
    operation: str = field(forms.choice("0", "1"), "opType")
    expiry: int | None = field(forms.number(1, 2_592_000), "expiry", required=False)
    type: str = field(forms.choice("1", default="1"), "subType", required=False)


@dataclass(slots=True)
class QuerySubscriptions:
    """`/user/subscribe/query`."""

    user_id: str = field(USER_ID, "userId")
    page_token: str = field(_PAGE_TOKEN, "pageToken", required=False)
    size: int = field(forms.number(50, 200, 200), "pageSize", required=False)
    type: str = field(forms.choice("1", default="1"), "subType", required=False)


@dataclass(slots=True)
class OnlineStatus:
    """One object of the online-status callback."""

    user_id: str = field(USER_ID, "userid")
    status: str = field(forms.choice("0", "1", "2"), "status")
    os: str = field(forms.text(forms.longer_than(64)), "os", required=False)
    time: int = field(forms.number(0, _MAX_NUMBER), "time")
    session_id: str = field(forms.text(forms.longer_than(64)), "sessionId", required=False)


@dataclass(slots=True)
class OnlineStatuses:
    """`/callback/onlinestatus`: an array of objects."""

    statuses: tuple[OnlineStatus, ...]
