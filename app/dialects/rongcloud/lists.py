"""RongCloud's calls about what is kept with users: lists of others, tags, settings, profiles.

Nobody in them need be registered.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from app.dialects.rongcloud import schemas
from app.dialects.rongcloud.binding import next_page_token
from app.dialects.rongcloud.call import Call
from app.dialects.rongcloud.routes import RongCloudRoutes
from app.errors import ArgumentMissing

routes = RongCloudRoutes()

# The kinds of notes. The name of one that a user has once is empty.
BLACKLIST, WHITELIST, WHITESETTING = "blacklist", "whitelist", "whitesetting"
TAGS, REMARK, CHAT_BAN, PUSH, PROFILE = "tags", "remark", "chat ban", "block push period", "profile"
ONLY = ""


def _add(kind: str, call: Call, request: schemas.ChangeBlacklist | schemas.ChangeWhitelist) -> dict[str, Any]:
    call.services.notes.put(kind, request.user_id, dict.fromkeys(request.others, ""))
    return {}


def _remove(
    kind: str, call: Call, request: schemas.ChangeBlacklist | schemas.ChangeWhitelist
) -> dict[str, Any]:
    call.services.notes.remove(kind, [request.user_id], request.others)
    return {}


def _query(kind: str, call: Call, request: schemas.ListQuery) -> dict[str, Any]:
    """Answer with the newest first, and with where to go on if there is more."""
    notes = call.services.notes.of(kind, request.user_id, request.page_token, request.size + 1)
    users = [note.name for note in notes[: request.size]]
    token = next_page_token(notes, request.size)
    return {"users": users, "next": token} if token else {"users": users}


def _only(kind: str, call: Call, user_ids: Sequence[str]) -> dict[str, str]:
    """Return the one note of a kind that each user has, by user; without those who have none."""
    notes = call.services.notes.of_users(kind, user_ids)
    return {user_id: values[ONLY] for user_id, values in notes.items()}


@routes.post("/user/blacklist/add", schemas.ChangeBlacklist, "/user/blocklist/add")
def add_to_blacklist(call: Call, request: schemas.ChangeBlacklist) -> dict[str, Any]:
    """Put others on a user's blacklist."""
    return _add(BLACKLIST, call, request)


@routes.post("/user/blacklist/remove", schemas.ChangeBlacklist, "/user/blocklist/remove")
def remove_from_blacklist(call: Call, request: schemas.ChangeBlacklist) -> dict[str, Any]:
    """Take others off a user's blacklist."""
    return _remove(BLACKLIST, call, request)


@routes.post("/user/blacklist/query", schemas.ListQuery, "/user/blocklist/query")
def query_blacklist(call: Call, request: schemas.ListQuery) -> dict[str, Any]:
    """Answer with a user's blacklist."""
    return _query(BLACKLIST, call, request)


@routes.post("/user/whitelist/add", schemas.ChangeWhitelist)
def add_to_whitelist(call: Call, request: schemas.ChangeWhitelist) -> dict[str, Any]:
    """Put others on a user's whitelist."""
    return _add(WHITELIST, call, request)


@routes.post("/user/whitelist/remove", schemas.ChangeWhitelist)
def remove_from_whitelist(call: Call, request: schemas.ChangeWhitelist) -> dict[str, Any]:
    """Take others off a user's whitelist."""
    return _remove(WHITELIST, call, request)


@routes.post("/user/whitelist/query", schemas.ListQuery)
def query_whitelist(call: Call, request: schemas.ListQuery) -> dict[str, Any]:
    """Answer with a user's whitelist."""
    return _query(WHITELIST, call, request)


@routes.post("/user/whitesetting/set", schemas.SetWhitesetting)
def set_whitesetting(call: Call, request: schemas.SetWhitesetting) -> dict[str, Any]:
    """Write whether the whitelists of users count."""
    value = {ONLY: request.white_setting}
    call.services.notes.put_all(WHITESETTING, dict.fromkeys(request.user_ids, value))
    return {}


@routes.post("/user/whitesetting/query", schemas.QueryWhitesetting)
def query_whitesetting(call: Call, request: schemas.QueryWhitesetting) -> dict[str, Any]:
    """Answer whether the whitelists of users count: "1" or "0", in quotes."""
    settings = _only(WHITESETTING, call, request.user_ids)
    return {
        "users": [
            {"whiteSetting": settings.get(user_id, "0"), "userId": user_id} for user_id in request.user_ids
        ]
    }


@routes.post("/user/tag/set", schemas.SetTag)
def set_tag(call: Call, request: schemas.SetTag) -> dict[str, Any]:
    """Write a user's tags anew."""
    call.services.notes.put(TAGS, request.user_id, {ONLY: json.dumps(request.tags)})
    return {}


@routes.post("/user/tag/batch/set", schemas.SetTags)
def set_tags(call: Call, request: schemas.SetTags) -> dict[str, Any]:
    """Write the tags of several users anew."""
    value = {ONLY: json.dumps(request.tags)}
    call.services.notes.put_all(TAGS, dict.fromkeys(request.user_ids, value))
    return {}


@routes.post("/user/tags/get", schemas.GetTags)
def get_tags(call: Call, request: schemas.GetTags) -> dict[str, Any]:
    """Answer with the tags of each user; none is an empty list."""
    tags = _only(TAGS, call, request.user_ids)
    return {"result": {user_id: json.loads(tags.get(user_id, "[]")) for user_id in request.user_ids}}


