"""Explanation tables: why a dialect's requests are refused, by the class of the error."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from ..errors import DomainError

if TYPE_CHECKING:
    from .dialect import RequestContext


def sentence(text: str) -> str:
    """Return a text as a sentence."""
    return f"{text[:1].upper()}{text[1:]}."


def administrators(context: RequestContext) -> str:
    """Return a sentence that names the administrators."""
    return f"The administrators are {', '.join(context.services.users.administrators)} (ROLLCALL_ADMINS)."


E = TypeVar("E", bound=DomainError)
C = TypeVar("C", bound="RequestContext")


More = Callable[[Any, DomainError], Iterable[str]]


class AnyExplanation(Protocol):
    """The explanation of any class of errors, in any dialect."""

    @property
    def key(self) -> type[DomainError]:
        """The class."""
        ...

    def sentences(self, context: RequestContext, error: DomainError) -> Iterable[str]:
        """Return why an error of the class was raised."""
        ...


@dataclass(frozen=True)
class Explanation(Generic[C, E]):
    """The explanation of one class of errors. A class without one has that of its nearest ancestor."""

    error: type[E]
    explain: Callable[[C, E], Iterable[str]]

    @property
    def key(self) -> type[DomainError]:
        """The class."""
        return self.error

    def sentences(self, context: RequestContext, error: DomainError) -> Iterable[str]:
        """Return why an error of the class was raised."""
        assert isinstance(error, self.error), f"{error!r} was given the row of {self.error.__name__}"
        return self.explain(context, error)  # type: ignore[arg-type]


class ExplanationTable:
    """Explanations by error class."""

    def __init__(self, *rows: AnyExplanation, more: More = lambda context, error: ()) -> None:
        """`more` returns what is added to the explanation of any error."""
        self.more = more
        self._rows: dict[type[object], AnyExplanation] = {row.key: row for row in rows}

    def find(self, class_: type[object]) -> AnyExplanation | None:
        """Return the explanation of exactly this class."""
        return self._rows.get(class_)
