"""What v2 answers to an error: HTTP status, errCode, errMsg."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ...errors import (
    AccessDenied,
    BadRequest,
    DefaultSecretsInUse,
    DomainError,
    NoSuchCall,
    NotAdministrator,
    NotOwner,
    SecretWrong,
    ServiceUnavailable,
    TokenExpired,
    TokenKicked,
    TokenMalformed,
    TokenMissing,
    TokenNotIssued,
    TokenNotYetValid,
    TokenRefused,
    TokenSignatureInvalid,
    TooManyWrongSecrets,
    UserExists,
    UserNotFound,
    WebhookRejected,
    WebhookUnavailable,
)
from ...formats import go_json
from ...http import responses
from ...http.dialect import RequestContext
from ...http.error_rows import AnyErrorRow, ErrorRow, ErrorTable, answer_of, error_message
from ...http.responses import JSON, NO_DATA, Answer


class BirthStrInvalid(DomainError):
    """`birthStr` is no date. Upstream finds out after the validation, so this is no BadRequest."""


class SomeNotDeleted(DomainError):
    """Some of the users could not be deleted; the others are."""

    def __init__(self, user_ids: Sequence[str]) -> None:
        super().__init__(", ".join(user_ids))
        #: The users who were not registered, or are administrators.
        self.user_ids = tuple(user_ids)


# Upstream's errors name the place in its source; the numbers are v2.3.3's. Unlike upstream's, none of these
# texts repeats the token.
_PARSE = "==> Open_IM/pkg/common/token_verify.ParseToken()"
_CLAIM = f"{_PARSE}@192: : ==> Open_IM/pkg/common/token_verify.GetClaimFromToken()"
_TOKEN_TEXTS: Mapping[type[TokenRefused], str] = {
    TokenMissing: f"{_CLAIM}@104: : that's not even a token",
    TokenMalformed: f"{_CLAIM}@104: : that's not even a token",
    TokenExpired: f"{_CLAIM}@106: : token is timed out, please log in again",
    TokenNotYetValid: f"{_CLAIM}@108: : token not active yet",
    TokenSignatureInvalid: f"{_CLAIM}@110: : couldn't handle this token",
    TokenNotIssued: f"{_PARSE}@217: redis token map not find: couldn't handle this token",
    TokenKicked: f"{_PARSE}@211: this token has been kicked by other same terminal : user has been kicked",
}


# A call that differs from most in what it says about a body or a token declares so by one of these rows.


def bind_failed(code: int = 400) -> AnyErrorRow:
    """Put "BindJSON failed" before what is wrong with the body."""
    return ErrorRow(BadRequest, 400, code, lambda context, error: f" BindJSON failed {error}")


def token_refused(
    status: int, code: int = 500, function: str = "GetUserIDFromToken", *, has_operation_id: bool = True
) -> AnyErrorRow:
    """Answer a refused token as `function` of upstream does, which forgets the operationID in places."""

    def message(context: RequestContext, error: TokenRefused) -> str:
        prefix = f"{context.operation_id} " if has_operation_id else ""
        return f"{prefix}{function} failed {_TOKEN_TEXTS[type(error)]}"

    return ErrorRow(TokenRefused, status, code, message)


def no_permission(
    data: Callable[[RequestContext, DomainError], object],
) -> tuple[AnyErrorRow, AnyErrorRow]:
    """Give the refusal of callers who are neither administrators nor owners a `data`."""
    return (
        ErrorRow(NotAdministrator, 200, 801, "no permission", data=data),
        ErrorRow(NotOwner, 200, 801, "no permission", data=data),
    )


TABLE = ErrorTable(
    ErrorRow(DomainError, 500, 500, "call  rpc server failed"),
    ErrorRow(BadRequest, 400, 400, error_message),
    ErrorRow(AccessDenied, 200, 801, "no permission"),
    ErrorRow(DefaultSecretsInUse, 400, 401, error_message),
    ErrorRow(
        SecretWrong,
        400,
        401,
        lambda context, error: f"{context.operation_id} params.Secret != config.Config.Secret ",
    ),
    ErrorRow(TooManyWrongSecrets, 400, 401, error_message),
    token_refused(400),
    ErrorRow(UserNotFound, 200, 802, "db failed"),
    ErrorRow(
        UserExists,
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
    ErrorRow(WebhookRejected, 200, lambda error: error.code, lambda context, error: error.message),
    ErrorRow(WebhookUnavailable, 500, 500, error_message),
    ErrorRow(ServiceUnavailable, 503, 802, "db failed"),
)


def render_error(context: RequestContext, error: DomainError) -> Answer:
    """Render an error."""
    if isinstance(error, NoSuchCall):
        return responses.not_found()
    answer = answer_of(context, error, context.endpoint.errors, TABLE)
    body: dict[str, object] = {"errCode": answer.code, "errMsg": answer.message}
    if answer.data is not NO_DATA:
        body["data"] = answer.data
    return Answer(go_json.dumps(body), answer.status, JSON)
