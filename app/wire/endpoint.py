"""Answer one request in one dialect: here a refusal becomes the answer of a call."""

from __future__ import annotations

import time

from flask import Response

from app.errors import DefaultSecretsInUse, DomainError
from app.wire import logs, loopback
from app.wire.dialect import Dialect, Endpoint
from app.wire.request import Request

#: Under this key of the WSGI environment stands who answers, for the day when answering itself fails.
IN_PROGRESS = "rollcall.answering"


def answer(dialect: Dialect, endpoint: Endpoint, http_request: Request, variant: str = "") -> Response:
    """Take the request through the dialect's steps; every DomainError becomes the dialect's words for it.

    Raises StartupError, where no server has started the services before the first request.
    """
    services, begun, outcome = http_request.services, time.perf_counter(), "InternalError"
    context = dialect.make_context(http_request, endpoint, variant)
    http_request.environ[IN_PROGRESS] = (dialect, context)
    try:
        if not services.started:
            services.start_if_new()
        _keep_to_this_machine(http_request)
        response = dialect.render_success(
            context, endpoint.view(context, dialect.authorize_and_bind(context))
        )
        outcome = "ok"
    except DomainError as error:
        response = dialect.render_error(context, error)
        outcome = type(error).__name__
        # It holds the frames that it went through, and some of them hold it: that would stay for a while.
        error.__traceback__ = error.__context__ = None
    finally:
        seconds = time.perf_counter() - begun
        if services.metrics is not None:
            services.metrics.observe(dialect.name, endpoint.path, outcome, seconds)
        if services.settings.log_requests:
            logs.request(http_request, dialect.name, outcome, seconds)
    # Or the environment, the call and the request would hold each other, and a large body in memory.
    del http_request.environ[IN_PROGRESS]
    return response


def _keep_to_this_machine(http_request: Request) -> None:
    settings = http_request.services.restricting_secrets
    if settings:
        reason = loopback.why_not_local(http_request.environ)
        if reason:
            raise DefaultSecretsInUse(settings, reason)
