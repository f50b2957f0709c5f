"""Answer one request in one dialect: here a refusal becomes the answer of a call."""

from __future__ import annotations

import time

from flask import Response

from app.errors import DomainError, SecretsDocumented
from app.wire import logs, loopback
from app.wire.dialect import Dialect, Endpoint
from app.wire.incoming import Incoming

#: Under this key of the WSGI environment stands who answers, for the day when answering itself fails.
ANSWERING = "rollcall.answering"


def answer(dialect: Dialect, endpoint: Endpoint, incoming: Incoming, variant: str = "") -> Response:
    """Take the request through the dialect's steps; every DomainError becomes the dialect's words for it.

    Raises StartRefused, where no server has started the services before the first request.
    """
    services, begun, outcome = incoming.services, time.perf_counter(), "InternalError"
    call = dialect.open(incoming, endpoint, variant)
    incoming.environ[ANSWERING] = (dialect, call)
    try:
        if not services.started:
            services.start_if_new()
        _keep_to_this_machine(incoming)
        response = dialect.success(call, endpoint.view(call, dialect.admit(call)))
        outcome = "ok"
    except DomainError as error:
        response = dialect.failure(call, error)
        outcome = type(error).__name__
        # It holds the frames that it went through, and some of them hold it: that would stay for a while.
        error.__traceback__ = error.__context__ = None
    finally:
        seconds = time.perf_counter() - begun
        if services.metrics is not None:
            services.metrics.observe(dialect.name, endpoint.path, outcome, seconds)
        if services.settings.log_requests:
            logs.request(incoming, dialect.name, outcome, seconds)
    # Or the environment, the call and the request would hold each other, and a large body in memory.
    del incoming.environ[ANSWERING]
    return response


def _keep_to_this_machine(incoming: Incoming) -> None:
    settings = incoming.services.restricting_secrets
    if settings:
        reason = loopback.objection(incoming.environ)
        if reason:
            raise SecretsDocumented(settings, reason)
