"""Who is calling, and RongCloud's order of checks: app key, signature, body, parameters."""

from __future__ import annotations

from hashlib import sha1
from hmac import compare_digest
from typing import Any

from app.dialects.rongcloud import parameters
from app.dialects.rongcloud.call import NO_APP, Call, signed_header
from app.dialects.rongcloud.errors import BodyEmpty
from app.errors import AppKeyUnknown, SignatureWrong


def admit(call: Call) -> Any:
    """Take a request through the checks before its business."""
    if call.app is NO_APP:
        raise AppKeyUnknown
    call.endpoint.access(call)
    body = call.incoming.body
    if not body.strip():
        raise BodyEmpty
    return call.endpoint.schema.bind(parameters.parse(body))


def by_signature(call: Call) -> None:
    """Let in who signed with one of the app's secrets: sha1(secret + nonce + timestamp) in hex, any case.

    Nonce and timestamp are hashed and not judged: official SDKs send the same ones for hours.
    """
    nonce, timestamp, signature = (
        signed_header(call.incoming, name) for name in ("NONCE", "TIMESTAMP", "SIGNATURE")
    )
    if not (nonce and timestamp and signature):
        raise SignatureWrong
    given = signature.lower().encode()
    for secret in call.app.secrets:
        if compare_digest(given, sha1((secret + nonce + timestamp).encode()).hexdigest().encode()):
            return
    raise SignatureWrong
