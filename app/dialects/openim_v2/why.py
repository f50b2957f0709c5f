"""Why OpenIM v2 refuses a request, as far as only it can say."""

from __future__ import annotations

from collections.abc import Iterable

from ...errors import ArgumentInvalid
from ...http.dialect import RequestContext
from ...http.explanation_rows import Explanation, ExplanationTable
from ..openim.why import operation_id_elsewhere, secret_wrong
from .errors import BirthStrInvalid, SomeNotDeleted


def _not_deleted(context: RequestContext, error: SomeNotDeleted) -> Iterable[str]:
    yield f"Not registered, or administrators (ROLLCALL_ADMINS): {error}. The others were deleted."


def _arguments(context: RequestContext, error: ArgumentInvalid) -> Iterable[str]:
    """Name the fields that the lines of upstream's validator are about."""
    for line in str(error).splitlines():
        key, _, rule = line.partition("' Error:")
        tag = rule.rpartition("' tag")[0].rpartition("'")[2]
        name = key.rpartition(".")[2]
        yield (
            f"The field {name} does not pass the rule {tag}." if tag else f"The request does not fit: {line}."
        )
        if name == "OperationID":
            yield operation_id_elsewhere("v3")


WHY = ExplanationTable(
    secret_wrong("openim_v2_secret"),
    Explanation(ArgumentInvalid, _arguments),
    Explanation(BirthStrInvalid, lambda context, error: (f"The field birthStr is not a date: {error}.",)),
    Explanation(SomeNotDeleted, _not_deleted),
)
