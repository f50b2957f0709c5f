"""Answer one request in one dialect: here a refusal becomes the answer of a call."""

from __future__ import annotations

from flask import Response

from app.errors import DomainError, SecretsDocumented
from app.wire import loopback
from app.wire.dialect import Dialect, Endpoint
from app.wire.incoming import Incoming

#: Under this key of the WSGI environment stands who answers, for the day when answering itself fails.
ANSWERING = "rollcall.answering"


def answer(dialect: Dialect, endpoint: Endpoint, incoming: Incoming, variant: str = "") -> Response:
    """Take the request through the dialect's steps; every DomainError becomes the dialect's words for it.

    Raises StartRefused, where no server has started the services before the first request.
    """
    call = dialect.open(incoming, endpoint, variant)
    incoming.environ[ANSWERING] = (dialect, call)
    try:
        if not incoming.services.started:
            incoming.services.start_if_new()
        _keep_to_this_machine(incoming)
        return dialect.success(call, endpoint.view(call, dialect.admit(call)))
    except DomainError as error:
        return dialect.failure(call, error)


def _keep_to_this_machine(incoming: Incoming) -> None:
    settings = incoming.services.restricting_secrets
    if settings:
        reason = loopback.objection(incoming.environ)
        if reason:
            raise SecretsDocumented(settings, reason)
