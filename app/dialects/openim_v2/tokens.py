"""How OpenIM v2 encodes a token (open-im-server v2.3 pkg/common/token_verify/jwt_token.go).

`nbf` equals `iat` and the lifetime is 7 days, as in upstream's documentation; in the last 2.3 releases they
differ by 300 seconds and the lifetime is 90 days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...formats.codecs import TokenCodec
from ...formats.jwt import Claims, JwtCodec
from ...formats.keys import keys_of
from ...models import DAY, Token, TokenFormat
from ...settings import Settings, variable
from ..openim import platforms
from ..openim.tokens import V2
from .settings import OpenIMV2Settings

#: The platforms (open-im-server v2.3 pkg/common/constant/platform_number_id_to_name.go), without HarmonyOS.
PLATFORMS = {platform_id: name for platform_id, name in platforms.NAMES.items() if platform_id <= 10}
_PLATFORM_IDS = {name: platform_id for platform_id, name in PLATFORMS.items()}
#: Stands for every platform id without a name, because tokens contain the platform's name.
UNNAMED = 0


def platform_of(platform_id: int) -> int:
    """Return the platform id if it has a name, otherwise UNNAMED."""
    return platform_id if platform_id in PLATFORMS else UNNAMED


def token_formats(settings: Settings) -> Sequence[TokenCodec]:
    """Return v2's format, signed with the access secret (not with `secret`)."""
    own = settings.groups[OpenIMV2Settings]
    codec = JwtCodec(
        TokenFormat(
            V2,
            own.openim_v2_token_days * DAY,
            dialect="openim_v2",
            secret_setting=variable("openim_v2_access_secret"),
        ),
        keys_of(own.openim_v2_access_secret),
        encode_claims=_encode_claims,
        decode_claims=_decode_claims,
        has_format=lambda claims: "UID" in claims,
        platform_of=platform_of,
    )
    return (codec,)


def _encode_claims(token: Token) -> Mapping[str, object]:
    return {
        "UID": token.user_id,
        "Platform": PLATFORMS.get(token.platform_id, ""),
        "exp": token.exp,
        "nbf": token.iat,
        "iat": token.iat,
    }


def _decode_claims(claims: Mapping[str, Any]) -> Claims | None:
    user_id, platform = claims["UID"], claims.get("Platform", "")
    if not (isinstance(user_id, str) and isinstance(platform, str)):
        return None
    return Claims(user_id, _PLATFORM_IDS.get(platform, UNNAMED))
