"""RongCloud's tokens: opaque to everybody, signed with the secret of the app that issued them."""

from __future__ import annotations

from app.models import DAY, TokenStyle
from app.settings import Settings
from app.wire.codecs import Vocabulary
from app.wire.jwt import key_of
from app.wire.opaque import OpaqueCodec


def vocabulary(settings: Settings) -> Vocabulary:
    """Return the one kind of token; its `iat` is in milliseconds, so that each call gives another one."""
    style = TokenStyle("rongcloud", settings.rongcloud_token_days * DAY, ticks=1000)
    keys = {app.key: [key_of(secret) for secret in app.secrets] for app in settings.rongcloud_apps}
    return Vocabulary(opaque=OpaqueCodec(style, keys))
