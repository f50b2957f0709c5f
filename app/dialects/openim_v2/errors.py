"""What v2 answers to a refusal: HTTP status, errCode, errMsg."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response

from app.dialects.openim_v2.call import Call
from app.errors import (
    AccessDenied,
    BadRequest,
    DomainError,
    HookFailed,
    HookRefused,
    NoSuchCall,
    NotAdministrator,
    NotOwner,
    SecretsDocumented,
    SecretWrong,
    ServiceUnavailable,
    TokenExpired,
    TokenForged,
    TokenKicked,
    TokenMalformed,
    TokenMissing,
    TokenNotYetValid,
    TokenRefused,
    TokenUnknown,
    TooManyWrongSecrets,
    UserExists,
    UserNotFound,
)
from app.wire import go_json, plain
from app.wire.rows import row_of


class BirthStrUnreadable(DomainError):
    """`birthStr` is no date. Upstream finds out behind the validation, so this is no BadRequest."""


class SomeNotDeleted(DomainError):
    """Some of the users could not be deleted; the others are gone."""

    def __init__(self, user_ids: Sequence[str]) -> None:
        super().__init__(", ".join(user_ids))
        #: Who is still there, or never was.
        self.user_ids = tuple(user_ids)


@dataclass(frozen=True)
class Row:
    """How a refusal is worded."""

    status: int
    code: int
    text: Callable[[Call, Any], str]
    data: Callable[[Call, Any], object] | None = None
    """What stands under `data`; None leaves the key out."""
    coded: bool = False
    """Whether the refusal has a code of its own, in the place of this one."""


Rows = Mapping[type[DomainError], Row]

# The wrapper of upstream's errors names the place in its source; the numbers are v2.3.3's.
_PARSE = "==> Open_IM/pkg/common/token_verify.ParseToken()"
_CLAIM = f"{_PARSE}@192: : ==> Open_IM/pkg/common/token_verify.GetClaimFromToken()"
_TOKEN_TEXTS: Mapping[type[DomainError], str] = {
    TokenMissing: f"{_CLAIM}@104: : that's not even a token",
    TokenMalformed: f"{_CLAIM}@104: : that's not even a token",
    TokenExpired: f"{_CLAIM}@106: : token is timed out, please log in again",
    TokenNotYetValid: f"{_CLAIM}@108: : token not active yet",
    TokenForged: f"{_CLAIM}@110: : couldn't handle this token",
    TokenUnknown: f"{_PARSE}@217: redis token map not find: couldn't handle this token",
    TokenKicked: f"{_PARSE}@211: this token has been kicked by other same terminal : user has been kicked",
}


def says_itself(call: Call, error: DomainError) -> str:
    """Word a refusal as it words itself."""
    return str(error)


def _no_permission(call: Call, error: DomainError) -> str:
    return "no permission"


def nothing(call: Call, error: DomainError) -> None:
    """Return the `data` of a call whose answer has one and whose refusal has none to show."""


# Unlike upstream's, none of these repeats the token.
def _token_text(call: Call, error: TokenRefused) -> str:
    return f"{call.operation_id} GetUserIDFromToken failed {row_of(error, _TOKEN_TEXTS)}"


def _token_text_alone(call: Call, error: TokenRefused) -> str:
    return f"GetUserIDFromToken failed {row_of(error, _TOKEN_TEXTS)}"


def _token_time_text(call: Call, error: TokenRefused) -> str:
    return f"{call.operation_id} GetUserIDFromTokenExpireTime failed {row_of(error, _TOKEN_TEXTS)}"


# A call that differs from most in what it says to a body or a token declares so by one of these.


def bind_failed(code: int = 400) -> Rows:
    """Put "BindJSON failed" before what is wrong with the body."""
    return {BadRequest: Row(400, code, lambda call, error: f" BindJSON failed {error}")}


def token_refused(status: int, code: int = 500) -> Rows:
    """Answer a refused token with another HTTP status or code than most."""
    return {TokenRefused: Row(status, code, _token_text)}


def token_refused_without_operation_id(status: int) -> Rows:
    """Answer a refused token without the operationID, which upstream forgot in places."""
    return {TokenRefused: Row(status, 500, _token_text_alone)}


#: What parse_token answers to a refused token.
TOKEN_NOT_PARSED: Rows = {TokenRefused: Row(200, 1001, _token_time_text)}


def no_permission(data: Callable[[Call, Any], object]) -> Rows:
    """Give the refusal of who is no administrator, or not the owner, a `data`."""
    row = Row(200, 801, _no_permission, data)
    return {NotAdministrator: row, NotOwner: row}


TABLE: Rows = {
    DomainError: Row(500, 500, lambda call, error: "call  rpc server failed"),
    BadRequest: Row(400, 400, says_itself),
    AccessDenied: Row(200, 801, _no_permission),
    SecretsDocumented: Row(400, 401, says_itself),
    SecretWrong: Row(
        400, 401, lambda call, error: f"{call.operation_id} params.Secret != config.Config.Secret "
    ),
    TooManyWrongSecrets: Row(400, 401, says_itself),
    TokenRefused: Row(400, 500, _token_text),
    UserNotFound: Row(200, 802, lambda call, error: "db failed"),
    UserExists: Row(
        500,
        500,
        lambda call, error: (
            f"{call.operation_id}  UserRegister failed {call.operation_id} imdb.UserRegister failed "
            f"Error 1062: Duplicate entry '{error.user_id}' for key 'PRIMARY'{error.user_id}"
        ),
    ),
    BirthStrUnreadable: Row(
        500, 500, lambda call, error: f"{call.operation_id}  UserRegister failed {error}"
    ),
    HookRefused: Row(200, 0, lambda call, error: error.message, coded=True),
    HookFailed: Row(500, 500, says_itself),
    ServiceUnavailable: Row(503, 802, lambda call, error: "db failed"),
}


def failure(call: Call, error: DomainError) -> Response:
    """Render a refusal."""
    if isinstance(error, NoSuchCall):
        return plain.not_found()
    row = row_of(error, call.endpoint.rows, TABLE)
    code = getattr(error, "code", row.code) if row.coded else row.code
    body: dict[str, object] = {"errCode": code, "errMsg": row.text(call, error)}
    if row.data is not None:
        body["data"] = row.data(call, error)
    return plain.json_answer(go_json.dumps(body), row.status)
