"""Reference tokens, built without Rollcall's code or PyJWT, to compare Rollcall's tokens with."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

V2_KEY = "open_im_server"
V3_KEY = "openIM123"
DAY = 86400
HEADER = {"alg": "HS256", "typ": "JWT"}


def jwt(claims: Any, key: str, header: Any = None, digest: str = "sha256") -> str:
    """Return a signed token; `claims` are encoded in their order."""
    signing = f"{_segment(header or HEADER)}.{_segment(claims)}"
    signature = hmac.new(key.encode(), signing.encode(), digest).digest()
    return f"{signing}.{_base64(signature)}"


def v2(user_id: str, platform: str, iat: int, days: int = 7, key: str = V2_KEY) -> str:
    """Return the token that an OpenIM v2 server, as in the seeds, would issue."""
    exp = iat + days * DAY
    return jwt({"UID": user_id, "Platform": platform, "exp": exp, "nbf": iat, "iat": iat}, key)


def v3_4(user_id: str, platform_id: int, iat: int, days: int = 90, key: str = V3_KEY) -> str:
    """Return the token that an OpenIM server up to 3.8.2 would issue."""
    exp = iat + days * DAY
    claims = {"UserID": user_id, "PlatformID": platform_id, "exp": exp, "nbf": iat - 300, "iat": iat}
    return jwt(claims, key)


def v3_8(user_id: str, platform_id: int, now: int, days: int = 90, key: str = V3_KEY) -> str:
    """Return the token that an OpenIM server from 3.8.3 on would issue at `now`."""
    claims = {"UserID": user_id, "PlatformID": platform_id, "exp": now + days * DAY, "iat": now - 5}
    return jwt(claims, key)


def claims_of(token: str) -> dict[str, Any]:
    """Return the payload of a token without checking its signature."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def signature_of(secret: str, nonce: str, timestamp: str) -> str:
    """Return RongCloud's signature of a request."""
    return hashlib.sha1((secret + nonce + timestamp).encode()).hexdigest()


def _segment(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return _base64(text.encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