@routes.post("/user/remarks/set", schemas.SetRemarks)
def set_remarks(call: Call, request: schemas.SetRemarks) -> dict[str, Any]:
    """Write what a user calls others."""
    call.services.notes.put(REMARK, request.user_id, request.remarks)
    return {}


@routes.post("/user/remarks/del", schemas.DeleteRemark)
def delete_remark(call: Call, request: schemas.DeleteRemark) -> dict[str, Any]:
    """Forget what a user calls another one."""
    call.services.notes.remove(REMARK, [request.user_id], [request.target_id])
    return {}


@routes.post("/user/remarks/get", schemas.GetRemarks)
def get_remarks(call: Call, request: schemas.GetRemarks) -> dict[str, Any]:
    """Answer with a page of what a user calls others, the newest first."""
    notes = call.services.notes.of(REMARK, request.user_id)
    start, size = request.part()
    rows = [{"id": note.name, "remark": note.value} for note in notes[start : start + size]]
    return {"total": len(notes), "users": rows}


@routes.post("/user/chat/fb/set", schemas.SetChatBan)
def set_chat_ban(call: Call, request: schemas.SetChatBan) -> dict[str, Any]:
    """Write who may not write to single users."""
    if request.state == "1":
        call.services.notes.put_all(CHAT_BAN, dict.fromkeys(request.user_ids, {ONLY: ""}))
    else:
        call.services.notes.remove(CHAT_BAN, request.user_ids, [ONLY])
    return {}


@routes.post("/user/chat/fb/querylist", schemas.QueryChatBans)
def query_chat_bans(call: Call, request: schemas.QueryChatBans) -> dict[str, Any]:
    """Answer with a part of those who may not write to single users."""
    total, notes = call.services.notes.page(CHAT_BAN, request.offset, request.num)
    return {"total": total, "users": [note.user_id for note in notes]}


@routes.post("/user/blockPushPeriod/set", schemas.SetBlockPushPeriod)
def set_block_push_period(call: Call, request: schemas.SetBlockPushPeriod) -> dict[str, Any]:
    """Write when a user is not to be disturbed."""
    period = {
        "startTime": request.start_time,
        "period": request.period,
        "unPushLevel": int(request.level),
    }
    call.services.notes.put(PUSH, request.user_id, {ONLY: json.dumps(period)})
    return {}


@routes.post("/user/blockPushPeriod/get", schemas.OneUser)
def get_block_push_period(call: Call, request: schemas.OneUser) -> dict[str, Any]:
    """Answer when a user is not to be disturbed; nothing of it if that was not said."""
    period = _only(PUSH, call, [request.user_id]).get(request.user_id, "{}")
    return {"data": json.loads(period)}


@routes.post("/user/blockPushPeriod/delete", schemas.OneUser)
def delete_block_push_period(call: Call, request: schemas.OneUser) -> dict[str, Any]:
    """Forget when a user is not to be disturbed."""
    call.services.notes.remove(PUSH, [request.user_id], [ONLY])
    return {}


@routes.post("/user/profile/set", schemas.SetProfile)
def set_profile(call: Call, request: schemas.SetProfile) -> dict[str, Any]:
    """Write what is given of a user's two profiles key by key, and count the version up."""
    if request.profile is None and request.extended is None:
        raise ArgumentMissing("userProfile is required", "userProfile")

    def change(before: str | None) -> str:
        version, profile, extended = json.loads(before) if before else (0, {}, {})
        profile.update(request.profile or {})
        extended.update(request.extended or {})
        return json.dumps([version + 1, profile, extended], ensure_ascii=False)

    call.services.notes.change(PROFILE, request.user_id, ONLY, change)
    return {}


@routes.post("/user/profile/clean", schemas.Several)
def clean_profiles(call: Call, request: schemas.Several) -> dict[str, Any]:
    """Forget the profiles of users."""
    call.services.notes.remove(PROFILE, request.user_ids, [ONLY])
    return {}


@routes.post("/user/profile/batch/query", schemas.Several)
def query_profiles_of(call: Call, request: schemas.Several) -> dict[str, Any]:
    """Answer with the profiles of those of the users who have one, in the order asked."""
    profiles = _only(PROFILE, call, request.user_ids)
    return {
        "userList": [
            _profile(user_id, profiles[user_id]) for user_id in request.user_ids if user_id in profiles
        ]
    }


@routes.post("/user/profile/query", schemas.QueryProfiles)
def query_profiles(call: Call, request: schemas.QueryProfiles) -> dict[str, Any]:
    """Answer with a page of all profiles."""
    _, notes = call.services.notes.page(PROFILE, *request.part(), newest_first=request.order == "1")
    return {"userList": [_profile(note.user_id, note.value) for note in notes]}


def _profile(user_id: str, value: str) -> dict[str, Any]:
    """Render a profile: two objects, as JSON in texts."""
    version, profile, extended = json.loads(value)
    return {
        "userId": user_id,
        "version": version,
        "userProfile": json.dumps(profile, ensure_ascii=False, separators=(",", ":")),
        "userExtProfile": json.dumps(extended, ensure_ascii=False, separators=(",", ":")),
    }
