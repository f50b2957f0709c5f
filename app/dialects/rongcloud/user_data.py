"""RongCloud's calls about user attributes: lists of other users, tags, settings, profiles.

The users need not be registered.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ...errors import ArgumentMissing
from ...models import Page
from . import schemas
from .context import Context
from .guard import SignedRoutes
from .namespaces import (
    BLACKLIST,
    CHAT_BAN,
    CONVERSATION_TAGS,
    PROFILE,
    PUSH,
    REMARK,
    SINGLE,
    TAGS,
    WHITELIST,
    WHITESETTING,
)
from .page_tokens import next_page_token, position

routes = SignedRoutes()


def _add(
    namespace: str, context: Context, request: schemas.ChangeBlacklist | schemas.ChangeWhitelist
) -> dict[str, Any]:
    context.services.user_attributes.put(namespace, request.user_id, dict.fromkeys(request.others, ""))
    return {}


def _remove(
    namespace: str, context: Context, request: schemas.ChangeBlacklist | schemas.ChangeWhitelist
) -> dict[str, Any]:
    context.services.user_attributes.remove(namespace, [request.user_id], request.others)
    return {}


def _query(namespace: str, context: Context, request: schemas.ListQuery) -> dict[str, Any]:
    """Answer with a page, newest first, and the token of the next page."""
    attributes = context.services.user_attributes.of(
        namespace, request.user_id, position(context, request.page_token), request.size + 1
    )
    users = [attribute.name for attribute in attributes[: request.size]]
    token = next_page_token(attributes, request.size)
    return {"users": users, "next": token} if token else {"users": users}


def _only(namespace: str, context: Context, user_ids: Sequence[str]) -> dict[str, str]:
    """Return the single attribute of each user that has one, by user."""
    attributes = context.services.user_attributes.of_users(namespace, user_ids)
    return {user_id: values[SINGLE] for user_id, values in attributes.items()}


@routes.signed("/user/blacklist/add", schemas.ChangeBlacklist, "/user/blocklist/add")
def add_to_blacklist(context: Context, request: schemas.ChangeBlacklist) -> dict[str, Any]:
    """Add users to a user's blacklist."""
    return _add(BLACKLIST, context, request)


@routes.signed("/user/blacklist/remove", schemas.ChangeBlacklist, "/user/blocklist/remove")
def remove_from_blacklist(context: Context, request: schemas.ChangeBlacklist) -> dict[str, Any]:
    """Remove users from a user's blacklist."""
    return _remove(BLACKLIST, context, request)


@routes.signed("/user/blacklist/query", schemas.ListQuery, "/user/blocklist/query")
def query_blacklist(context: Context, request: schemas.ListQuery) -> dict[str, Any]:
    """Answer with a user's blacklist."""
    return _query(BLACKLIST, context, request)


@routes.signed("/user/whitelist/add", schemas.ChangeWhitelist)
def add_to_whitelist(context: Context, request: schemas.ChangeWhitelist) -> dict[str, Any]:
    """Add users to a user's whitelist."""
    return _add(WHITELIST, context, request)


@routes.signed("/user/whitelist/remove", schemas.ChangeWhitelist)
def remove_from_whitelist(context: Context, request: schemas.ChangeWhitelist) -> dict[str, Any]:
    """Remove users from a user's whitelist."""
    return _remove(WHITELIST, context, request)


@routes.signed("/user/whitelist/query", schemas.ListQuery)
def query_whitelist(context: Context, request: schemas.ListQuery) -> dict[str, Any]:
    """Answer with a user's whitelist."""
    return _query(WHITELIST, context, request)


@routes.signed("/user/whitesetting/set", schemas.SetWhitesetting)
def set_whitesetting(context: Context, request: schemas.SetWhitesetting) -> dict[str, Any]:
    """Enable or disable the whitelists of users."""
    value = {SINGLE: request.white_setting}
    context.services.user_attributes.put_all(WHITESETTING, dict.fromkeys(request.user_ids, value))
    return {}


