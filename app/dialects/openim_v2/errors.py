"""v2's answers to errors: HTTP status, errCode, errMsg."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ... import errors
from ...formats import go_json
from ...http import responses
from ...http.dialect import RequestContext
from ...http.error_rows import AnyErrorRow, ErrorRow, ErrorTable, answer_of, error_message
from ...http.responses import JSON, NO_DATA, Answer


class BirthStrInvalid(errors.DomainError):
    """`birthStr` is not a date. Upstream detects it after validation, so it is not an errors.BadRequest."""


class SomeNotDeleted(errors.DomainError):
    """Some of the users could not be deleted; the others were."""

    def __init__(self, user_ids: Sequence[str]) -> None:
        super().__init__(", ".join(user_ids))
        #: The users who were not registered, or are administrators.
        self.user_ids = tuple(user_ids)


# Upstream's errors name a line in its source; the numbers are v2.3.3's. Unlike upstream's, these texts never
# repeat the token.
_PARSE = "==> Open_IM/pkg/common/token_verify.ParseToken()"
_CLAIM = f"{_PARSE}@192: : ==> Open_IM/pkg/common/token_verify.GetClaimFromToken()"
_TOKEN_TEXTS: Mapping[type[errors.TokenRefused], str] = {
    errors.TokenMissing: f"{_CLAIM}@104: : that's not even a token",
    errors.TokenMalformed: f"{_CLAIM}@104: : that's not even a token",
    errors.TokenExpired: f"{_CLAIM}@106: : token is timed out, please log in again",
    errors.TokenNotYetValid: f"{_CLAIM}@108: : token not active yet",
    errors.TokenSignatureInvalid: f"{_CLAIM}@110: : couldn't handle this token",
    errors.TokenNotIssued: f"{_PARSE}@217: redis token map not find: couldn't handle this token",
    errors.TokenKicked: f"{_PARSE}@211: this token has been kicked by other same terminal : user has been "
    "kicked",
}


# Rows for calls whose answer to an invalid body or token differs from most.


def bind_failed(code: int = 400) -> AnyErrorRow:
    """Return a row that puts "BindJSON failed" before the error of an invalid body."""
    return ErrorRow(errors.BadRequest, 400, code, lambda context, error: f" BindJSON failed {error}")


def token_refused(
    status: int, code: int = 500, function: str = "GetUserIDFromToken", *, has_operation_id: bool = True
) -> AnyErrorRow:
    """Return a row for refused tokens, as upstream's `function` answers; some calls omit the operationID."""

    def message(context: RequestContext, error: errors.TokenRefused) -> str:
        prefix = f"{context.operation_id} " if has_operation_id else ""
        return f"{prefix}{function} failed {_TOKEN_TEXTS[type(error)]}"

    return ErrorRow(errors.TokenRefused, status, code, message)


def no_permission(
    data: Callable[[RequestContext, errors.DomainError], object],
) -> tuple[AnyErrorRow, AnyErrorRow]:
    """Return rows that add `data` to the refusal of callers who are neither administrators nor owners."""
    return (
        ErrorRow(errors.NotAdministrator, 200, 801, "no permission", data=data),
        ErrorRow(errors.NotOwner, 200, 801, "no permission", data=data),
    )


TABLE = ErrorTable(
    ErrorRow(errors.DomainError, 500, 500, "call  rpc server failed"),
    ErrorRow(errors.BadRequest, 400, 400, error_message),
    ErrorRow(errors.AccessDenied, 200, 801, "no permission"),
    ErrorRow(errors.DefaultSecretsInUse, 400, 401, error_message),
    ErrorRow(
        errors.SecretWrong,
        400,
        401,
        lambda context, error: f"{context.operation_id} params.Secret != config.Config.Secret ",
    ),
    ErrorRow(errors.TooManyWrongSecrets, 400, 401, error_message),
    token_refused(400),
    ErrorRow(errors.UserNotFound, 200, 802, "db failed"),
    ErrorRow(
        errors.UserExists,
        500,
        500,
        lambda context, error: (
            f"{context.operation_id}  UserRegister failed {context.operation_id} imdb.UserRegister failed "
            f"Error 1062: Duplicate entry '{error.user_id}' for key 'PRIMARY'{error.user_id}"
        ),
    ),
    ErrorRow(
        BirthStrInvalid,
        500,
        500,
        lambda context, error: f"{context.operation_id}  UserRegister failed {error}",
    ),
    ErrorRow(errors.WebhookRejected, 200, lambda error: error.code, lambda context, error: error.message),
    ErrorRow(errors.WebhookUnavailable, 500, 500, error_message),
    ErrorRow(errors.ServiceUnavailable, 503, 802, "db failed"),
)


def render_error(context: RequestContext, error: errors.DomainError) -> Answer:
    """Render an error."""
    if isinstance(error, errors.NoSuchCall):
        return responses.not_found()
    answer = answer_of(context, error, context.endpoint.errors, TABLE)
    body: dict[str, object] = {"errCode": answer.code, "errMsg": answer.message}
    if answer.data is not NO_DATA:
        body["data"] = answer.data
    return Answer(go_json.dumps(body), answer.status, JSON)
