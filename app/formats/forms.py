"""The parameters of a form, or of JSON in its place, and the types of their values.

A type decodes the list of texts that were sent for a parameter.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from ..errors import ArgumentInvalid, ArgumentMissing, ArgumentTooLong, BodyInvalid
from . import json_body
from .json_body import Number, without_surrogates
from .schema import Location, Type, bind

R = TypeVar("R")
#: A parameter's values in order, by its name.
Parameters = Mapping[str, list[str]]

#: Maximum parameters of one form.
MAX_PARAMETERS = 10_000
#: Maximum nesting of JSON within a parameter.
_MAX_DEPTH = 100
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_DIGITS = re.compile("-?[0-9]{1,18}")
_JSON_NAMES: dict[type[Any], str] = {dict: "object", list: "array"}


def parse(data: bytes, names_with_objects: Collection[str] = ()) -> Parameters:
    """Return the parameters of a form or a JSON object, ignoring the Content-Type. Raises BodyInvalid.

    An empty list in JSON is a parameter without values. Values that are neither text nor numbers are
    ignored, because a form cannot hold them; but an object is a JSON text in the parameters named.
    """
    decoded = json_body.decode(data) if data.lstrip().startswith(b"{") else None
    if decoded is not None and decoded.error is None and decoded.extra_data_error is None:
        return _grouped((name, _texts(value, name in names_with_objects)) for name, value in decoded.value)
    return _grouped((name, [value]) for name, value in _form_pairs(data))


def parse_objects(data: bytes) -> list[Parameters]:
    """Return the parameters of each object in a JSON array, or of a single object. Raises BodyInvalid."""
    value = json_body.unmarshal(json_body.decode(data))
    objects = value if type(value) is list else [value]
    if not all(type(each) is tuple for each in objects):
        raise BodyInvalid("the body is no array of objects")
    return [_grouped((name, _texts(item)) for name, item in each) for each in objects]


def _grouped(pairs: Iterable[tuple[str, list[str] | None]]) -> Parameters:
    parameters: dict[str, list[str]] = {}
    try:
        for name, values in pairs:
            if values is not None:
                # An official SDK once sent a name with a trailing blank.
                parameters.setdefault(name.strip(), []).extend(values)
    except RecursionError as error:
        raise BodyInvalid("the body is nested too deep") from error
    return parameters


def _form_pairs(data: bytes) -> Iterable[tuple[str, str]]:
    try:
        text = data.decode()
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except ValueError as error:
        raise BodyInvalid("the body is no form in UTF-8") from error


def _texts(value: Any, takes_objects: bool = False) -> list[str] | None:
    """Return the texts that a form would hold for a JSON value; None if it could not hold it."""
    if type(value) is list:
        return [text for item in value for text in _texts(item, takes_objects) or ()]
    if type(value) is tuple and takes_objects:
        return [json.dumps(dict(value), default=str)]
    if type(value) in (str, int):
        return [str(value)]
    return [value.literal] if type(value) is Number else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormType(Type):
    """A type of parameters, with the limits that `bind_form` enforces."""

    split: Callable[[Sequence[str]], list[str]] = list
    """Return the single values; a text may hold several."""
    max_values: int = 1
    """If 1, further values are ignored; otherwise they are an error."""
    is_too_long: Callable[[str], bool] = lambda value: False
    may_be_empty: bool = False
    """Whether an empty list is a value, and satisfies a required parameter."""
    takes_objects: bool = False
    """Whether an object, which only JSON can hold, is a value: its JSON text."""


def form_type(
    decode: Callable[[str, Sequence[str]], Any],
    zero: Any = None,
    split: Callable[[Sequence[str]], list[str]] = list,
    max_values: int = 1,
    is_too_long: Callable[[str], bool] = lambda value: False,
) -> FormType:
    """Return a type; `decode` takes the parameter's name and its values, not all of them blank."""

    def decode_at(values: Sequence[str], location: Location) -> Any:
        return decode(location.keys[-1], values)

    return FormType(
        name="", zero=zero, decode=decode_at, split=split, max_values=max_values, is_too_long=is_too_long
    )