@routes.signed("/user/whitesetting/query", schemas.QueryWhitesetting)
def query_whitesetting(context: Context, request: schemas.QueryWhitesetting) -> dict[str, Any]:
    """Answer whether the whitelists of users are enabled: "1" or "0", as text."""
    settings = _only(WHITESETTING, context, request.user_ids)
    return {
        "users": [
            {"whiteSetting": settings.get(user_id, "0"), "userId": user_id} for user_id in request.user_ids
        ]
    }


@routes.signed("/user/tag/set", schemas.SetTag)
def set_tag(context: Context, request: schemas.SetTag) -> dict[str, Any]:
    """Replace a user's tags."""
    context.services.user_attributes.put(TAGS, request.user_id, {SINGLE: json.dumps(request.tags)})
    return {}


@routes.signed("/user/tag/batch/set", schemas.SetTags)
def set_tags(context: Context, request: schemas.SetTags) -> dict[str, Any]:
    """Replace the tags of several users."""
    value = {SINGLE: json.dumps(request.tags)}
    context.services.user_attributes.put_all(TAGS, dict.fromkeys(request.user_ids, value))
    return {}


@routes.signed("/user/tags/get", schemas.GetTags)
def get_tags(context: Context, request: schemas.GetTags) -> dict[str, Any]:
    """Answer with the tags of each user."""
    tags = _only(TAGS, context, request.user_ids)
    return {"result": {user_id: json.loads(tags.get(user_id, "[]")) for user_id in request.user_ids}}


@routes.signed("/user/conversation/tag/set", schemas.SetConversationTags)
def set_conversation_tags(context: Context, request: schemas.SetConversationTags) -> dict[str, Any]:
    """Add tags for a user's conversations, or rename them."""
    context.services.user_attributes.put(CONVERSATION_TAGS, request.user_id, request.tags)
    return {}


@routes.signed("/user/conversation/tag/del", schemas.DeleteConversationTags)
def delete_conversation_tags(context: Context, request: schemas.DeleteConversationTags) -> dict[str, Any]:
    """Delete tags for a user's conversations."""
    context.services.user_attributes.remove(CONVERSATION_TAGS, [request.user_id], request.tag_ids)
    return {}


@routes.signed("/user/conversation/tag/get", schemas.OneUser, method="GET")
def get_conversation_tags(context: Context, request: schemas.OneUser) -> dict[str, Any]:
    """Answer with the tags for a user's conversations, oldest first; the parameter is in the query."""
    names = context.services.user_attributes.of_users(CONVERSATION_TAGS, [request.user_id])
    tags = [{"tagId": tag_id, "tagName": name} for tag_id, name in names.get(request.user_id, {}).items()]
    return {"data": {"userId": request.user_id, "tags": tags}}


@routes.signed("/user/remarks/set", schemas.SetRemarks)
def set_remarks(context: Context, request: schemas.SetRemarks) -> dict[str, Any]:
    """Write a user's remarks about others."""
    context.services.user_attributes.put(REMARK, request.user_id, request.remarks)
    return {}


@routes.signed("/user/remarks/del", schemas.DeleteRemark)
def delete_remark(context: Context, request: schemas.DeleteRemark) -> dict[str, Any]:
    """Delete a user's remark about another one."""
    context.services.user_attributes.remove(REMARK, [request.user_id], [request.target_id])
    return {}


@routes.signed("/user/remarks/get", schemas.GetRemarks)
def get_remarks(context: Context, request: schemas.GetRemarks) -> dict[str, Any]:
    """Answer with a page of a user's remarks, the newest first."""
    total, attributes = context.services.user_attributes.page(
        REMARK, request.part(), user_id=request.user_id, newest_first=True
    )
    rows = [{"id": attribute.name, "remark": attribute.value} for attribute in attributes]
    return {"total": total, "users": rows}


@routes.signed("/user/chat/fb/set", schemas.SetChatBan)
def set_chat_ban(context: Context, request: schemas.SetChatBan) -> dict[str, Any]:
    """Ban users from one-to-one chats, or lift the ban."""
    if request.state == "1":
        context.services.user_attributes.put_all(CHAT_BAN, dict.fromkeys(request.user_ids, {SINGLE: ""}))
    else:
        context.services.user_attributes.remove(CHAT_BAN, request.user_ids, [SINGLE])
    return {}


