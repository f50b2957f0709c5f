"""Why OpenIM's dialects refuse a secret."""

from __future__ import annotations

from collections.abc import Iterable

from ...domain.auth_throttle import is_one_of
from ...errors import SecretWrong
from ...http.dialect import RequestContext
from ...http.explanation_rows import Explanation
from ...settings import variable


def secret_wrong(setting: str) -> Explanation[RequestContext, SecretWrong]:
    """Return the explanation of a secret that is not the one in a setting."""
    return Explanation(SecretWrong, lambda context, error: _reasons(context, variable(setting)))


def _reasons(context: RequestContext, right: str) -> Iterable[str]:
    given = str(getattr(context.request, "secret", ""))
    if not given:
        yield f"The body has no secret; the right one is in {right}."
        return
    yield f"The secret in the body, of {len(given)} characters, is not the one in {right}."
    for name, secret in context.services.settings.secrets:
        if name != right and is_one_of(given, [secret]):
            yield f"It is the one in {name}."
            return
        if name == right and given.strip(" \t\r\n\"'").lower() == secret.lower():
            yield "It differs from the right one in blanks, quotation marks or upper and lower case only."
            return


def operation_id_elsewhere(version: str) -> str:
    """Return where to send a request that is meant for the other version."""
    return (
        f"If the request is meant for OpenIM {version}, send it below /{version}, or set "
        f"ROLLCALL_OPENIM_DEFAULT={version}."
    )
