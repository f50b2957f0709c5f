"""The token formats of the OpenIM dialects, which accept each other's tokens and no others."""

from __future__ import annotations

from ...errors import TokenMalformed
from ...http.request import Request
from ...models import DecodedToken, Token
from ...services import Services

V2 = "v2"
V3_4 = "v3.4"
V3_8 = "v3.8"
#: A JWT that no format recognises has the format "".
_ACCEPTED = frozenset({V2, V3_4, V3_8, ""})


def verify(services: Services, text: str, *, signature_first: bool = False) -> Token:
    """Decode and verify an OpenIM token, as `Tokens.verify` does. Raises TokenRefused."""
    decoded = services.codecs.decode(text)
    if decoded.format not in _ACCEPTED:
        raise TokenMalformed
    return services.tokens.verify(decoded, signature_first=signature_first)


def presented(http_request: Request, text: str | None = None) -> DecodedToken | None:
    """Decode the OpenIM token in `text`, by default the header, unverified; return None if there is none."""
    decoded = http_request.token if text is None else http_request.decode_token(text)
    return decoded if decoded is not None and decoded.format in _ACCEPTED else None
