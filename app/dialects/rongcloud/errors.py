"""What RongCloud answers to a refusal: HTTP status, code, text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response

from app.dialects.rongcloud import render
from app.dialects.rongcloud.context import Context
from app.errors import (
    AdministratorProtected,
    AppKeyUnknown,
    ArgumentInvalid,
    ArgumentMissing,
    ArgumentTooLong,
    BadRequest,
    BodyTooLarge,
    DefaultSecretsInUse,
    DomainError,
    NoSuchMethod,
    NoSuchPath,
    ReactivationTooEarly,
    ServiceUnavailable,
    SignatureWrong,
    TokenAlreadyIssued,
    TooManyUsers,
    TooManyWrongSecrets,
    UserExists,
    UserIDInvalid,
    WebhookRejected,
    WebhookUnavailable,
)
from app.wire.error_rows import error_row


class BodyEmpty(BadRequest):
    """There is no POST data."""


class TooFrequent(DomainError):
    """The app calls more often than the setting allows."""


@dataclass(frozen=True)
class Reply:
    """How a refusal is worded."""

    status: int
    code: int
    text: str


#: Where a call keeps rows that are the same in both profiles.
ANY_PROFILE = "both"

ErrorRow = Callable[[Any], Reply]
Rows = Mapping[type[DomainError], ErrorRow]


def _fixed(status: int, code: int, text: str) -> ErrorRow:
    reply = Reply(status, code, text)
    return lambda error: reply


def _saying(status: int, code: int) -> ErrorRow:
    return lambda error: Reply(status, code, f"ParamError:{error}.")


TABLE: Rows = {
    DomainError: _fixed(500, 1000, "internal error"),
    NoSuchPath: _fixed(404, 404, "no such call"),
    NoSuchMethod: _fixed(405, 405, "no such method"),
    AppKeyUnknown: _fixed(400, 1002, "AppKey不存在"),
    SignatureWrong: _fixed(401, 1004, "签名错误，请检查。"),
    TooManyWrongSecrets: lambda error: Reply(429, 1008, str(error)),
    DefaultSecretsInUse: lambda error: Reply(401, 1006, str(error)),
    BodyTooLarge: lambda error: Reply(413, 1508, str(error)),
    BodyEmpty: _fixed(400, 1003, "参数错误"),
    BadRequest: _saying(400, 1002),
    ArgumentTooLong: _saying(400, 1005),
    UserIDInvalid: lambda error: Reply(400, 1002, f"ParamError:userId {error.reason}."),
    AdministratorProtected: _saying(400, 1002),
    ReactivationTooEarly: _fixed(400, 1002, "ParamError:userId was deactivated less than an hour ago."),
    TooFrequent: _fixed(429, 1008, "调用频率超限"),
    TooManyUsers: _fixed(403, 2007, "测试用户数量超限"),
    UserExists: _fixed(400, 1002, "ParamError:userId is deactivated."),
    TokenAlreadyIssued: _fixed(409, 1004, "用户ID已存在"),
    WebhookRejected: lambda error: Reply(403, error.code, error.message),
    WebhookUnavailable: lambda error: Reply(503, 1000, str(error)),
    ServiceUnavailable: _fixed(503, 1000, "the database is not available, try again later"),
}

_FORMATS = {
    "userId": Reply(400, 1005, "用户ID格式错误"),
    "name": Reply(400, 1006, "用户名称格式错误"),
    "portraitUri": Reply(400, 1007, "用户头像URI格式错误"),
}

#: The codes of the vendor's page on getToken, which a `documented` app answers there.
DOCUMENTED: Rows = {
    BadRequest: _fixed(400, 1003, "参数错误"),
    BodyTooLarge: TABLE[BodyTooLarge],
    ArgumentInvalid: lambda error: _FORMATS[error.name],
    ArgumentMissing: _fixed(400, 1003, "参数错误"),
    UserIDInvalid: lambda error: _FORMATS["userId"],
    UserExists: TABLE[TokenAlreadyIssued],
}
#: What subscriptions answer, of either profile.
SUBSCRIPTIONS: Rows = {BadRequest: _saying(400, 26001), BodyTooLarge: TABLE[BodyTooLarge]}


#: Calls whose refusals the Go SDK looks for under another key.
_GO_READS_MSG = ("/user/deactivate", "/user/reactivate")


def render_error(context: Context, error: DomainError) -> Response:
    """Render a refusal; the path stands in it, and every one has a code and a text (SDKs need both)."""
    rows = context.endpoint.rows
    own = rows.get(context.app.profile, rows.get(ANY_PROFILE, {}))
    reply = error_row(error, own, TABLE)(error)
    body = {"url": context.http_request.path, "code": reply.code, "errorMessage": reply.text}
    if context.endpoint.path.startswith(_GO_READS_MSG):
        body["msg"] = reply.text
    return render.answer(context, body, reply.status)
