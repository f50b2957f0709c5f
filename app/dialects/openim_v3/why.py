"""Why OpenIM v3 refuses a request, as far as only it can say."""

from __future__ import annotations

from collections.abc import Iterable

from ... import errors
from ...http.explanation_rows import Explanation, ExplanationTable
from ..openim.why import operation_id_elsewhere, secret_wrong
from .context import Context
from .generations import BASE_PATH, CURRENT, ONLY_GENERATION, SETTING
from .schemas.user import UserRegisterReq, illegal_characters
from .settings import OpenIMV3Settings

#: Errors of requests that may be meant for the other generation.
_MAY_BE_MISTAKEN = (errors.BadRequest, errors.TokenMissing, errors.NotAdministrator, errors.SecretWrong)
#: Ids that a sentence names.
_MAX_NAMED = 5
#: Characters of an id that are looked at.
_MAX_CHARS = 64


def _header(context: Context, error: errors.HeaderMissing) -> Iterable[str]:
    yield f"The header {error.name} is missing or empty; any text will do."
    if context.http_request.lower_keys.get("operationid"):
        yield "There is an operationID in the body, where OpenIM v2 has it."
        yield operation_id_elsewhere("v2")


def _not_administrator(context: Context, error: errors.NotAdministrator) -> Iterable[str]:
    admins = context.services.settings.groups[OpenIMV3Settings].openim_v3_admins
    yield f"The token is that of {error.user_id}; this call takes an administrator's (ROLLCALL_ADMINS)."
    yield f"/auth/get_admin_token issues one to {' or '.join(admins)} (ROLLCALL_OPENIM_V3_ADMINS)."


def _ids(request: UserRegisterReq) -> Iterable[str]:
    ids = [user.user_id[:_MAX_CHARS] for user in request.users or () if user]
    found = [(user_id, illegal_characters(user_id)) for user_id in ids]
    illegal = [f"{user_id!a} has {characters!a}" for user_id, characters in found if characters]
    if illegal:
        yield f"In 3.8 a new id has letters, digits and _ only: {', '.join(illegal[:_MAX_NAMED])}."


def _more(context: Context, error: errors.DomainError) -> Iterable[str]:
    """Add what an argument should be, and why the request is of its generation."""
    if isinstance(error, errors.ArgumentInvalid):
        if context.generation is CURRENT and isinstance(context.request, UserRegisterReq):
            yield from _ids(context.request)
        if context.endpoint.path == "/auth/get_admin_token":
            yield "The administrators that it knows are in ROLLCALL_OPENIM_V3_ADMINS."
    if isinstance(error, _MAY_BE_MISTAKEN) and context.because not in (BASE_PATH, SETTING, ONLY_GENERATION):
        yield (
            f"The request was treated as OpenIM {context.generation_name}: {context.because}. "
            "/v3.4 or /v3.8 before the path, or ROLLCALL_OPENIM_V3_GENERATION, pins the generation."
        )


WHY = ExplanationTable(
    Explanation(errors.HeaderMissing, _header),
    secret_wrong("openim_secret"),
    Explanation(errors.NotAdministrator, _not_administrator),
    Explanation(
        errors.CommandNotFound, lambda context, error: ("The user has no command of this type and uuid.",)
    ),
    more=_more,
)
