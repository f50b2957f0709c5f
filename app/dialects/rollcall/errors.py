"""Answers to errors of Rollcall's own calls: the codes and names of OpenIM 3.8, with plain messages."""

from __future__ import annotations

from ... import errors
from ...formats import go_json
from ...http import responses
from ...http.dialect import RequestContext
from ...http.error_rows import ErrorRow, ErrorTable, answer_of, error_message
from ...http.responses import JSON, Answer

TABLE = ErrorTable(
    ErrorRow(errors.DomainError, 500, 500, name="ServerInternalError"),
    ErrorRow(errors.BadRequest, 200, 1001, error_message, "ArgsError"),
    ErrorRow(errors.AccessDenied, 200, 1002, error_message, "NoPermissionError"),
    ErrorRow(errors.TokenMissing, 200, 1001, "header must have token", "ArgsError"),
    ErrorRow(errors.TokenExpired, 200, 1501, name="TokenExpiredError"),
    ErrorRow(errors.TokenMalformed, 200, 1503, name="TokenMalformedError"),
    ErrorRow(errors.TokenNotYetValid, 200, 1504, name="TokenNotValidYetError"),
    ErrorRow(errors.TokenSignatureInvalid, 200, 1505, error_message, "TokenUnknownError"),
    ErrorRow(errors.TokenKicked, 200, 1506, name="TokenKickedError"),
    ErrorRow(errors.TokenNotIssued, 200, 1507, name="TokenNotExistError"),
    ErrorRow(errors.UserNotFound, 200, 1004, "record not found", "RecordNotFoundError"),
    ErrorRow(errors.TooManyConnections, 200, 1601, error_message, "ConnOverMaxNumLimit"),
    ErrorRow(errors.ServiceUnavailable, 503, 90002, name="DatabaseError"),
)


def error_body(context: RequestContext, error: errors.DomainError) -> dict[str, object]:
    """Return the code, name and message of an error."""
    answer = answer_of(context, error, TABLE)
    return {"errCode": answer.code, "errMsg": answer.name, "errDlt": answer.message or answer.name}


def render_error(context: RequestContext, error: errors.DomainError) -> Answer:
    """Render an error."""
    if isinstance(error, errors.NoSuchCall):
        return responses.not_found()
    status = answer_of(context, error, TABLE).status
    return Answer(go_json.dumps(error_body(context, error)), status, JSON)
