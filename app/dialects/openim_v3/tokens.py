"""How OpenIM v3 spells a token (openimsdk/tools tokenverify/jwt_token.go, v0.0.50-alpha.32 and alpha.67).

Up to 3.8.2 a token has `nbf`, five minutes before its issue; from 3.8.3 on it has none and `iat` lies five
seconds back. So a token shows for which generation it was minted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.models import DAY, Token, TokenStyle
from app.settings import Settings
from app.wire.codecs import Vocabulary
from app.wire.jwt import Claimed, JwtSpelling, keys_of

STYLE_3_4 = "v3.4"
STYLE_3_8 = "v3.8"

_NOT_BEFORE = 300
_BACKDATED = 5


def vocabulary(settings: Settings) -> Vocabulary:
    """Return the tokens of both generations, signed with `secret` itself."""
    lifetime = settings.openim_v3_token_days * DAY
    styles = (TokenStyle(STYLE_3_4, lifetime), TokenStyle(STYLE_3_8, lifetime, backdated=_BACKDATED))
    return Vocabulary(styles, JwtSpelling("UserID", keys_of(settings.openim_secret), _spell, _parse))


def _spell(token: Token) -> Mapping[str, object]:
    claims: dict[str, object] = {"UserID": token.user_id, "PlatformID": token.platform_id, "exp": token.exp}
    if token.style == STYLE_3_4:
        claims["nbf"] = token.iat - _NOT_BEFORE
    claims["iat"] = token.iat
    return claims


def _parse(claims: Mapping[str, Any]) -> Claimed | None:
    user_id, platform_id = claims["UserID"], claims.get("PlatformID", 0)
    if not isinstance(user_id, str) or type(platform_id) is not int or not -(2**31) <= platform_id < 2**31:
        return None
    return Claimed(user_id, platform_id, STYLE_3_4 if "nbf" in claims else STYLE_3_8)
