"""What Rollcall's own calls answer to an error: the codes and names of OpenIM 3.8, with plain messages."""

from __future__ import annotations

from ...errors import (
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
from ...formats import go_json
from ...http import responses
from ...http.error_rows import ErrorRow, ErrorTable, answer_of, error_message
from ...http.responses import JSON, Answer
from .context import Context

TABLE = ErrorTable(
    ErrorRow(DomainError, 500, 500, name="ServerInternalError"),
    ErrorRow(BadRequest, 200, 1001, error_message, "ArgsError"),
    ErrorRow(AccessDenied, 200, 1002, error_message, "NoPermissionError"),
    ErrorRow(TokenMissing, 200, 1001, "header must have token", "ArgsError"),
    ErrorRow(TokenExpired, 200, 1501, name="TokenExpiredError"),
    ErrorRow(TokenMalformed, 200, 1503, name="TokenMalformedError"),
    ErrorRow(TokenNotYetValid, 200, 1504, name="TokenNotValidYetError"),
    ErrorRow(TokenSignatureInvalid, 200, 1505, error_message, "TokenUnknownError"),
    ErrorRow(TokenKicked, 200, 1506, name="TokenKickedError"),
    ErrorRow(TokenNotIssued, 200, 1507, name="TokenNotExistError"),
    ErrorRow(UserNotFound, 200, 1004, "record not found", "RecordNotFoundError"),
    ErrorRow(TooManyConnections, 200, 1601, error_message, "ConnOverMaxNumLimit"),
    ErrorRow(ServiceUnavailable, 503, 90002, name="DatabaseError"),
)


def error_body(context: Context, error: DomainError) -> dict[str, object]:
    """Return the code, name and message of an error."""
    answer = answer_of(context, error, TABLE)
    return {"errCode": answer.code, "errMsg": answer.name, "errDlt": answer.message or answer.name}


def render_error(context: Context, error: DomainError) -> Answer:
    """Render an error."""
    if isinstance(error, NoSuchCall):
        return responses.not_found()
    status = answer_of(context, error, TABLE).status
    return Answer(go_json.dumps(error_body(context, error)), status, JSON)
