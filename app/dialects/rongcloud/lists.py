"""RongCloud's calls about what is kept with users: lists of others, tags, settings, profiles.

Nobody in them need be registered.
"""

from __future__ import annotations

import json
from typing import Any

from app.dialects.rongcloud import schemas
from app.dialects.rongcloud.binding import page_token
from app.dialects.rongcloud.call import Call
from app.dialects.rongcloud.errors import BOTH, SUBSCRIPTIONS
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
    if len(notes) <= request.size:
        return {"users": users}
    return {"users": users, "next": page_token(notes[request.size - 1].seq)}


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
    notes = call.services.notes.of_users(WHITESETTING, request.user_ids)
    return {
        "users": [
            {"whiteSetting": notes.get(user_id, {}).get(ONLY, "0"), "userId": user_id}
            for user_id in request.user_ids
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
    notes = call.services.notes.of_users(TAGS, request.user_ids)
    return {
        "result": {
            user_id: json.loads(notes.get(user_id, {}).get(ONLY, "[]")) for user_id in request.user_ids
        }
    }


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
    start = (request.page - 1) * request.size
    rows = [{"id": note.name, "remark": note.value} for note in notes[start : start + request.size]]
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
    found = call.services.notes.of_users(PUSH, [request.user_id])
    return {"data": json.loads(found.get(request.user_id, {}).get(ONLY, "{}"))}


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
    notes = call.services.notes.of_users(PROFILE, request.user_ids)
    return {
        "userList": [
            _profile(user_id, notes[user_id][ONLY]) for user_id in request.user_ids if user_id in notes
        ]
    }


@routes.post("/user/profile/query", schemas.QueryProfiles)
def query_profiles(call: Call, request: schemas.QueryProfiles) -> dict[str, Any]:
    """Answer with a page of all profiles."""
    start = (request.page - 1) * request.size
    _, notes = call.services.notes.page(PROFILE, start, request.size, newest_first=request.order == "1")
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


@routes.post("/user/subscribe/set", schemas.SetSubscription, rows={BOTH: SUBSCRIPTIONS})
def set_subscription(call: Call, request: schemas.SetSubscription) -> dict[str, Any]:
    """Follow the presence of others for some seconds, or follow it no longer."""
    if request.operation == "1":
        call.services.subscriptions.remove(request.user_id, request.others)
    elif request.expiry is None:
        raise ArgumentMissing("expiry is required", "expiry")
    else:
        call.services.subscriptions.add(request.user_id, request.others, request.expiry)
    return {}


@routes.post("/user/subscribe/query", schemas.QuerySubscriptions, rows={BOTH: SUBSCRIPTIONS})
def query_subscriptions(call: Call, request: schemas.QuerySubscriptions) -> dict[str, Any]:
    """Answer with a page of whom somebody follows, since when and for how long."""
    found = call.services.subscriptions.of(request.user_id, request.page_token, request.size + 1)
    rows = [
        {
            "subUserIds": [each.user_id],
            "subType": 1,
            "subTime": each.since,
            "expiry": each.until - each.since // 1000 if each.until else 0,
        }
        for each in found[: request.size]
    ]
    has_next = len(found) > request.size
    token = page_token(found[request.size - 1].seq) if has_next else ""
    return {"hasNext": has_next, "pageToken": token, "subscriptions": rows}
