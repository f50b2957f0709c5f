"""What v2 answers to a refusal: HTTP status, errCode, errMsg."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response

from app.dialects.openim_v2.call import Call
from app.errors import (
    AccessDenied,
    BadRequest,
    DomainError,
    NoSuchCall,
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
    UserExists,
    UserNotFound,
)
from app.wire import go_json, plain
from app.wire.rows import row_of


class BirthStrUnreadable(DomainError):
    """`birthStr` is no date. Upstream finds out behind the validation, so this is no BadRequest."""


@dataclass(frozen=True)
class Row:
    """How a refusal is worded."""

    status: int
    code: int
    text: Callable[[Call, Any], str]
    data: Callable[[Any], object] | None = None
    """What stands under `data`; None leaves the key out."""


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


def _says_itself(call: Call, error: DomainError) -> str:
    return str(error)


def _token_text(call: Call, error: TokenRefused) -> str:
    """Word a refused token; unlike upstream, without repeating the token."""
    return f"{call.operation_id} GetUserIDFromToken failed {row_of(error, _TOKEN_TEXTS)}"


#: The row of a call that puts "BindJSON failed" before what is wrong with the body.
BIND_FAILED: Rows = {BadRequest: Row(400, 400, lambda call, error: f" BindJSON failed {error}")}


def token_refused(status: int) -> Rows:
    """Return the row of a call that answers a refused token with another HTTP status than most."""
    return {TokenRefused: Row(status, 500, _token_text)}


TABLE: Rows = {
    DomainError: Row(500, 500, lambda call, error: "call  rpc server failed"),
    BadRequest: Row(400, 400, _says_itself),
    AccessDenied: Row(200, 801, lambda call, error: "no permission"),
    SecretsDocumented: Row(400, 401, _says_itself),
    SecretWrong: Row(
        400, 401, lambda call, error: f"{call.operation_id} params.Secret != config.Config.Secret "
    ),
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
    ServiceUnavailable: Row(503, 802, lambda call, error: "db failed"),
}


def failure(call: Call, error: DomainError) -> Response:
    """Render a refusal."""
    if isinstance(error, NoSuchCall):
        return plain.not_found()
    row = row_of(error, call.endpoint.rows, TABLE)
    body: dict[str, object] = {"errCode": row.code, "errMsg": row.text(call, error)}
    if row.data is not None:
        body["data"] = row.data(error)
    return plain.json_answer(go_json.dumps(body), row.status)
