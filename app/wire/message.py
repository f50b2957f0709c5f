"""What a request is made of: a class of fields that nobody changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

M = TypeVar("M")


@dataclass_transform(frozen_default=True)
def message(cls: type[M]) -> type[M]:
    """Make a class a dataclass that is frozen for the type checker.

    Freezing it at run time too would make each request take three times as long to build, and comparing and
    printing, which nobody does, the import of a hundred such classes.
    """
    return dataclass(slots=True, eq=False, repr=False)(cls)
