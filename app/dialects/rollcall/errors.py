"""What our own calls answer to a refusal: OpenIM v3's newest codes and names, with plain messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response

from app.dialects.rollcall.context import Context
from app.errors import (
    AccessDenied,
    BadRequest,
    DomainError,
    NoSuchCall,
    ServiceUnavailable,
    TokenExpired,
    TokenKicked,
    TokenMalformed,
    TokenMissing,
    TokenNotIssued,
    TokenNotYetValid,
    TokenSignatureInvalid,
    TooManyConnections,
    UserNotFound,
)
from app.wire import go_json, responses
from app.wire.error_rows import error_row


def _says_itself(error: DomainError) -> str:
    return str(error)


@dataclass(frozen=True)
class ErrorRow:
    """How a refusal is worded; without a message the name stands in its place."""

    code: int
    name: str
    message: Callable[[Any], str] = lambda error: ""
    status: int = 200


TABLE: Mapping[type[DomainError], ErrorRow] = {
    DomainError: ErrorRow(500, "ServerInternalError", status=500),
    BadRequest: ErrorRow(1001, "ArgsError", _says_itself),
    AccessDenied: ErrorRow(1002, "NoPermissionError", _says_itself),
    TokenMissing: ErrorRow(1001, "ArgsError", lambda error: "header must have token"),
    TokenExpired: ErrorRow(1501, "TokenExpiredError"),
    TokenMalformed: ErrorRow(1503, "TokenMalformedError"),
    TokenNotYetValid: ErrorRow(1504, "TokenNotValidYetError"),
    TokenSignatureInvalid: ErrorRow(1505, "TokenUnknownError", _says_itself),
    TokenKicked: ErrorRow(1506, "TokenKickedError"),
    TokenNotIssued: ErrorRow(1507, "TokenNotExistError"),
    UserNotFound: ErrorRow(1004, "RecordNotFoundError", lambda error: "record not found"),
    TooManyConnections: ErrorRow(1601, "ConnOverMaxNumLimit", _says_itself),
    ServiceUnavailable: ErrorRow(90002, "DatabaseError", status=503),
}


def error_body(error: DomainError) -> dict[str, object]:
    """Return a refusal as it stands in an envelope."""
    row = error_row(error, TABLE)
    return {"errCode": row.code, "errMsg": row.name, "errDlt": row.message(error) or row.name}


def render_error(context: Context, error: DomainError) -> Response:
    """Render a refusal."""
    if isinstance(error, NoSuchCall):
        return responses.not_found()
    return responses.json_answer(go_json.dumps(error_body(error)), error_row(error, TABLE).status)
