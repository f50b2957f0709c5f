"""What v3 answers to a refusal: errCode, its name, a message; a generation words them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response

from app.dialects.openim_v3.context import Context, answer
from app.dialects.openim_v3.generations import CURRENT, LEGACY, Generation
from app.errors import (
    AccessDenied,
    BadRequest,
    BodyInvalid,
    CommandNotFound,
    DomainError,
    NoFreeUserID,
    NoSuchCall,
    NotAdministrator,
    NotOwner,
    PatternInvalid,
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
    UserExists,
    UserNotFound,
    WebhookRejected,
    WebhookResponseInvalid,
    WebhookUnavailable,
)
from app.wire import go_json, responses
from app.wire.error_rows import error_row


def error_message(error: DomainError) -> str:
    return str(error)


def _nothing(error: DomainError) -> str:
    return ""


@dataclass(frozen=True)
class ErrorRow:
    """How a refusal is worded."""

    code: int
    name: str
    message: Callable[[Any], str] = _nothing
    status: int = 200
    named: Callable[[Any], str] | None = None
    """What stands in `errMsg` instead of the name."""
    bare: bool = False
    """Whether the message is all of `errDlt`, in either generation."""
    coded: bool = False
    """Whether the refusal has a code of its own, in the place of this one."""

    def body(self, error: DomainError, generation: Generation) -> dict[str, object]:
        """Word a refusal in the way of a generation."""
        message = self.message(error)
        return {
            "errCode": getattr(error, "code", self.code) if self.coded else self.code,
            "errMsg": self.named(error) if self.named else self.name,
            "errDlt": message if self.bare else generation.detail(message, self.code, self.name),
        }


Rows = Mapping[type[DomainError], ErrorRow]

ARGS = "ArgsError"
NO_PERMISSION = "NoPermissionError"
NOT_FOUND = "RecordNotFoundError"
TOKEN_UNKNOWN = ErrorRow(1505, "TokenUnknownError")

TABLE: Rows = {
    DomainError: ErrorRow(500, "ServerInternalError", status=500),
    BadRequest: ErrorRow(1001, ARGS, error_message),
    PatternInvalid: ErrorRow(500, "ServerInternalError", error_message, named=error_message),
    AccessDenied: ErrorRow(1002, NO_PERMISSION, error_message),
    SecretWrong: ErrorRow(1002, NO_PERMISSION, lambda error: "secret invalid"),
    NotAdministrator: ErrorRow(
        1002, NO_PERMISSION, lambda error: f"user {error.user_id} is not admin userID"
    ),
    NotOwner: ErrorRow(1002, NO_PERMISSION, lambda error: f"ownerUserID, {error.owner_id}=MISSING"),
    TokenMissing: ErrorRow(1001, ARGS, lambda error: "header must have token"),
    TokenExpired: ErrorRow(1501, "TokenExpiredError"),
    TokenMalformed: ErrorRow(1503, "TokenMalformedError"),
    TokenNotYetValid: ErrorRow(1504, "TokenNotValidYetError"),
    TokenRefused: TOKEN_UNKNOWN,
    TokenKicked: ErrorRow(1506, "TokenKickedError"),
    TokenNotIssued: ErrorRow(1507, "TokenNotExistError"),
    UserNotFound: ErrorRow(1004, NOT_FOUND, lambda error: "record not found"),
    CommandNotFound: ErrorRow(1004, NOT_FOUND),
    NoFreeUserID: ErrorRow(500, "ServerInternalError", lambda error: "gen user id failed"),
    UserExists: ErrorRow(1102, "RegisteredAlreadyError", lambda error: "userID registered already"),
    WebhookRejected: ErrorRow(
        0, "", lambda error: error.detail, named=lambda error: error.message, bare=True, coded=True
    ),
    WebhookUnavailable: ErrorRow(90004, "NetworkError", error_message),
    WebhookResponseInvalid: ErrorRow(90007, "DataError", lambda error: f"{error} response format error"),
    ServiceUnavailable: ErrorRow(90002, "DatabaseError", status=503),
}

#: What a generation words differently.
BUILT_IN: Mapping[Generation, Rows] = {
    LEGACY: {
        BodyInvalid: ErrorRow(1001, ARGS, error_message, status=400, bare=True),
        # A 3.4 server parses the header's token in its API process, where every JWT problem looks the same.
        TokenExpired: TOKEN_UNKNOWN,
        TokenMalformed: TOKEN_UNKNOWN,
        TokenNotYetValid: TOKEN_UNKNOWN,
        UserNotFound: ErrorRow(1004, NOT_FOUND, lambda error: f": 1004 {NOT_FOUND} userID not found"),
        NotOwner: ErrorRow(1002, NO_PERMISSION, lambda error: "CheckAccessV3"),
    },
    CURRENT: {
        # From 3.8.3 on the JWT library's text stands in the place of the name.
        TokenSignatureInvalid: ErrorRow(1505, "TokenUnknownError", named=lambda error: error.reason),
    },
}


def render_error(context: Context, error: DomainError) -> Response:
    """Render a refusal; HTTP says 200 to almost all of them."""
    if isinstance(error, NoSuchCall):
        return responses.not_found()
    row = error_row(
        error, context.endpoint.rows.get(context.generation, {}), BUILT_IN[context.generation], TABLE
    )
    return answer(context, go_json.dumps(row.body(error, context.generation)), row.status)
