"""Why Rollcall's own calls refuse a request, as far as only they can say."""

from __future__ import annotations

from collections.abc import Iterable

from ...errors import NotAdministrator
from ...http.dialect import RequestContext
from ...http.explanation_rows import Explanation, ExplanationTable


def _not_administrator(context: RequestContext, error: NotAdministrator) -> Iterable[str]:
    yield f"The token is that of {error.user_id}; other users take an administrator's."
    yield f"The administrators are {', '.join(context.services.users.administrators)} (ROLLCALL_ADMINS)."
    if context.token and context.token.issuer:
        yield "A RongCloud token is never an administrator's."


WHY = ExplanationTable(Explanation(NotAdministrator, _not_administrator))
