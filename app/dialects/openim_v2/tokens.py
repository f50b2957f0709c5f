"""How OpenIM v2 spells a token (open-im-server v2.3 pkg/common/token_verify/jwt_token.go).

`nbf` equals `iat` and the life is 7 days, as on upstream's documentation pages; the last 2.3 releases have
300 seconds between them and 90 days.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.dialects.openim_v2 import platforms
from app.models import DAY, Token, TokenFormat
from app.settings import Settings
from app.wire.codecs import TokenFormats
from app.wire.jwt import Claims, JwtFormat, keys_of

FORMAT = "v2"


def token_formats(settings: Settings) -> TokenFormats:
    """Return v2's one kind of token, signed with the access secret (not with `secret`)."""
    format = TokenFormat(FORMAT, settings.openim_v2_token_days * DAY)
    return TokenFormats(
        (format,), JwtFormat("UID", keys_of(settings.openim_v2_access_secret), _encode, _parse)
    )


def _encode(token: Token) -> Mapping[str, object]:
    return {
        "UID": token.user_id,
        "Platform": platforms.NAMES.get(token.platform_id, ""),
        "exp": token.exp,
        "nbf": token.iat,
        "iat": token.iat,
    }


def _parse(claims: Mapping[str, Any]) -> Claims | None:
    user_id, platform = claims["UID"], claims.get("Platform", "")
    if not (isinstance(user_id, str) and isinstance(platform, str)):
        return None
    return Claims(user_id, platforms.id_of(platform), FORMAT)