@routes.signed("/user/chat/fb/querylist", schemas.QueryChatBans)
def query_chat_bans(context: Context, request: schemas.QueryChatBans) -> dict[str, Any]:
    """Answer with a page of the users who are banned from one-to-one chats."""
    total, attributes = context.services.user_attributes.page(CHAT_BAN, Page(request.offset, request.num))
    return {"total": total, "users": [attribute.user_id for attribute in attributes]}


@routes.signed("/user/blockPushPeriod/set", schemas.SetBlockPushPeriod)
def set_block_push_period(context: Context, request: schemas.SetBlockPushPeriod) -> dict[str, Any]:
    """Write a user's do-not-disturb period."""
    period = {
        "startTime": request.start_time,
        "period": request.period,
        "unPushLevel": int(request.level),
    }
    context.services.user_attributes.put(PUSH, request.user_id, {SINGLE: json.dumps(period)})
    return {}


@routes.signed("/user/blockPushPeriod/get", schemas.OneUser)
def get_block_push_period(context: Context, request: schemas.OneUser) -> dict[str, Any]:
    """Answer with a user's do-not-disturb period; empty if there is none."""
    period = _only(PUSH, context, [request.user_id]).get(request.user_id, "{}")
    return {"data": json.loads(period)}


@routes.signed("/user/blockPushPeriod/delete", schemas.OneUser)
def delete_block_push_period(context: Context, request: schemas.OneUser) -> dict[str, Any]:
    """Delete a user's do-not-disturb period."""
    context.services.user_attributes.remove(PUSH, [request.user_id], [SINGLE])
    return {}


@routes.signed("/user/profile/set", schemas.SetProfile)
def set_profile(context: Context, request: schemas.SetProfile) -> dict[str, Any]:
    """Merge the given keys into a user's two profiles, and increment their version."""
    if request.profile is None and request.extended is None:
        raise ArgumentMissing("userProfile is required", "userProfile")

    def change(before: str | None) -> str:
        version, profile, extended = json.loads(before) if before else (0, {}, {})
        profile.update(request.profile or {})
        extended.update(request.extended or {})
        return json.dumps([version + 1, profile, extended], ensure_ascii=False)

    context.services.user_attributes.change(PROFILE, request.user_id, SINGLE, change)
    return {}


@routes.signed("/user/profile/clean", schemas.CleanProfiles)
def clean_profiles(context: Context, request: schemas.CleanProfiles) -> dict[str, Any]:
    """Delete the profiles of users."""
    context.services.user_attributes.remove(PROFILE, request.user_ids, [SINGLE])
    return {}


@routes.signed("/user/profile/batch/query", schemas.Several)
def query_profiles_of(context: Context, request: schemas.Several) -> dict[str, Any]:
    """Answer with the profiles of the users that have one, in the requested order."""
    profiles = _only(PROFILE, context, request.user_ids)
    return {
        "userList": [
            _profile(user_id, profiles[user_id]) for user_id in request.user_ids if user_id in profiles
        ]
    }


@routes.signed("/user/profile/query", schemas.QueryProfiles)
def query_profiles(context: Context, request: schemas.QueryProfiles) -> dict[str, Any]:
    """Answer with a page of all profiles."""
    _, attributes = context.services.user_attributes.page(
        PROFILE, request.part(), newest_first=request.order == "1"
    )
    return {"userList": [_profile(attribute.user_id, attribute.value) for attribute in attributes]}


def _profile(user_id: str, value: str) -> dict[str, Any]:
    """Render a profile: two objects, each as a string of JSON."""
    version, profile, extended = json.loads(value)
    return {
        "userId": user_id,
        "version": version,
        "userProfile": json.dumps(profile, ensure_ascii=False, separators=(",", ":")),
        "userExtProfile": json.dumps(extended, ensure_ascii=False, separators=(",", ":")),
    }
