"""Signatures that are both checked and made: at the door, and on what leaves by itself."""

from __future__ import annotations

from hashlib import sha1


def rongcloud_signature(secret: str, nonce: str, timestamp: str) -> str:
    """Return RongCloud's signature in lower-case hex (docs.rongcloud.cn, platform-chat-api/sign-auth)."""
    return sha1((secret + nonce + timestamp).encode()).hexdigest()
