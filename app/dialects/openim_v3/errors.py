"""What v3 answers to a refusal: errCode, its name, a message; a generation words them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response

from app.dialects.openim_v3.call import Call, answer
from app.dialects.openim_v3.generations import CURRENT, LEGACY, Generation
from app.errors import (
    AccessDenied,
    BadRequest,
    BodyUnreadable,
    CommandNotFound,
    DomainError,
    HookFailed,
    HookGarbled,
    HookRefused,
    NoFreeUserID,
    NoSuchCall,
    NotAdministrator,
    NotOwner,
    PatternRefused,
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


def says_itself(error: DomainError) -> str:
    return str(error)


def _nothing(error: DomainError) -> str:
    return ""


@dataclass(frozen=True)
class Row:
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


Rows = Mapping[type[DomainError], Row]

ARGS = "ArgsError"
NO_PERMISSION = "NoPermissionError"
NOT_FOUND = "RecordNotFoundError"
TOKEN_UNKNOWN = Row(1505, "TokenUnknownError")

TABLE: Rows = {
    DomainError: Row(500, "ServerInternalError", status=500),
    BadRequest: Row(1001, ARGS, says_itself),
    PatternRefused: Row(500, "ServerInternalError", says_itself, named=says_itself),
    AccessDenied: Row(1002, NO_PERMISSION, says_itself),
    SecretWrong: Row(1002, NO_PERMISSION, lambda error: "secret invalid"),
    NotAdministrator: Row(1002, NO_PERMISSION, lambda error: f"user {error.user_id} is not admin userID"),
    NotOwner: Row(1002, NO_PERMISSION, lambda error: f"ownerUserID, {error.owner_id}=MISSING"),
    TokenMissing: Row(1001, ARGS, lambda error: "header must have token"),
    TokenExpired: Row(1501, "TokenExpiredError"),
    TokenMalformed: Row(1503, "TokenMalformedError"),
    TokenNotYetValid: Row(1504, "TokenNotValidYetError"),
    TokenRefused: TOKEN_UNKNOWN,
    TokenKicked: Row(1506, "TokenKickedError"),
    TokenUnknown: Row(1507, "TokenNotExistError"),
    UserNotFound: Row(1004, NOT_FOUND, lambda error: "record not found"),
    CommandNotFound: Row(1004, NOT_FOUND),
    NoFreeUserID: Row(500, "ServerInternalError", lambda error: "gen user id failed"),
    UserExists: Row(1102, "RegisteredAlreadyError", lambda error: "userID registered already"),
    HookRefused: Row(
        0, "", lambda error: error.detail, named=lambda error: error.message, bare=True, coded=True
    ),
    HookFailed: Row(90004, "NetworkError", says_itself),
    HookGarbled: Row(90007, "DataError", lambda error: f"{error} response format error"),
    ServiceUnavailable: Row(90002, "DatabaseError", status=503),
}

#: What a generation words differently.
OWN: Mapping[Generation, Rows] = {
    LEGACY: {
        BodyUnreadable: Row(1001, ARGS, says_itself, status=400, bare=True),
        # A 3.4 server parses the header's token in its API process, where every JWT problem looks the same.
        TokenExpired: TOKEN_UNKNOWN,
        TokenMalformed: TOKEN_UNKNOWN,
        TokenNotYetValid: TOKEN_UNKNOWN,
        UserNotFound: Row(1004, NOT_FOUND, lambda error: f": 1004 {NOT_FOUND} userID not found"),
        NotOwner: Row(1002, NO_PERMISSION, lambda error: "CheckAccessV3"),
    },
    CURRENT: {
        # From 3.8.3 on the JWT library's text stands in the place of the name.
        TokenForged: Row(1505, "TokenUnknownError", named=lambda error: error.reason),
    },
}


def failure(call: Call, error: DomainError) -> Response:
    """Render a refusal; HTTP says 200 to almost all of them."""
    if isinstance(error, NoSuchCall):
        return plain.not_found()
    row = row_of(error, call.endpoint.rows.get(call.generation, {}), OWN[call.generation], TABLE)
    return answer(call, go_json.dumps(row.body(error, call.generation)), row.status)
