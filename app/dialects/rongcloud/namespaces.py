"""The namespaces in which RongCloud's user attributes are stored."""

from __future__ import annotations

BLACKLIST, WHITELIST, WHITESETTING = "blacklist", "whitelist", "whitesetting"
TAGS, CONVERSATION_TAGS, REMARK = "tags", "conversation tags", "remark"
CHAT_BAN, PUSH, PROFILE = "chat ban", "block push period", "profile"
#: The name in namespaces with one attribute per user.
SINGLE = ""
