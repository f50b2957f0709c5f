"""Load rows in parts, so that loading can stop before all are in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)
_PART = 100


class Meter(Protocol[T_contra]):
    """Counts what is loaded, and raises if it is too much."""

    def expect(self, rows: int) -> None:
        """Check the number of rows before they are loaded."""
        ...

    def count(self, part: Sequence[T_contra]) -> None:
        """Count rows that were loaded."""
        ...


def fetch(cursor: sqlite3.Cursor, row: Callable[..., T], meter: Meter[T]) -> list[T]:
    """Return the rows, each as `row` makes it of its columns; the meter counts each part."""
    found: list[T] = []
    while columns := cursor.fetchmany(_PART):
        part = [row(*each) for each in columns]
        meter.count(part)
        found += part
    return found
