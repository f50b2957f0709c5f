"""Error tables: a dialect's answers to errors, by class."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from ..errors import DomainError
from .responses import NO_DATA

if TYPE_CHECKING:
    from .dialect import RequestContext

E = TypeVar("E", bound=DomainError)


class ErrorAnswer(NamedTuple):
    """The contents of a dialect's envelope for an error."""

    status: int
    code: int
    name: str
    """The code's name, in dialects that send one."""
    message: str
    data: object
    """The value of `data`; NO_DATA omits the key."""
    is_verbatim: bool
    """Whether the message is sent without the additions of a variant."""


@dataclass(frozen=True)
class ErrorRow(Generic[E]):
    """The answer to one class of errors. A class without a row has that of its nearest ancestor."""

    error: type[E]
    status: int
    code: int | Callable[[E], int]
    message: str | Callable[[RequestContext, E], str] = ""
    name: str | Callable[[E], str] = ""
    data: Callable[[RequestContext, E], object] | None = None
    variant: Hashable = None
    """The generation or profile that it belongs to; None for all of them."""
    is_verbatim: bool = False

    @property
    def key(self) -> tuple[Hashable, type[DomainError]]:
        """The row's key in a table."""
        return self.variant, self.error

    def answer(self, context: RequestContext, error: DomainError) -> ErrorAnswer:
        """Return the answer to an error of the class."""
        assert isinstance(error, self.error), f"{error!r} was given the row of {self.error.__name__}"
        return ErrorAnswer(
            self.status,
            self.code if isinstance(self.code, int) else self.code(error),
            self.name if isinstance(self.name, str) else self.name(error),
            self.message if isinstance(self.message, str) else self.message(context, error),
            NO_DATA if self.data is None else self.data(context, error),
            self.is_verbatim,
        )


class AnyErrorRow(Protocol):
    """A row of any class of errors."""

    @property
    def key(self) -> tuple[Hashable, type[DomainError]]:
        """The row's key in a table."""
        ...

    def answer(self, context: RequestContext, error: DomainError) -> ErrorAnswer:
        """Return the answer to an error of the class."""
        ...


def error_message(context: RequestContext, error: DomainError) -> str:
    """Return the error's own text."""
    return str(error)


class ErrorTable:
    """Rows by variant and error class."""

    def __init__(self, *rows: AnyErrorRow) -> None:
        self._rows: dict[tuple[Hashable, type[Exception]], AnyErrorRow] = {row.key: row for row in rows}

    def find(self, error: DomainError, variant: Hashable) -> AnyErrorRow | None:
        """Return the row of the error's class or nearest ancestor: the variant's own, else the common one."""
        for wanted in dict.fromkeys((variant, None)):
            for class_ in type(error).__mro__:
                row = self._rows.get((wanted, class_))
                if row is not None:
                    return row
        return None


def answer_of(
    context: RequestContext, error: DomainError, *tables: ErrorTable, variant: Hashable = None
) -> ErrorAnswer:
    """Return the answer to an error, from the first of `tables` that has a row for it.

    The last table has a row for DomainError itself, so there is always one.
    """
    for table in tables:
        row = table.find(error, variant)
        if row is not None:
            return row.answer(context, error)
    raise LookupError(f"no table has a row for {type(error).__name__}")
