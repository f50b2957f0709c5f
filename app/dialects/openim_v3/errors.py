"""v3's answers to errors: errCode, its name and a message, which the generation renders."""

from __future__ import annotations

from ... import errors
from ...formats import go_json
from ...http import responses
from ...http.error_rows import AnyErrorRow, ErrorRow, ErrorTable, answer_of, error_message
from ...http.responses import Answer
from .context import Context, send
from .generations import CURRENT, LEGACY

ARGS = "ArgsError"
NO_PERMISSION = "NoPermissionError"
NOT_FOUND = "RecordNotFoundError"
INTERNAL = "ServerInternalError"
TOKEN_UNKNOWN = "TokenUnknownError"


def user_not_found(message: str, generation: object = None) -> AnyErrorRow:
    """Return a row for an unknown user with the call's own message."""
    return ErrorRow(errors.UserNotFound, 200, 1004, message, NOT_FOUND, variant=generation)


#: In some calls, 3.8 passes on MongoDB's message.
UNKNOWN_TO_MONGO = user_not_found("mongo: no documents in result mongo find one", CURRENT)


def bound_by_gin(generation: object = None) -> AnyErrorRow:
    """Return a row for an invalid body as gin answers it: HTTP 400, and only the message in `errDlt`."""
    return ErrorRow(errors.BodyInvalid, 400, 1001, error_message, ARGS, variant=generation, is_verbatim=True)


# Token errors of calls that report them exactly in both generations.
TOKEN_EXPIRED = ErrorRow(errors.TokenExpired, 200, 1501, name="TokenExpiredError")
TOKEN_MALFORMED = ErrorRow(errors.TokenMalformed, 200, 1503, name="TokenMalformedError")
TOKEN_NOT_YET_VALID = ErrorRow(errors.TokenNotYetValid, 200, 1504, name="TokenNotValidYetError")

TABLE = ErrorTable(
    ErrorRow(errors.DomainError, 500, 500, name=INTERNAL),
    ErrorRow(errors.BadRequest, 200, 1001, error_message, ARGS),
    bound_by_gin(LEGACY),
    ErrorRow(errors.AccessDenied, 200, 1002, error_message, NO_PERMISSION),
    ErrorRow(errors.SecretWrong, 200, 1002, "secret invalid", NO_PERMISSION),
    ErrorRow(
        errors.NotAdministrator,
        200,
        1002,
        lambda context, error: f"user {error.user_id} is not admin userID",
        NO_PERMISSION,
    ),
    ErrorRow(
        errors.NotOwner,
        200,
        1002,
        lambda context, error: f"ownerUserID, {error.owner_id}=MISSING",
        NO_PERMISSION,
    ),
    ErrorRow(errors.NotOwner, 200, 1002, "CheckAccessV3", NO_PERMISSION, variant=LEGACY),
    ErrorRow(errors.TokenMissing, 200, 1001, "header must have token", ARGS),
    TOKEN_EXPIRED,
    TOKEN_MALFORMED,
    TOKEN_NOT_YET_VALID,
    ErrorRow(errors.TokenRefused, 200, 1505, name=TOKEN_UNKNOWN),
    # A 3.4 server parses the header's token in its API process, which reports all JWT errors alike.
    ErrorRow(errors.TokenExpired, 200, 1505, name=TOKEN_UNKNOWN, variant=LEGACY),
    ErrorRow(errors.TokenMalformed, 200, 1505, name=TOKEN_UNKNOWN, variant=LEGACY),
    ErrorRow(errors.TokenNotYetValid, 200, 1505, name=TOKEN_UNKNOWN, variant=LEGACY),
    # From 3.8.3 on the JWT library's text replaces the name.
    ErrorRow(
        errors.TokenSignatureInvalid,
        200,
        1505,
        TOKEN_UNKNOWN,
        name=lambda error: error.reason,
        variant=CURRENT,
    ),
    ErrorRow(errors.TokenKicked, 200, 1506, name="TokenKickedError"),
    ErrorRow(errors.TokenNotIssued, 200, 1507, name="TokenNotExistError"),
    user_not_found("record not found"),
    user_not_found(f": 1004 {NOT_FOUND} userID not found", LEGACY),
    ErrorRow(errors.CommandNotFound, 200, 1004, name=NOT_FOUND),
    ErrorRow(errors.NoFreeUserID, 200, 500, "gen user id failed", INTERNAL),
    ErrorRow(errors.UserExists, 200, 1102, "userID registered already", "RegisteredAlreadyError"),
    ErrorRow(
        errors.WebhookRejected,
        200,
        lambda error: error.code,
        lambda context, error: error.detail,
        name=lambda error: error.message,
        is_verbatim=True,
    ),
    ErrorRow(errors.WebhookUnavailable, 200, 90004, error_message, "NetworkError"),
    ErrorRow(
        errors.WebhookResponseInvalid,
        200,
        90007,
        lambda context, error: f"{error} response format error",
        "DataError",
    ),
    ErrorRow(errors.ServiceUnavailable, 503, 90002, name="DatabaseError"),
)


def render_error(context: Context, error: errors.DomainError) -> Answer:
    """Render an error; the HTTP status is 200 for almost all."""
    if isinstance(error, errors.NoSuchCall):
        return responses.not_found()
    generation = context.generation
    answer = answer_of(context, error, context.endpoint.errors, TABLE, variant=generation)
    detail = (
        answer.message if answer.is_verbatim else generation.detail(answer.message, answer.code, answer.name)
    )
    body = {"errCode": answer.code, "errMsg": answer.name, "errDlt": detail}
    return send(context, go_json.dumps(body), answer.status)
