"""Answers to refused callbacks: OpenIM v3's codes and names, which gateways only log."""

from __future__ import annotations

from ...errors import AccessDenied, BadRequest, DomainError, NoSuchCall, ServiceUnavailable
from ...http import responses
from ...http.dialect import RequestContext
from ...http.error_rows import ErrorRow, ErrorTable, answer_of, error_message
from ...http.responses import Answer
from . import render

TABLE = ErrorTable(
    ErrorRow(DomainError, 500, 500, name="ServerInternalError"),
    ErrorRow(BadRequest, 400, 1001, error_message, "ArgsError"),
    ErrorRow(AccessDenied, 403, 1002, error_message, "NoPermissionError"),
    ErrorRow(ServiceUnavailable, 503, 90002, name="DatabaseError"),
)


def render_error(context: RequestContext, error: DomainError) -> Answer:
    """Render an error."""
    if isinstance(error, NoSuchCall):
        return responses.not_found()
    answer = answer_of(context, error, TABLE)
    return render.envelope(1, answer.code, answer.name, answer.message or answer.name, answer.status)
