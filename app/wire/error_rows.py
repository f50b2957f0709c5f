"""Look a refusal up in a dialect's tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from app.errors import DomainError

ErrorRow = TypeVar("ErrorRow")


def error_row(error: DomainError, *tables: Mapping[type[DomainError], ErrorRow]) -> ErrorRow:
    """Return the row of the error's class or nearest ancestor in the first of `tables` that has one.

    The last table has a row for DomainError itself, so there is always one.
    """
    for table in tables:
        for kind in type(error).__mro__:
            if kind in table:
                return table[kind]
    raise LookupError(f"no table has a row for {type(error).__name__}")
