"""Bind parameters to a request dataclass: first what is missing, then how many, then how long, then what."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from app.dialects.rongcloud.parameters import Parameters
from app.errors import ArgumentInvalid, ArgumentMissing, ArgumentTooLong
from app.models import Subscription, UserAttribute
from app.wire.body import without_surrogates

R = TypeVar("R")

MAX_USER_ID_BYTES = 64  # bytes
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
# Levels of brackets in a value.
_MAX_DEPTH = 100
_DIGITS = re.compile("-?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Kind:
    """How the values of a parameter become what a request holds."""

    take: Callable[[str, Sequence[str]], Any]
    """Take the parameter's name and its values. Raises ArgumentInvalid."""
    default: Any = None
    """What an absent or blank parameter is."""
    split: Callable[[Sequence[str]], list[str]] = list
    """How values that were joined come apart."""
    max_values: int = 1
    """Values at the most; of a parameter that has one, the first counts."""
    is_too_long: Callable[[str], bool] = lambda value: False


def parameter(kind: Kind, name: str, required: bool = True) -> Any:
    """Declare a field: its kind, its name on the wire, and whether it has to be there."""
    return field(default=kind.default, metadata={"kind": kind, "name": name, "required": required})


def bind(request: type[R], parameters: Parameters) -> R:
    """Make a request. Raises ArgumentMissing, ArgumentTooLong or ArgumentInvalid."""
    given = []
    for row in fields(request):  # type: ignore[arg-type]
        kind: Kind = row.metadata["kind"]
        values = kind.split(parameters.get(row.metadata["name"], ()))
        given.append((row, kind, row.metadata["name"], values))
    for row, _, name, values in given:
        if row.metadata["required"] and not any(value.strip() for value in values):
            raise ArgumentMissing(f"{name} is required", name)
    for _, kind, name, values in given:
        if kind.max_values > 1 and len(values) > kind.max_values:
            raise ArgumentInvalid(f"{name} has over {kind.max_values} values", name)
    for _, kind, name, values in given:
        if any(kind.is_too_long(value) for value in values):
            raise ArgumentTooLong(f"{name} is too long", name)
    return request(
        **{
            row.name: kind.take(name, values) if any(value.strip() for value in values) else kind.default
            for row, kind, name, values in given
        }
    )


def over(max_values: int) -> Callable[[str], bool]:
    """Tell of values of over so many bytes."""
    return lambda value: len(value.encode()) > max_values


def _text(name: str, values: Sequence[str]) -> str:
    if _CONTROL.search(values[0]):
        raise ArgumentInvalid(f"{name} holds characters that are not allowed", name)
    return values[0]


def text(is_too_long: Callable[[str], bool]) -> Kind:
    """Return the kind of a text in one line; empty if it is not there."""
    return Kind(_text, "", is_too_long=is_too_long)


#: The id of one user.
USER_ID = Kind(lambda name, values: values[0], "", is_too_long=over(MAX_USER_ID_BYTES))


def _at_commas(values: Sequence[str]) -> list[str]:
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


def _given(values: Sequence[str]) -> list[str]:
    return [value for value in values if value.strip()]


def user_ids(max_values: int, *, joined: bool = False) -> Kind:
    """Return the kind of several users' ids, repeated; or joined by commas too, where the call has it so."""
    return Kind(
        lambda name, values: tuple(dict.fromkeys(values)),
        (),
        _at_commas if joined else _given,
        max_values,
        over(MAX_USER_ID_BYTES),
    )


def number(low: int, high: int, default: int | None = None) -> Kind:
    """Return the kind of a whole number."""

    def take(name: str, values: Sequence[str]) -> int:
        if not _DIGITS.fullmatch(values[0].strip()) or not low <= int(values[0]) <= high:
            raise ArgumentInvalid(f"{name} must be a number from {low} to {high}", name)
        return int(values[0])

    return Kind(take, default)


def one_of(*choices: str, default: str | None = None) -> Kind:
    """Return the kind of a word from a closed list."""

    def take(name: str, values: Sequence[str]) -> str:
        if values[0].strip() not in choices:
            raise ArgumentInvalid(f"{name} must be {' or '.join(choices)}", name)
        return values[0].strip()

    return Kind(take, default)


def shaped(pattern: str, like: str) -> Kind:
    """Return the kind of a text of a certain shape."""

    def take(name: str, values: Sequence[str]) -> str:
        if not re.fullmatch(pattern, values[0], re.ASCII):
            raise ArgumentInvalid(f"{name} must be like {like}", name)
        return values[0]

    return Kind(take)


def json_text(what: type[Any], is_too_long: Callable[[str], bool]) -> Kind:
    """Return the kind of JSON in a text: an object or an array."""

    def take(name: str, values: Sequence[str]) -> Any:
        value = decoded(values[0])
        if type(value) is not what:
            raise ArgumentInvalid(f"{name} must be JSON, and an {_JSON_NAMES[what]}", name)
        return value

    return Kind(take, is_too_long=is_too_long)


def next_page_token(rows: Sequence[UserAttribute] | Sequence[Subscription], size: int) -> str:
    """Return the text by which the next page is asked for; empty if there are no rows beyond `size`."""
    return format(rows[size - 1].seq, "x") if len(rows) > size else ""


def position(start: int | None = None) -> Kind:
    """Return the kind of a page token; without one a list is read from `start`, or from its own."""

    def take(name: str, values: Sequence[str]) -> int:
        if not _PAGE_TOKEN.fullmatch(values[0]):
            raise ArgumentInvalid(f"{name} is none that was given out", name)
        return int(values[0], 16)

    return Kind(take, start)


_PAGE_TOKEN = re.compile("[0-9a-f]{1,15}")
_JSON_NAMES: dict[type[Any], str] = {dict: "object", list: "array"}


def decoded(text: str) -> Any:
    """Return what a text is in JSON; None if it is none, or one that could not be given back."""
    try:
        value = json.loads(text, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        return None
    return None if _is_deep(value, _MAX_DEPTH) else without_surrogates(value)


def _finite(literal: str) -> float:
    number = float(literal)
    if not math.isfinite(number):
        raise ValueError(literal)
    return number


def _is_deep(value: Any, left: int) -> bool:
    """Tell whether there are more than so many levels of brackets."""
    if not isinstance(value, (dict, list)):
        return False
    items = value.values() if isinstance(value, dict) else value
    return left == 0 or any(_is_deep(item, left - 1) for item in items)
