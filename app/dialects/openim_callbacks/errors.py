"""What a callback that is refused is answered: OpenIM v3's codes and names; gateways only log it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response

from app.dialects.openim_callbacks import render
from app.errors import AccessDenied, BadRequest, DomainError, NoSuchCall, ServiceUnavailable
from app.wire import plain
from app.wire.call import Call
from app.wire.rows import row_of


@dataclass(frozen=True)
class Row:
    """How a refusal is worded; without a message the name stands in its place."""

    status: int
    code: int
    name: str
    message: Callable[[Any], str] = lambda error: ""


TABLE: Mapping[type[DomainError], Row] = {
    DomainError: Row(500, 500, "ServerInternalError"),
    BadRequest: Row(400, 1001, "ArgsError", str),
    AccessDenied: Row(403, 1002, "NoPermissionError", str),
    ServiceUnavailable: Row(503, 90002, "DatabaseError"),
}


def failure(call: Call, error: DomainError) -> Response:
    """Render a refusal."""
    if isinstance(error, NoSuchCall):
        return plain.not_found()
    row = row_of(error, TABLE)
    return render.answer(1, row.code, row.name, row.message(error) or row.name, row.status)
