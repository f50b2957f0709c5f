"""RongCloud's signature of requests and callbacks."""

from __future__ import annotations

from hashlib import sha1


def signature_of(secret: str, nonce: str, timestamp: str) -> str:
    """Return the signature in lower-case hex (docs.rongcloud.cn, platform-chat-api/sign-auth)."""
    return sha1((secret + nonce + timestamp).encode()).hexdigest()
