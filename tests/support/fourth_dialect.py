"""A small fourth dialect, as a newcomer would write it: opaque tokens, signed queries, errors of its own.

`POST /acme/token?user=U&sig=S` registers a user and answers with a token; `GET /acme/me?token=T&sig=S` says
whose token it is. `sig` is the SHA-256, in hex, of the secret and the first parameter.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar
from urllib.parse import parse_qsl

from rollcall_server import setting_types as types
from rollcall_server.errors import (
    AccessDenied,
    DefaultSecretsInUse,
    DomainError,
    NoSuchCall,
    ServiceUnavailable,
    SignatureWrong,
    TokenMalformed,
    UserExists,
)
from rollcall_server.formats.codecs import TokenCodec
from rollcall_server.formats.keys import keys_of
from rollcall_server.formats.schema import STRING, bind, field
from rollcall_server.formats.signed_tokens import SignedTokenCodec
from rollcall_server.http.dialect import Access, Dialect, RequestContext, Routes
from rollcall_server.http.error_rows import ErrorRow, ErrorTable, answer_of, error_message
from rollcall_server.http.responses import Answer
from rollcall_server.models import DAY, TokenFormat, User
from rollcall_server.settings import SettingGroup, Settings, setting

R = TypeVar("R")
FORMAT = "acme"
SECRET = "acme-secret-of-this-test"


@dataclass(frozen=True)
class AcmeSettings(SettingGroup):
    """The settings of the dialect."""

    DIALECT: ClassVar[str] = "acme"

    acme_secret: str = setting(SECRET, types.text, "signs queries and tokens", secrets_of=lambda one: [one])


class QuotaExceeded(DomainError):
    """An error that no other dialect knows."""


@dataclass(slots=True)
class TokenRequest:
    """`/acme/token`."""

    user: str = field(STRING, "user")
    signature: str = field(STRING, "sig")

    @property
    def signed(self) -> str:
        return self.user


@dataclass(slots=True)
class MeRequest:
    """`/acme/me`."""

    token: str = field(STRING, "token")
    signature: str = field(STRING, "sig")

    @property
    def signed(self) -> str:
        return self.token


@dataclass
class Context(RequestContext):
    """A request."""

    @property
    def settings(self) -> AcmeSettings:
        return self.services.settings.groups[AcmeSettings]


def authorize_and_bind(context: Context, schema: type[R], access: Access[Context, R]) -> R:
    access.identify(context)
    request = bind(schema, parse_qsl(context.http_request.query))
    access.permit(context, request)
    return request


def signature_of(secret: str, text: str) -> str:
    return hashlib.sha256((secret + text).encode()).hexdigest()


def _permit(context: Context, request: TokenRequest | MeRequest) -> None:
    if request.signature != signature_of(context.settings.acme_secret, request.signed):
        raise SignatureWrong


SIGNED: Access[Context, TokenRequest | MeRequest] = Access(lambda context: None, _permit)
routes = Routes("acme", authorize_and_bind)


@routes.post("/acme/token", TokenRequest, access=SIGNED)
def token(context: Context, request: TokenRequest) -> dict[str, object]:
    services = context.services
    if request.user.startswith("quota"):
        raise QuotaExceeded
    token_request = services.codecs[FORMAT].request(request.user, issuer="acme")
    issued = services.registration.register_with_token(User(request.user), token_request)
    return {"token": services.codecs[FORMAT].encode(issued)}


@routes.get("/acme/me", MeRequest, access=SIGNED)
def me(context: Context, request: MeRequest) -> dict[str, object]:
    decoded = context.services.codecs.decode(request.token)
    if decoded.format != FORMAT:
        raise TokenMalformed
    return {"user": context.services.tokens.verify(decoded).user_id}


def token_formats(settings: Settings) -> Sequence[TokenCodec]:
    """Return a format that looks like RongCloud's; only the signature tells them apart."""
    keys = {"acme": keys_of([settings.groups[AcmeSettings].acme_secret])}
    return (SignedTokenCodec(TokenFormat(FORMAT, DAY), keys, salt="acme"),)


TABLE = ErrorTable(
    ErrorRow(DomainError, 500, 1, "fault"),
    ErrorRow(AccessDenied, 403, 2, "denied"),
    ErrorRow(DefaultSecretsInUse, 403, 3, error_message),
    ErrorRow(UserExists, 409, 4, lambda context, error: f"{error.user_id} is taken"),
    ErrorRow(NoSuchCall, 404, 5, "no such call"),
    ErrorRow(ServiceUnavailable, 503, 6, "try again"),
    ErrorRow(QuotaExceeded, 429, lambda error: 7, "slow down"),
    ErrorRow(QuotaExceeded, 429, 7, "no", variant="terse"),
)


def _answer(body: dict[str, object], status: int) -> Answer:
    return Answer(json.dumps(body).encode(), status, (("Content-Type", "application/acme+json"),))


def render_success(context: Context, data: object) -> Answer:
    assert isinstance(data, dict)
    return _answer(data, 200)


def render_error(context: Context, error: DomainError) -> Answer:
    answer = answer_of(context, error, TABLE, variant=context.variant)
    return _answer({"fault": answer.code, "text": answer.message}, answer.status)


DIALECT: Dialect[Context] = Dialect(
    name="acme",
    endpoints=tuple(routes.endpoints),
    base_paths={"/terse": "terse"},
    make_context=Context,
    render_success=render_success,
    render_error=render_error,
    token_formats=token_formats,
    settings=AcmeSettings,
)
