"""The call that explains a token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import TokenMalformed, TokenRefused
from ..http.times import timestamp
from ..http.token_reasons import reasons
from ..models import DecodedToken
from ..services import Services
from .access import Group
from .call import Call, Context


@dataclass(frozen=True)
class Explain:
    """A token of any dialect."""

    token: str


def explain(context: Context, request: Explain) -> object:
    """Return what a token is, whether it is good, and why not."""
    services = context.services
    text = request.token
    try:
        decoded = services.codecs.decode(text)
    except TokenMalformed as error:
        return {"kind": None, "claims": None, "valid": False, "why": reasons(services, text, error)}
    why: list[str] = []
    try:
        services.tokens.verify(decoded, signature_first=True)
    except TokenRefused as error:
        why = reasons(services, text, error)
    return {"kind": _kind(services, decoded), "claims": _claims(decoded), "valid": not why, "why": why}


def _kind(services: Services, decoded: DecodedToken) -> object:
    codec = services.codecs.get(decoded.format)
    if codec is None:
        return {"dialect": None, "generation": None}
    return {"dialect": codec.format.dialect, "generation": codec.format.generation or None}


def _claims(decoded: DecodedToken) -> Mapping[str, object]:
    """Return what the token says; of whom only if the signature is valid."""
    times = {"issuedAt": decoded.iat, "notBefore": decoded.nbf, "expiresAt": decoded.exp}
    token = decoded.token
    return {
        "userID": token.user_id if token else None,
        "platformID": token.platform_id or None if token else None,
        "app": token.issuer or None if token else None,
        **{name: None if seconds is None else timestamp(seconds) for name, seconds in times.items()},
    }


CALLS = (Call("POST", "/explain", Group.OPERATE, Explain, explain),)
