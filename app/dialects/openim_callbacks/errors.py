"""What a callback that is refused is answered: OpenIM v3's codes and names; gateways only log it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response

from app.dialects.openim_callbacks import render
from app.errors import AccessDenied, BadRequest, DomainError, NoSuchCall, ServiceUnavailable
from app.wire import responses
from app.wire.context import RequestContext as Context
from app.wire.error_rows import error_row


@dataclass(frozen=True)
class ErrorRow:
    """How a refusal is worded; without a message the name stands in its place."""

    status: int
    code: int
    name: str
    message: Callable[[Any], str] = lambda error: ""


TABLE: Mapping[type[DomainError], ErrorRow] = {
    DomainError: ErrorRow(500, 500, "ServerInternalError"),
    BadRequest: ErrorRow(400, 1001, "ArgsError", str),
    AccessDenied: ErrorRow(403, 1002, "NoPermissionError", str),
    ServiceUnavailable: ErrorRow(503, 90002, "DatabaseError"),
}


def render_error(context: Context, error: DomainError) -> Response:
    """Render a refusal."""
    if isinstance(error, NoSuchCall):
        return responses.not_found()
    row = error_row(error, TABLE)
    return render.answer(1, row.code, row.name, row.message(error) or row.name, row.status)
