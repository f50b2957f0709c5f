"""Why Rollcall's own calls refuse a request, as far as only they can say."""

from __future__ import annotations

from collections.abc import Iterable

from ...errors import NotAdministrator, NotPermitted
from ...http.dialect import RequestContext
from ...http.explanation_rows import Explanation, ExplanationTable, administrators


def _not_administrator(context: RequestContext, error: NotAdministrator) -> Iterable[str]:
    yield f"The token is that of {error.user_id}; requests about others take an administrator's."
    yield administrators(context)
    if context.token and context.token.issuer:
        yield "A RongCloud token is never an administrator's."


def _not_permitted(context: RequestContext, error: NotPermitted) -> Iterable[str]:
    asked = getattr(context.request, "platform_id", None)
    yield f"The request names platform {asked}, and {error}; only an administrator may name another."


WHY = ExplanationTable(
    Explanation(NotAdministrator, _not_administrator),
    Explanation(NotPermitted, _not_permitted),
)