def bind_form(request: type[R], parameters: Parameters) -> R:
    """Bind parameters whose names match exactly.

    Missing parameters are reported first, then too many values, too long values and invalid values.
    Raises ArgumentMissing, ArgumentInvalid or ArgumentTooLong.
    """
    given = []
    for each in fields(request):  # type: ignore[arg-type]
        type_, name = each.metadata["type"], each.metadata["key"]
        given.append((each, type_, name, type_.split(parameters.get(name, ()))))
    for each, type_, name, values in given:
        is_given = _is_given(values) or (type_.may_be_empty and name in parameters and not values)
        if each.metadata.get("required", True) and not is_given:
            raise ArgumentMissing(f"{name} is required", name)
    for _, type_, name, values in given:
        if type_.max_values > 1 and len(values) > type_.max_values:
            raise ArgumentInvalid(f"{name} has over {type_.max_values} values", name)
    for _, type_, name, values in given:
        if any(type_.is_too_long(value) for value in values):
            raise ArgumentTooLong(f"{name} is too long", name)
    return bind(request, ((name, values) for _, _, name, values in given if _is_given(values)))


def requires_any(request: type) -> bool:
    """Return whether a request has a required parameter."""
    return any(each.metadata.get("required", True) for each in fields(request))


@cache
def names_with_objects(request: type) -> frozenset[str]:
    """Return the names of a request's parameters whose values are objects."""
    return frozenset(each.metadata["key"] for each in fields(request) if each.metadata["type"].takes_objects)


def _is_given(values: Iterable[str]) -> bool:
    return any(value.strip() for value in values)


def longer_than(max_bytes: int) -> Callable[[str], bool]:
    """Return a function that checks whether a text has over `max_bytes` bytes of UTF-8."""
    return lambda value: len(value.encode()) > max_bytes


def text(is_too_long: Callable[[str], bool]) -> FormType:
    """Return the type of a one-line text; empty if absent."""

    def decode(name: str, values: Sequence[str]) -> str:
        if _CONTROL.search(values[0]):
            raise ArgumentInvalid(f"{name} holds characters that are not allowed", name)
        return values[0]

    return form_type(decode, "", is_too_long=is_too_long)


def _at_commas(values: Sequence[str]) -> list[str]:
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


def _not_blank(values: Sequence[str]) -> list[str]:
    return [value for value in values if value.strip()]


def distinct(
    max_values: int, is_too_long: Callable[[str], bool], *, comma_separated: bool = False
) -> FormType:
    """Return the type of a tuple of distinct texts: a repeated, optionally comma-separated parameter."""
    split = _at_commas if comma_separated else _not_blank
    return form_type(lambda name, values: tuple(dict.fromkeys(values)), (), split, max_values, is_too_long)


def number(low: int, high: int, default: int | None = None) -> FormType:
    """Return the type of an integer from `low` to `high`."""

    def decode(name: str, values: Sequence[str]) -> int:
        if not _DIGITS.fullmatch(values[0].strip()) or not low <= int(values[0]) <= high:
            raise ArgumentInvalid(f"{name} must be a number from {low} to {high}", name)
        return int(values[0])

    return form_type(decode, default)


def choice(*choices: str, default: str | None = None) -> FormType:
    """Return the type of one of several words."""

    def decode(name: str, values: Sequence[str]) -> str:
        if values[0].strip() not in choices:
            raise ArgumentInvalid(f"{name} must be {' or '.join(choices)}", name)
        return values[0].strip()

    return form_type(decode, default)


def matching(pattern: str, example: str) -> FormType:
    """Return the type of a text that matches a pattern; error messages quote the example."""

    def decode(name: str, values: Sequence[str]) -> str:
        if not re.fullmatch(pattern, values[0], re.ASCII):
            raise ArgumentInvalid(f"{name} must be like {example}", name)
        return values[0]

    return form_type(decode)


def json_text(type_: type[Any], is_too_long: Callable[[str], bool]) -> FormType:
    """Return the type of a JSON object (dict) or array (list) within a text."""

    return form_type(lambda name, values: json_value(type_, name, values[0]), is_too_long=is_too_long)


def json_value(type_: type[Any], name: str, text: str) -> Any:
    """Return the JSON object (dict) or array (list) of a parameter. Raises ArgumentInvalid."""
    value = decode_json(text)
    if type(value) is not type_:
        raise ArgumentInvalid(f"{name} must be JSON, and an {_JSON_NAMES[type_]}", name)
    return value


def decode_json(text: str) -> Any:
    """Return the JSON value of a text; None if it is not JSON, or could not be encoded again."""
    try:
        value = json.loads(text, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        return None
    return None if _is_deeper(value, _MAX_DEPTH) else without_surrogates(value)


def _finite(literal: str) -> float:
    number = float(literal)
    if not math.isfinite(number):
        raise ValueError(literal)
    return number


def _is_deeper(value: Any, levels: int) -> bool:
    """Return whether a value is nested more than `levels` deep."""
    if not isinstance(value, (dict, list)):
        return False
    items = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in items)
