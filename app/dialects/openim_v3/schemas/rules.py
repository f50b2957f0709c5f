"""Upstream's Check() functions as tables: conditions with their messages, in order, by generation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from ....errors import ArgumentInvalid
from ....formats.schema import INT32, GoRequest, field
from ....models import Page
from ..generations import CURRENT, LEGACY, Generation

Rule = tuple[Callable[[Any], object], str]
Rules = Mapping[Generation, Sequence[Rule]]

#: Upstream has no Check() for the request, or one that refuses nothing.
NO_RULES: Rules = {LEGACY: (), CURRENT: ()}


def check(request: Any, generation: Generation) -> None:
    """Apply the rules of the request's Check(). Raises ArgumentInvalid."""
    for refuses, words in request.RULES[generation]:
        if refuses(request):
            raise ArgumentInvalid(words)


def rules(*each: Rule) -> Rules:
    """Return rules that apply in both generations."""
    return {LEGACY: each, CURRENT: each}


def lacks(field: str, message: str) -> Rule:
    """Return a rule against an empty string, an empty list (which the service gets as none) or a zero."""
    return lambda request: not getattr(request, field), message


def repeats(user_ids: Sequence[str]) -> bool:
    """Return whether the list contains an id twice."""
    return len(set(user_ids)) < len(user_ids)


class SdkwsMessage(GoRequest):
    """A part of a request that many calls share."""

    __slots__ = ()
    GO_PACKAGE: ClassVar[str] = "sdkws"


@dataclass(slots=True)
class RequestPagination(SdkwsMessage):
    """The number of a page, counted from 1, and its size."""

    page_number: int = field(INT32, "pageNumber")
    show_number: int = field(INT32, "showNumber")

    def page(self) -> Page:
        """Return the page as a slice of a list; it may be empty."""
        return Page((self.page_number - 1) * max(self.show_number, 0), self.show_number)


PAGINATED: tuple[Rule, ...] = (
    lacks("pagination", "pagination is empty"),
    (lambda request: request.pagination.page_number < 1, "pageNumber is invalid"),
)
