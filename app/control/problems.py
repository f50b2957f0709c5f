"""The errors of the control API, as problem details (RFC 9457)."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import NamedTuple

from ..errors import (
    AccessDenied,
    AdministratorProtected,
    BadRequest,
    BodyTooLarge,
    DefaultSecretsInUse,
    DomainError,
    NoSuchMethod,
    NoSuchPath,
    ServiceUnavailable,
    TooManyConnections,
    TooManyWrongSecrets,
    UserBlocked,
    UserExists,
    UserNotFound,
    WebhookRejected,
    WebhookUnavailable,
)
from ..http.responses import Answer, Headers

#: The headers of every answer. There are none for CORS: pages of other sites may not read an answer.
_HEADERS: Headers = (("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store"))


class Kind(NamedTuple):
    """A kind of problem: the end of its URN, and its HTTP status."""

    name: str
    status: HTTPStatus


class Problem(Exception):
    """A request that the control API refuses; `str()` is the detail."""

    def __init__(self, name: str, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.kind = Kind(name, status)


#: The kinds of the domain's errors; a class has that of its nearest base.
KINDS: dict[type[DomainError], Kind] = {
    NoSuchPath: Kind("path-not-found", HTTPStatus.NOT_FOUND),
    NoSuchMethod: Kind("method-not-allowed", HTTPStatus.METHOD_NOT_ALLOWED),
    BodyTooLarge: Kind("body-too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    BadRequest: Kind("request-invalid", HTTPStatus.BAD_REQUEST),
    DefaultSecretsInUse: Kind("documented-secrets", HTTPStatus.FORBIDDEN),
    TooManyWrongSecrets: Kind("too-many-wrong-keys", HTTPStatus.TOO_MANY_REQUESTS),
    UserNotFound: Kind("user-not-found", HTTPStatus.NOT_FOUND),
    UserExists: Kind("user-exists", HTTPStatus.CONFLICT),
    UserBlocked: Kind("user-blocked", HTTPStatus.CONFLICT),
    TooManyConnections: Kind("too-many-connections", HTTPStatus.CONFLICT),
    AdministratorProtected: Kind("administrator-protected", HTTPStatus.FORBIDDEN),
    WebhookRejected: Kind("webhook-rejected", HTTPStatus.FORBIDDEN),
    WebhookUnavailable: Kind("webhook-unavailable", HTTPStatus.SERVICE_UNAVAILABLE),
    AccessDenied: Kind("control-key-wrong", HTTPStatus.UNAUTHORIZED),
    ServiceUnavailable: Kind("unavailable", HTTPStatus.SERVICE_UNAVAILABLE),
    DomainError: Kind("internal-error", HTTPStatus.INTERNAL_SERVER_ERROR),
}


_DETAILS: dict[type[Exception], str] = {
    UserNotFound: "there is no user {}",
    UserExists: "the id {} is reserved: its user was deactivated",
}


def success(data: object) -> Answer:
    """Return a successful answer."""
    return _answer(data, HTTPStatus.OK, "application/json")


def problem(error: DomainError | Problem) -> Answer:
    """Return the answer to an error: `type`, `title`, `status`, `detail`."""
    kind = error.kind if isinstance(error, Problem) else _kind(type(error))
    body = {
        "type": f"urn:rollcall:{kind.name}",
        "title": kind.name.replace("-", " ").capitalize(),
        "status": kind.status.value,
        "detail": _DETAILS.get(type(error), "{}").format(error),
    }
    extra = (("WWW-Authenticate", "Bearer"),) if kind.status is HTTPStatus.UNAUTHORIZED else ()
    return _answer(body, kind.status, "application/problem+json", extra)


def _kind(error: type[BaseException]) -> Kind:
    return next(KINDS[each] for each in error.__mro__ if each in KINDS)


def _answer(data: object, status: HTTPStatus, content_type: str, extra: Headers = ()) -> Answer:
    body = json.dumps(data, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    return Answer(body, status.value, (("Content-Type", content_type), *_HEADERS, *extra))
