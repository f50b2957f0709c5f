"""What our own calls answer to a refusal: OpenIM v3's newest codes and names, with plain messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response

from app.dialects.rollcall.call import Call
from app.errors import (
    AccessDenied,
    BadRequest,
    DomainError,
    NoSuchCall,
    ServiceUnavailable,
    TokenExpired,
    TokenForged,
    TokenKicked,
    TokenMalformed,
    TokenMissing,
    TokenNotYetValid,
    TokenUnknown,
    TooManyConnections,
    UserNotFound,
)
from app.wire import go_json, plain
from app.wire.rows import row_of


def _says_itself(error: DomainError) -> str:
    return str(error)


@dataclass(frozen=True)
class Row:
    """How a refusal is worded; without a message the name stands in its place."""

    code: int
    name: str
    message: Callable[[Any], str] = lambda error: ""
    status: int = 200


TABLE: Mapping[type[DomainError], Row] = {
    DomainError: Row(500, "ServerInternalError", status=500),
    BadRequest: Row(1001, "ArgsError", _says_itself),
    AccessDenied: Row(1002, "NoPermissionError", _says_itself),
    TokenMissing: Row(1001, "ArgsError", lambda error: "header must have token"),
    TokenExpired: Row(1501, "TokenExpiredError"),
    TokenMalformed: Row(1503, "TokenMalformedError"),
    TokenNotYetValid: Row(1504, "TokenNotValidYetError"),
    TokenForged: Row(1505, "TokenUnknownError", _says_itself),
    TokenKicked: Row(1506, "TokenKickedError"),
    TokenUnknown: Row(1507, "TokenNotExistError"),
    UserNotFound: Row(1004, "RecordNotFoundError", lambda error: "record not found"),
    TooManyConnections: Row(1601, "ConnOverMaxNumLimit", _says_itself),
    ServiceUnavailable: Row(90002, "DatabaseError", status=503),
}


def worded(error: DomainError) -> dict[str, object]:
    """Return a refusal as it stands in an envelope."""
    row = row_of(error, TABLE)
    return {"errCode": row.code, "errMsg": row.name, "errDlt": row.message(error) or row.name}


def failure(call: Call, error: DomainError) -> Response:
    """Render a refusal."""
    if isinstance(error, NoSuchCall):
        return plain.not_found()
    return plain.json_answer(go_json.dumps(worded(error)), row_of(error, TABLE).status)
