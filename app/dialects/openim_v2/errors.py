"""What v2 answers to a refusal: HTTP status, errCode, errMsg."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response

from app.dialects.openim_v2.context import Context
from app.errors import (
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
from app.wire import go_json, responses
from app.wire.error_rows import error_row


class BirthStrUnreadable(DomainError):
    """`birthStr` is no date. Upstream finds out behind the validation, so this is no BadRequest."""


class SomeNotDeleted(DomainError):
    """Some of the users could not be deleted; the others are gone."""

    def __init__(self, user_ids: Sequence[str]) -> None:
        super().__init__(", ".join(user_ids))
        #: Who is still there, or never was.
        self.user_ids = tuple(user_ids)


@dataclass(frozen=True)
class ErrorRow:
    """How a refusal is worded."""

    status: int
    code: int
    text: Callable[[Context, Any], str]
    data: Callable[[Context, Any], object] | None = None
    """What stands under `data`; None leaves the key out."""
    coded: bool = False
    """Whether the refusal has a code of its own, in the place of this one."""


Rows = Mapping[type[DomainError], ErrorRow]

# The wrapper of upstream's errors names the place in its source; the numbers are v2.3.3's.
_PARSE = "==> Open_IM/pkg/common/token_verify.ParseToken()"
_CLAIM = f"{_PARSE}@192: : ==> Open_IM/pkg/common/token_verify.GetClaimFromToken()"
_TOKEN_TEXTS: Mapping[type[DomainError], str] = {
    TokenMissing: f"{_CLAIM}@104: : that's not even a token",
    TokenMalformed: f"{_CLAIM}@104: : that's not even a token",
    TokenExpired: f"{_CLAIM}@106: : token is timed out, please log in again",
    TokenNotYetValid: f"{_CLAIM}@108: : token not active yet",
    TokenSignatureInvalid: f"{_CLAIM}@110: : couldn't handle this token",
    TokenNotIssued: f"{_PARSE}@217: redis token map not find: couldn't handle this token",
    TokenKicked: f"{_PARSE}@211: this token has been kicked by other same terminal : user has been kicked",
}


def error_message(context: Context, error: DomainError) -> str:
    """Word a refusal as it words itself."""
    return str(error)


def _no_permission(context: Context, error: DomainError) -> str:
    return "no permission"


def nothing(context: Context, error: DomainError) -> None:
    """Return the `data` of a call whose answer has one and whose refusal has none to show."""


# Unlike upstream's, none of these repeats the token.
def _token_text(context: Context, error: TokenRefused) -> str:
    return f"{context.operation_id} GetUserIDFromToken failed {error_row(error, _TOKEN_TEXTS)}"


def _token_text_alone(context: Context, error: TokenRefused) -> str:
    return f"GetUserIDFromToken failed {error_row(error, _TOKEN_TEXTS)}"


def _token_time_text(context: Context, error: TokenRefused) -> str:
    return f"{context.operation_id} GetUserIDFromTokenExpireTime failed {error_row(error, _TOKEN_TEXTS)}"


# A call that differs from most in what it says to a body or a token declares so by one of these.


def bind_failed(code: int = 400) -> Rows:
    """Put "BindJSON failed" before what is wrong with the body."""
    return {BadRequest: ErrorRow(400, code, lambda context, error: f" BindJSON failed {error}")}


def token_refused(status: int, code: int = 500) -> Rows:
    """Answer a refused token with another HTTP status or code than most."""
    return {TokenRefused: ErrorRow(status, code, _token_text)}


def token_refused_without_operation_id(status: int) -> Rows:
    """Answer a refused token without the operationID, which upstream forgot in places."""
    return {TokenRefused: ErrorRow(status, 500, _token_text_alone)}


#: What parse_token answers to a refused token.
TOKEN_NOT_PARSED: Rows = {TokenRefused: ErrorRow(200, 1001, _token_time_text)}


def no_permission(data: Callable[[Context, Any], object]) -> Rows:
    """Give the refusal of who is no administrator, or not the owner, a `data`."""
    row = ErrorRow(200, 801, _no_permission, data)
    return {NotAdministrator: row, NotOwner: row}


TABLE: Rows = {
    DomainError: ErrorRow(500, 500, lambda context, error: "call  rpc server failed"),
    BadRequest: ErrorRow(400, 400, error_message),
    AccessDenied: ErrorRow(200, 801, _no_permission),
    DefaultSecretsInUse: ErrorRow(400, 401, error_message),
    SecretWrong: ErrorRow(
        400, 401, lambda context, error: f"{context.operation_id} params.Secret != config.Config.Secret "
    ),
    TooManyWrongSecrets: ErrorRow(400, 401, error_message),
    TokenRefused: ErrorRow(400, 500, _token_text),
    UserNotFound: ErrorRow(200, 802, lambda context, error: "db failed"),
    UserExists: ErrorRow(
        500,
        500,
        lambda context, error: (
            f"{context.operation_id}  UserRegister failed {context.operation_id} imdb.UserRegister failed "
            f"Error 1062: Duplicate entry '{error.user_id}' for key 'PRIMARY'{error.user_id}"
        ),
    ),
    BirthStrUnreadable: ErrorRow(
        500, 500, lambda context, error: f"{context.operation_id}  UserRegister failed {error}"
    ),
    WebhookRejected: ErrorRow(200, 0, lambda context, error: error.message, coded=True),
    WebhookUnavailable: ErrorRow(500, 500, error_message),
    ServiceUnavailable: ErrorRow(503, 802, lambda context, error: "db failed"),
}


def render_error(context: Context, error: DomainError) -> Response:
    """Render a refusal."""
    if isinstance(error, NoSuchCall):
        return responses.not_found()
    row = error_row(error, context.endpoint.rows, TABLE)
    code = getattr(error, "code", row.code) if row.coded else row.code
    body: dict[str, object] = {"errCode": code, "errMsg": row.text(context, error)}
    if row.data is not None:
        body["data"] = row.data(context, error)
    return responses.json_answer(go_json.dumps(body), row.status)
