"""Why a token is refused, told apart by what the server knows of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .. import errors
from ..errors import TokenMalformed
from ..formats.jwt import is_signed_with, malformed_part
from ..limits import MAX_TOKEN_CHARS
from ..models import TokenState
from .times import timestamp

if TYPE_CHECKING:
    from ..models import DecodedToken, Token
    from ..services import Services
    from .dialect import RequestContext

#: What clients send in place of a variable without a value.
_NO_VALUES = ("undefined", "null", "None", "nil", "NaN", "[object Object]")


def refused(context: RequestContext, error: errors.TokenRefused) -> Iterable[str]:
    """Return why a request's token is refused."""
    if isinstance(error, errors.TokenMissing):
        return _missing(context)
    # Some calls take it in the body.
    text = getattr(context.request, "token", "") or context.http_request.header("TOKEN")
    return reasons(context.services, text, error)


def reasons(services: Services, text: str, error: errors.TokenRefused) -> list[str]:
    """Return why a token's text is refused with an error."""
    try:
        decoded = services.codecs.decode(text)
    except TokenMalformed:
        return list(_malformed(text))
    if isinstance(error, TokenMalformed):
        return [_foreign(services, decoded)]
    return [
        *_whose(services, decoded, text),
        *_REASONS[type(error)](services, decoded, text),
    ]


def _missing(context: RequestContext) -> Iterable[str]:
    yield "The header token is missing or empty."
    if context.http_request.header("AUTHORIZATION"):
        yield "There is an Authorization header, which is not read."
    if context.http_request.lower_keys.get("token"):
        yield "There is a token in the body; this call takes it from the header."


def _malformed(text: str) -> Iterable[str]:
    if not text:
        yield "The token is empty."
    elif text != text.strip():
        yield "There are blanks or line breaks around the token."
    elif text in _NO_VALUES:
        yield f"The token is the text {text}: a client sent a variable that had no value."
    elif text.startswith("Bearer "):
        yield "The token begins with Bearer; the header token takes the token alone."
    elif text[:1] in ("'", '"') and text[:1] == text[-1:]:
        yield "The token is in quotation marks."
    elif len(text) > MAX_TOKEN_CHARS:
        yield f"The token has over {MAX_TOKEN_CHARS} characters."
    elif text.count(".") != 2:
        parts = text.count(".") + 1
        yield f"A JWT has three parts with dots between them; this text of {len(text)} has {parts}."
    else:
        yield f"The token is not a JWT: {malformed_part(text)}."


def _foreign(services: Services, decoded: DecodedToken) -> str:
    codec = services.codecs.get(decoded.format)
    kind = codec.format.dialect if codec else "another kind"
    return f"This is a token of {kind}, which this call does not take."


def _whose(services: Services, decoded: DecodedToken, text: str) -> Iterable[str]:
    codec = services.codecs.get(decoded.format)
    if codec is None:
        yield "This is a JWT without the claims of OpenIM v2 (UID) or v3 (UserID)."
        return
    kind = " ".join(filter(None, (codec.format.dialect, codec.format.generation)))
    token = decoded.token
    if token is None:
        yield f"This has the claims of a token of {kind}."
    elif token.platform_id:
        yield f"This is a token of {kind} for {token.user_id} on platform {token.platform_id}."
    else:
        yield f"This is a token of {kind} for {token.user_id}."


def _expired(services: Services, decoded: DecodedToken, text: str) -> Iterable[str]:
    now = services.clock.now()
    if decoded.exp is not None and decoded.exp <= now:
        yield f"It expired at {timestamp(decoded.exp)}, {now - decoded.exp:.0f} s ago."
        return
    found = services.revocations.of(decoded.token) if decoded.token else None
    if found:
        yield f"It was made to answer as expired at {timestamp(found.at)}."
    else:
        yield "It was made to answer as expired; when is not known any more."


def _not_yet(services: Services, decoded: DecodedToken, text: str) -> Iterable[str]:
    begin = decoded.nbf or 0
    yield (
        f"It is valid from {timestamp(begin)} on, in {begin - services.clock.now():.0f} s: the clock of its "
        "issuer is ahead of this machine's."
    )


def _signature(services: Services, decoded: DecodedToken, text: str) -> Iterable[str]:
    if decoded.signature_error is None:
        yield (
            f"Its iat, {timestamp(decoded.iat or 0)}, is in the future: the clock of its issuer is ahead of "
            "this machine's."
        )
        return
    if decoded.signature_error != "signature is invalid":
        yield f"Its algorithm is not accepted ({decoded.signature_error}); tokens are signed with HS256."
        return
    codec = services.codecs.get(decoded.format)
    right = f"; this kind is signed with {codec.format.secret_setting}" if codec else ""
    for variable, secret in services.settings.secrets:
        if is_signed_with(text, secret):
            yield f"It is signed with the secret in {variable}{right}."
            return
    if text.count(".") != 2:
        setting = codec.format.secret_setting if codec else "the settings"
        yield f"Its signature is not by the secret in {setting}, or its text was changed on the way."
        return
    yield (
        f"It is signed with none of the secrets in the settings{right}: another server issued it, the secret "
        "has been changed, or its text was."
    )


def _kicked(services: Services, decoded: DecodedToken, text: str) -> Iterable[str]:
    assert decoded.token is not None, "only a token that is on record can be revoked"
    until = services.blocks.until(decoded.token.user_id)
    if until:
        yield f"{decoded.token.user_id} is blocked until {timestamp(until)}."
    cancelled = _cancelled(services, decoded.token)
    if cancelled:
        yield cancelled
    elif not until:
        yield "It was cancelled; when, and by which request, is not known any more."


def _not_issued(services: Services, decoded: DecodedToken, text: str) -> Iterable[str]:
    token = decoded.token
    if token is None:
        yield "Its signature is valid, but its claims are not written as here: another server issued it."
        return
    cancelled = _cancelled(services, token)
    if cancelled:
        yield f"{cancelled.removesuffix('.')}, and is not on record any more."
        return
    if token.user_id not in services.users.existing_ids([token.user_id]):
        yield f"There is no user {token.user_id} (any more)."
    if decoded.iat is not None and decoded.iat < (services.reset_at or 0.0):
        issued, reset = timestamp(decoded.iat), timestamp(services.reset_at or 0.0)
        yield f"It says that it was issued at {issued}; a reset at {reset} has ended all tokens."
    else:
        yield "It is not on record: it was cancelled long ago, issued before a reset, or by another server."


def _cancelled(services: Services, token: Token) -> str | None:
    found = services.revocations.of(token)
    if found is None:
        return None
    by = f"request {found.request}" if found.request else "a call of the control API"
    what = "cancelled" if found.state is TokenState.KICKED else "made to answer as expired"
    return f"It was {what} at {timestamp(found.at)} by {by}."


_REASONS = {
    errors.TokenExpired: _expired,
    errors.TokenNotYetValid: _not_yet,
    errors.TokenSignatureInvalid: _signature,
    errors.TokenKicked: _kicked,
    errors.TokenNotIssued: _not_issued,
}
