"""RongCloud's answers to errors: HTTP status, code, text."""

from __future__ import annotations

from ... import errors
from ...http.dialect import RequestContext
from ...http.error_rows import ErrorRow, ErrorTable, answer_of, error_message
from ...http.responses import Answer
from . import render
from .context import Context
from .settings import PROFILES, RongCloudSettings


class BodyEmpty(errors.BadRequest):
    """The body is empty."""

    def __init__(self) -> None:
        super().__init__("the body is empty")


class TooFrequent(errors.DomainError):
    """The app calls more often than the setting allows."""


def _parameter_error(context: RequestContext, error: errors.DomainError) -> str:
    return f"ParamError:{error}."


def _unknown_key(context: RequestContext, error: errors.DomainError) -> str:
    """Return the text of the profile that all apps have, by default that of `documented`."""
    apps = context.services.settings.groups[RongCloudSettings].rongcloud_apps
    is_live = apps and not any(app.is_documented for app in apps)
    return "invalid App-Key." if is_live else "AppKey不存在"


_DOCUMENTED, _LIVE = PROFILES
_PARAMETER_ERROR = (1003, "参数错误")
_BODY_TOO_LARGE = ErrorRow(errors.BodyTooLarge, 413, 1508, error_message)
_EXISTS = "用户ID已存在"

TABLE = ErrorTable(
    ErrorRow(errors.DomainError, 500, 1000, "internal error"),
    ErrorRow(errors.NoSuchPath, 404, 404, "no such call"),
    ErrorRow(errors.NoSuchMethod, 405, 405, "no such method"),
    ErrorRow(errors.AppKeyUnknown, 400, 1002, _unknown_key),
    ErrorRow(errors.SignatureWrong, 401, 1004, "签名错误，请检查。"),
    ErrorRow(errors.TooManyWrongSecrets, 429, 1008, error_message),
    ErrorRow(errors.DefaultSecretsInUse, 401, 1006, error_message),
    _BODY_TOO_LARGE,
    ErrorRow(BodyEmpty, 400, *_PARAMETER_ERROR),
    ErrorRow(errors.BadRequest, 400, 1002, _parameter_error),
    ErrorRow(errors.ArgumentTooLong, 400, 1005, _parameter_error),
    ErrorRow(
        errors.ArgumentMissing,
        400,
        1002,
        lambda context, error: f"The parameter {error.name} is required.",
        variant=_LIVE,
    ),
    ErrorRow(
        errors.UserNotFound,
        400,
        1002,
        lambda context, error: f"userId{error.user_id} is not exist.",
        variant=_LIVE,
    ),
    ErrorRow(errors.UserIDInvalid, 400, 1002, lambda context, error: f"ParamError:userId {error.reason}."),
    ErrorRow(errors.AdministratorProtected, 400, 1002, _parameter_error),
    ErrorRow(
        errors.ReactivationTooEarly, 400, 1002, "ParamError:userId was deactivated less than an hour ago."
    ),
    ErrorRow(TooFrequent, 429, 1008, "调用频率超限"),
    ErrorRow(errors.TooManyUsers, 403, 2007, "测试用户数量超限"),
    ErrorRow(errors.UserExists, 400, 1002, "ParamError:userId is deactivated."),
    ErrorRow(errors.TokenAlreadyIssued, 409, 1004, _EXISTS),
    ErrorRow(errors.WebhookRejected, 403, lambda error: error.code, lambda context, error: error.message),
    ErrorRow(errors.WebhookUnavailable, 503, 1000, error_message),
    ErrorRow(errors.ServiceUnavailable, 503, 1000, "the database is not available, try again later"),
)

_FORMATS = {
    "userId": (1005, "用户ID格式错误"),
    "name": (1006, "用户名称格式错误"),
    "portraitUri": (1007, "用户头像URI格式错误"),
}


def _format_error(error: errors.ArgumentInvalid) -> tuple[int, str]:
    """Return code and text by the parameter; the answer of a before-hook has none."""
    return _FORMATS.get(error.name, _PARAMETER_ERROR)


#: The codes on the vendor's page on getToken, used by `documented` apps in that call.
DOCUMENTED = ErrorTable(
    ErrorRow(errors.BadRequest, 400, *_PARAMETER_ERROR, variant=_DOCUMENTED),
    ErrorRow(errors.BodyTooLarge, 413, 1508, error_message, variant=_DOCUMENTED),
    ErrorRow(
        errors.ArgumentInvalid,
        400,
        lambda error: _format_error(error)[0],
        lambda context, error: _format_error(error)[1],
        variant=_DOCUMENTED,
    ),
    ErrorRow(errors.ArgumentMissing, 400, *_PARAMETER_ERROR, variant=_DOCUMENTED),
    ErrorRow(errors.UserIDInvalid, 400, *_FORMATS["userId"], variant=_DOCUMENTED),
    ErrorRow(errors.UserExists, 409, 1004, _EXISTS, variant=_DOCUMENTED),
)
#: The codes of subscriptions.
SUBSCRIPTIONS = ErrorTable(ErrorRow(errors.BadRequest, 400, 26001, _parameter_error), _BODY_TOO_LARGE)

#: Calls whose error text the Go SDK reads from `msg`.
_GO_READS_MSG = ("/user/deactivate", "/user/reactivate", "/user/profile/query", "/user/profile/batch/query")


def render_error(context: Context, error: errors.DomainError) -> Answer:
    """Render an error with the path as sent; SDKs need a code and a text in each."""
    answer = answer_of(context, error, context.endpoint.errors, TABLE, variant=context.app.profile)
    body = {"url": context.http_request.sent_path, "code": answer.code, "errorMessage": answer.message}
    if context.endpoint.path.startswith(_GO_READS_MSG):
        body["msg"] = answer.message
    return render.render(context, body, answer.status)
