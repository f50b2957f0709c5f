"""RongCloud's tokens: opaque, signed with the secret of the app that issued them."""

from __future__ import annotations

from collections.abc import Sequence

from ...formats.codecs import TokenCodec
from ...formats.keys import keys_of
from ...formats.signed_tokens import SignedTokenCodec
from ...models import DAY, TokenFormat
from ...settings import Settings, variable
from .settings import RongCloudSettings

FORMAT = "rongcloud"


def token_formats(settings: Settings) -> Sequence[TokenCodec]:
    """Return RongCloud's only format; its `iat` in milliseconds makes the tokens of each call differ."""
    own = settings.groups[RongCloudSettings]
    format = TokenFormat(
        FORMAT,
        own.rongcloud_token_days * DAY,
        iat_per_second=1000,
        dialect="rongcloud",
        secret_setting=variable("rongcloud_apps"),
    )
    keys = {app.key: keys_of(app.secrets) for app in own.rongcloud_apps}
    return (SignedTokenCodec(format, keys, salt="rollcall.rongcloud.token"),)
