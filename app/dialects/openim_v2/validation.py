"""The `binding` tags of v2's request structs, with the rules and texts of go-playground/validator v10."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from ...errors import ArgumentInvalid


def validate(request: Any) -> None:
    """Check every field; the error has a line for each that fails, in the order of the struct.

    Raises ArgumentInvalid.
    """
    lines = [
        f"Key: '{rule.key}' Error:Field validation for '{rule.field}' failed on the '{tag}' tag"
        for rule in _rules(type(request))  # type: ignore[arg-type]
        if (tag := rule.failing(getattr(request, rule.name))) is not None
    ]
    if lines:
        raise ArgumentInvalid("\n".join(lines))


@dataclass(frozen=True)
class _Rule:
    name: str
    key: str
    field: str
    optional: bool
    checks: tuple[tuple[str, Callable[[Any], bool]], ...]

    def failing(self, value: Any) -> str | None:
        """Return the first tag that the value fails; an optional field's zero value fails none."""
        if self.optional and not value:
            return None
        return next((tag for tag, holds in self.checks if not holds(value)), None)


@cache
def _rules(request: type[Any]) -> tuple[_Rule, ...]:
    struct = request.__name__
    rules = []
    # A dataclass puts the fields of its base first; upstream's struct may begin with others.
    for each in sorted(fields(request), key=lambda each: "first" not in each.metadata):
        if "binding" not in each.metadata:
            continue
        path: str = each.metadata["go"]
        tags = each.metadata["binding"].split(",")
        checks = tuple(_check(tag) for tag in tags if tag != "omitempty")
        rules.append(
            _Rule(each.name, f"{struct}.{path}", path.rpartition(".")[2], "omitempty" in tags, checks)
        )
    return tuple(rules)


def _check(tag: str) -> tuple[str, Callable[[Any], bool]]:
    name, _, argument = tag.partition("=")
    return name, _CHECKS[name](argument)


def _size(value: Any) -> int:
    """Return a number itself, and the length of any other value (of text in code points, as Go's runes)."""
    return value if isinstance(value, int) else len(value)


def _required(argument: str) -> Callable[[Any], bool]:
    # An empty array counts as given.
    return lambda value: value == () or bool(value)


def _at_least(argument: str) -> Callable[[Any], bool]:
    return lambda value: _size(value) >= int(argument)


def _at_most(argument: str) -> Callable[[Any], bool]:
    return lambda value: _size(value) <= int(argument)


def _one_of(argument: str) -> Callable[[Any], bool]:
    choices = {int(choice) for choice in argument.split()}
    return lambda value: value in choices


_CHECKS: dict[str, Callable[[str], Callable[[Any], bool]]] = {
    "required": _required,
    "min": _at_least,
    "max": _at_most,
    "lte": _at_most,
    "oneof": _one_of,
}
