"""The headers of every delivery: id, time and signature, as Standard Webhooks defines them.

The libraries at https://www.standardwebhooks.com verify them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac


def signed_headers(secret: str, delivery_id: str, seconds: int, body: bytes) -> dict[str, str]:
    """Return the headers of a delivery at a time (Unix seconds); without a secret it is not signed."""
    headers = {"webhook-id": delivery_id, "webhook-timestamp": str(seconds)}
    if secret:
        message = f"{delivery_id}.{seconds}.".encode() + body
        digest = hmac.new(secret.encode(), message, hashlib.sha256).digest()
        headers["webhook-signature"] = "v1," + base64.b64encode(digest).decode()
    return headers


def change_headers(epoch: str, number: int) -> dict[str, str]:
    """Return the headers that identify a presence change, or the last of several."""
    return {"rollcall-epoch": epoch, "rollcall-number": str(number)}
