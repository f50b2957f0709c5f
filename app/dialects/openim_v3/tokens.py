"""How OpenIM v3 encodes a token (openimsdk/tools tokenverify/jwt_token.go, v0.0.50-alpha.32 and alpha.67).

Up to 3.8.2 the `nbf` of a token is five minutes before its issue; from 3.8.3 on it has no `nbf`, and its
`iat` is five seconds before its issue. So a token shows the generation for which it was issued.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...formats.codecs import TokenCodec
from ...formats.jwt import Claims, JwtCodec
from ...formats.keys import keys_of
from ...models import DAY, Token, TokenFormat
from ...settings import Settings, variable
from ..openim.tokens import V3_4, V3_8
from .settings import OpenIMV3Settings

_NOT_BEFORE = 300
_IAT_OFFSET = 5


def token_formats(settings: Settings) -> Sequence[TokenCodec]:
    """Return the formats of both generations, signed with `secret` itself."""
    own = settings.groups[OpenIMV3Settings]
    lifetime, keys = own.openim_v3_token_days * DAY, keys_of(own.openim_secret)
    secret = variable("openim_secret")
    return (
        JwtCodec(
            TokenFormat(V3_4, lifetime, dialect="openim_v3", generation="3.4", secret_setting=secret),
            keys,
            encode_claims=lambda token: _encode_claims(token, {"nbf": token.iat - _NOT_BEFORE}),
            decode_claims=_decode_claims,
            has_format=lambda claims: "UserID" in claims and "nbf" in claims,
        ),
        JwtCodec(
            TokenFormat(
                V3_8, lifetime, _IAT_OFFSET, dialect="openim_v3", generation="3.8", secret_setting=secret
            ),
            keys,
            encode_claims=lambda token: _encode_claims(token, {}),
            decode_claims=_decode_claims,
            has_format=lambda claims: "UserID" in claims and "nbf" not in claims,
        ),
    )


def _encode_claims(token: Token, not_before: Mapping[str, int]) -> Mapping[str, object]:
    return {
        "UserID": token.user_id,
        "PlatformID": token.platform_id,
        "exp": token.exp,
        **not_before,
        "iat": token.iat,
    }


def _decode_claims(claims: Mapping[str, Any]) -> Claims | None:
    user_id, platform_id = claims["UserID"], claims.get("PlatformID", 0)
    if not isinstance(user_id, str) or type(platform_id) is not int or not -(2**31) <= platform_id < 2**31:
        return None
    return Claims(user_id, platform_id)
