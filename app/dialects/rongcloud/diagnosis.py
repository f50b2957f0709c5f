"""Explain a wrong signature in the server's log; the answer, like the vendor's, gives no reason.

An explanation contains neither secrets nor signatures, and no app key that is not configured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import md5, sha1, sha256
from hmac import compare_digest

from .context import Context, signed_header
from .settings import RongCloudApp

_HEADERS = {"NONCE": "Nonce", "TIMESTAMP": "Timestamp", "SIGNATURE": "Signature"}


def unknown_key(context: Context) -> str:
    """Return why the app key names no app."""
    key = signed_header(context.http_request, "APP_KEY")
    if not key:
        return "the App-Key header is missing"
    apps = context.settings.rongcloud_apps
    if any(secret.lower() in key.lower() for app in apps for secret in app.secrets):
        return "the App-Key header holds an app's secret instead of its key"
    if any(key.strip().lower() == app.key.lower() for app in apps):
        return "the App-Key header differs from an app's key in blanks or in upper and lower case"
    # Leave out the key: it may be most of a secret.
    return f"ROLLCALL_RONGCLOUD_APPS has no app with the App-Key header's key of {len(key)} characters"


def wrong_signature(context: Context) -> str:
    """Return why the signature is wrong, or which headers are missing."""
    missing = [name for header, name in _HEADERS.items() if not signed_header(context.http_request, header)]
    if missing:
        return f"missing: {', '.join(missing)}"
    nonce, timestamp, signature = (signed_header(context.http_request, header) for header in _HEADERS)
    for what, text in _guesses(context, nonce, timestamp):
        if _is(signature, sha1, text):
            return what
    for name, digest, length in (("MD5", md5, 32), ("SHA-256", sha256, 64)):
        if len(signature) == length:
            is_otherwise_right = any(
                _is(signature, digest, secret + nonce + timestamp) for secret in context.app.secrets
            )
            return f"it is {name}, not SHA-1" + (", otherwise right" if is_otherwise_right else "")
    if len(signature) != 40:
        return f"a signature is 40 hexadecimal digits, this has {len(signature)} characters"
    return "it was made with another secret, or of another nonce or timestamp than the headers have"


def _guesses(context: Context, nonce: str, timestamp: str) -> Iterator[tuple[str, str]]:
    """Yield common mistakes, each with the text that it hashes."""
    key = context.app.key
    yield "it was made with the app key instead of the secret", key + nonce + timestamp
    for secret in context.app.secrets:
        for blank in (" ", "\n", "\r\n", "\t"):
            yield "there is a blank or a line break behind the secret", secret + blank + nonce + timestamp
            yield "there is a blank or a line break before the secret", blank + secret + nonce + timestamp
        yield "there are quotes around the secret", f'"{secret}"{nonce}{timestamp}'
        yield "it was made of secret, timestamp, nonce, in this order", secret + timestamp + nonce
        yield "it was made of nonce, timestamp, secret, in this order", nonce + timestamp + secret
        yield "it was made of nonce, secret, timestamp, in this order", nonce + secret + timestamp
        yield "it was made without the nonce", secret + timestamp
        yield "it was made without the timestamp", secret + nonce
        yield "the secret was put into upper case", secret.upper() + nonce + timestamp
        yield "the secret was put into lower case", secret.lower() + nonce + timestamp
    for app in _others(context):
        for secret in app.secrets:
            yield f"it was made with the secret of the app {app.key}", secret + nonce + timestamp


def _others(context: Context) -> Iterator[RongCloudApp]:
    return (app for app in context.settings.rongcloud_apps if app.key != context.app.key)


def _is(signature: str, digest: Callable[..., object], text: str) -> bool:
    made: str = digest(text.encode(), usedforsecurity=False).hexdigest()  # type: ignore[attr-defined]
    return compare_digest(signature.lower().encode(), made.encode())
