"""RongCloud's tokens: opaque to everybody, signed with the secret of the app that issued them."""

from __future__ import annotations

from app.models import DAY, TokenFormat
from app.settings import Settings
from app.wire.codecs import TokenFormats
from app.wire.jwt import key_of
from app.wire.opaque import OpaqueCodec


def token_formats(settings: Settings) -> TokenFormats:
    """Return the one kind of token; its `iat` is in milliseconds, so that each call gives another one."""
    format = TokenFormat("rongcloud", settings.rongcloud_token_days * DAY, iat_per_second=1000)
    keys = {app.key: [key_of(secret) for secret in app.secrets] for app in settings.rongcloud_apps}
    return TokenFormats(opaque=OpaqueCodec(format, keys))
