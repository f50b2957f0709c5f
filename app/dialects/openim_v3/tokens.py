"""How OpenIM v3 spells a token (openimsdk/tools tokenverify/jwt_token.go, v0.0.50-alpha.32 and alpha.67).

Up to 3.8.2 a token has `nbf`, five minutes before its issue; from 3.8.3 on it has none and `iat` lies five
seconds back. So a token shows for which generation it was minted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.models import DAY, Token, TokenFormat
from app.settings import Settings
from app.wire.codecs import TokenFormats
from app.wire.jwt import Claims, JwtFormat, keys_of

FORMAT_3_4 = "v3.4"
FORMAT_3_8 = "v3.8"

_NOT_BEFORE = 300
_BACKDATED = 5


def token_formats(settings: Settings) -> TokenFormats:
    """Return the tokens of both generations, signed with `secret` itself."""
    lifetime = settings.openim_v3_token_days * DAY
    formats = (TokenFormat(FORMAT_3_4, lifetime), TokenFormat(FORMAT_3_8, lifetime, iat_offset=_BACKDATED))
    return TokenFormats(formats, JwtFormat("UserID", keys_of(settings.openim_secret), _encode, _parse))


def _encode(token: Token) -> Mapping[str, object]:
    claims: dict[str, object] = {"UserID": token.user_id, "PlatformID": token.platform_id, "exp": token.exp}
    if token.format == FORMAT_3_4:
        claims["nbf"] = token.iat - _NOT_BEFORE
    claims["iat"] = token.iat
    return claims


def _parse(claims: Mapping[str, Any]) -> Claims | None:
    user_id, platform_id = claims["UserID"], claims.get("PlatformID", 0)
    if not isinstance(user_id, str) or type(platform_id) is not int or not -(2**31) <= platform_id < 2**31:
        return None
    return Claims(user_id, platform_id, FORMAT_3_4 if "nbf" in claims else FORMAT_3_8)
