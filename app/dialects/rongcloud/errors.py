"""What RongCloud answers to an error: HTTP status, code, text."""

from __future__ import annotations

from ...errors import (
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
from ...http.dialect import RequestContext
from ...http.error_rows import ErrorRow, ErrorTable, answer_of, error_message
from ...http.responses import Answer
from . import render
from .context import Context
from .settings import PROFILES


class BodyEmpty(BadRequest):
    """There is no POST data."""


class TooFrequent(DomainError):
    """The app calls more often than the setting allows."""


def _parameter_error(context: RequestContext, error: DomainError) -> str:
    return f"ParamError:{error}."


_BODY_TOO_LARGE = ErrorRow(BodyTooLarge, 413, 1508, error_message)
_EXISTS = "用户ID已存在"

TABLE = ErrorTable(
    ErrorRow(DomainError, 500, 1000, "internal error"),
    ErrorRow(NoSuchPath, 404, 404, "no such call"),
    ErrorRow(NoSuchMethod, 405, 405, "no such method"),
    ErrorRow(AppKeyUnknown, 400, 1002, "AppKey不存在"),
    ErrorRow(SignatureWrong, 401, 1004, "签名错误，请检查。"),
    ErrorRow(TooManyWrongSecrets, 429, 1008, error_message),
    ErrorRow(DefaultSecretsInUse, 401, 1006, error_message),
    _BODY_TOO_LARGE,
    ErrorRow(BodyEmpty, 400, 1003, "参数错误"),
    ErrorRow(BadRequest, 400, 1002, _parameter_error),
    ErrorRow(ArgumentTooLong, 400, 1005, _parameter_error),
    ErrorRow(UserIDInvalid, 400, 1002, lambda context, error: f"ParamError:userId {error.reason}."),
    ErrorRow(AdministratorProtected, 400, 1002, _parameter_error),
    ErrorRow(ReactivationTooEarly, 400, 1002, "ParamError:userId was deactivated less than an hour ago."),
    ErrorRow(TooFrequent, 429, 1008, "调用频率超限"),
    ErrorRow(TooManyUsers, 403, 2007, "测试用户数量超限"),
    ErrorRow(UserExists, 400, 1002, "ParamError:userId is deactivated."),
    ErrorRow(TokenAlreadyIssued, 409, 1004, _EXISTS),
    ErrorRow(WebhookRejected, 403, lambda error: error.code, lambda context, error: error.message),
    ErrorRow(WebhookUnavailable, 503, 1000, error_message),
    ErrorRow(ServiceUnavailable, 503, 1000, "the database is not available, try again later"),
)

_FORMATS = {
    "userId": (1005, "用户ID格式错误"),
    "name": (1006, "用户名称格式错误"),
    "portraitUri": (1007, "用户头像URI格式错误"),
}
_DOCUMENTED = PROFILES[0]

#: The codes of the vendor's page on getToken, which a `documented` app answers there.
DOCUMENTED = ErrorTable(
    ErrorRow(BadRequest, 400, 1003, "参数错误", variant=_DOCUMENTED),
    ErrorRow(BodyTooLarge, 413, 1508, error_message, variant=_DOCUMENTED),
    ErrorRow(
        ArgumentInvalid,
        400,
        lambda error: _FORMATS[error.name][0],
        lambda context, error: _FORMATS[error.name][1],
        variant=_DOCUMENTED,
    ),
    ErrorRow(ArgumentMissing, 400, 1003, "参数错误", variant=_DOCUMENTED),
    ErrorRow(UserIDInvalid, 400, *_FORMATS["userId"], variant=_DOCUMENTED),
    ErrorRow(UserExists, 409, 1004, _EXISTS, variant=_DOCUMENTED),
)
#: What subscriptions answer.
SUBSCRIPTIONS = ErrorTable(ErrorRow(BadRequest, 400, 26001, _parameter_error), _BODY_TOO_LARGE)

#: Calls whose errors the Go SDK reads under another key.
_GO_READS_MSG = ("/user/deactivate", "/user/reactivate")


def render_error(context: Context, error: DomainError) -> Answer:
    """Render an error with its path; every one has a code and a text, which SDKs need."""
    answer = answer_of(context, error, context.endpoint.errors, TABLE, variant=context.app.profile)
    body = {"url": context.http_request.sent_path, "code": answer.code, "errorMessage": answer.message}
    if context.endpoint.path.startswith(_GO_READS_MSG):
        body["msg"] = answer.message
    return render.render(context, body, answer.status)
