"""How OpenIM v2 spells a token (open-im-server v2.3 pkg/common/token_verify/jwt_token.go).

`nbf` equals `iat` and the life is 7 days, as on upstream's documentation pages; the last 2.3 releases have
300 seconds between them and 90 days.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.dialects.openim_v2 import platforms
from app.models import DAY, Token, TokenStyle
from app.settings import Settings
from app.wire.codecs import Vocabulary
from app.wire.jwt import Claimed, JwtSpelling, keys_of

STYLE = "v2"


def vocabulary(settings: Settings) -> Vocabulary:
    """Return v2's one kind of token, signed with the access secret (not with `secret`)."""
    style = TokenStyle(STYLE, settings.openim_v2_token_days * DAY)
    return Vocabulary((style,), JwtSpelling("UID", keys_of(settings.openim_v2_access_secret), _spell, _parse))


def _spell(token: Token) -> Mapping[str, object]:
    return {
        "UID": token.user_id,
        "Platform": platforms.NAMES.get(token.platform_id, ""),
        "exp": token.exp,
        "nbf": token.iat,
        "iat": token.iat,
    }


def _parse(claims: Mapping[str, Any]) -> Claimed | None:
    user_id, platform = claims["UID"], claims.get("Platform", "")
    if not (isinstance(user_id, str) and isinstance(platform, str)):
        return None
    return Claimed(user_id, platforms.id_of(platform), STYLE)
