"""Bind JSON, TOML or query values to dataclasses, strictly, for Rollcall's own documents and calls.

Unlike Go's decoder, which the dialects imitate, this one refuses unknown and repeated names, and each error
names the place of the value: `users[3].tokens[0].expiresIn has to be a whole number`.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, NamedTuple, TypeVar

from ..errors import ArgumentInvalid, ArgumentMissing
from .json_body import Number

T = TypeVar("T")
_Parser = Callable[[Any, str], object]
#: Parts of a name that are not just capitalised.
_WORDS = {"id": "ID", "url": "URL"}
_MAX_QUOTED = 64
_MAX_DIGITS = 18


class _Member(NamedTuple):
    attribute: str
    parse: _Parser
    is_required: bool


def bind(schema: type[T], value: object, place: str = "", kind: str = "field") -> T:
    """Bind an object to a dataclass; `kind` is what its members are called in errors.

    Texts are read as numbers and truth values where the dataclass has those, as a query has nothing else, if
    the kind is `parameter`. Raises ArgumentInvalid or ArgumentMissing, also from the dataclass.
    """
    members = _members(typing.cast(Any, schema), kind == "parameter")
    found: dict[str, object] = {}
    for name, item in _pairs(value, place):
        member = members.get(name)
        if member is None:
            quoted = ascii(name[:_MAX_QUOTED])
            raise ArgumentInvalid(f"{quoted} is not a {kind} of {place or 'this call'}", name)
        if member.attribute in found:
            raise ArgumentInvalid(f"{_join(place, name)} is given twice", name)
        found[member.attribute] = member.parse(item, _join(place, name))
    for name, member in members.items():
        if member.is_required and member.attribute not in found:
            raise ArgumentMissing(f"{_join(place, name)} is required", name)
    try:
        return schema(**found)
    except ArgumentInvalid as error:
        raise _placed(error, place) if place else error from None


def _placed(error: ArgumentInvalid, place: str) -> ArgumentInvalid:
    """Return an error about a member, or about the whole, with its place."""
    return ArgumentInvalid(f"{place}{'.' if error.name else ': '}{error}", error.name)


def check_range(name: str, value: float, low: int, high: int) -> None:
    """Check a number. Raises ArgumentInvalid."""
    if not low <= value <= high:
        raise ArgumentInvalid(f"{name} has to be from {low} to {high}", name)


def wire_name(attribute: str) -> str:
    """Return the name that an attribute has outside: `user_id` is `userID`, `for_` is `for`."""
    first, *rest = attribute.rstrip("_").split("_")
    return first + "".join(_WORDS.get(part, part.capitalize()) for part in rest)


def _pairs(value: object, place: str) -> Iterable[tuple[str, object]]:
    if isinstance(value, Mapping):
        return value.items()
    # A JSON object is a tuple of pairs.
    if not isinstance(value, tuple):
        raise ArgumentInvalid(f"{place or 'the body'} has to be an object", place)
    return value


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


@cache
def _members(schema: type, is_text: bool) -> Mapping[str, _Member]:
    assert is_dataclass(schema), f"{schema.__name__} is not a dataclass"
    hints = typing.get_type_hints(schema)
    return {
        wire_name(each.name): _Member(
            each.name,
            _parser(hints[each.name], is_text),
            each.default is MISSING and each.default_factory is MISSING,
        )
        for each in fields(schema)
    }


def _parser(hint: Any, is_text: bool) -> _Parser:
    """Return the parser of a type: text, number, truth value, dataclass, a sequence of one, or None."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        (other,) = (each for each in arguments if each is not type(None))
        return _or_null(_parser(other, is_text))
    if origin is not None:
        return _list_of(_parser(arguments[0], is_text))
    if hint is object:
        return lambda value, place: value
    if hint in _TEXTS and is_text:
        return _TEXTS[hint]
    if hint in _VALUES:
        return _VALUES[hint]
    return lambda value, place: bind(hint, value, place)


def _or_null(parse: _Parser) -> _Parser:
    return lambda value, place: None if value is None else parse(value, place)


def _list_of(parse: _Parser) -> _Parser:
    def parse_all(value: object, place: str) -> Sequence[object]:
        if not isinstance(value, list):
            raise ArgumentInvalid(f"{place} has to be a list", place)
        return tuple(parse(item, f"{place}[{number}]") for number, item in enumerate(value))

    return parse_all


def _text(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise ArgumentInvalid(f"{place} has to be text", place)
    return value


def _whole_number(value: object, place: str) -> int:
    if type(value) is not int:
        raise ArgumentInvalid(f"{place} has to be a whole number", place)
    return value


def _number(value: object, place: str) -> float:
    if isinstance(value, Number):
        return float(value.literal)
    if type(value) not in (int, float):
        raise ArgumentInvalid(f"{place} has to be a number", place)
    return float(typing.cast(float, value))


def _truth(value: object, place: str) -> bool:
    if not isinstance(value, bool):
        raise ArgumentInvalid(f"{place} has to be true or false", place)
    return value


def _whole_number_in(value: str, place: str) -> int:
    digits = value.removeprefix("-")
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS
    return _whole_number(int(value) if is_number else value, place)


def _number_in(value: str, place: str) -> float:
    whole, _, rest = value.partition(".")
    is_number = (whole + rest).isascii() and (whole + rest).isdigit() and len(value) <= _MAX_DIGITS
    return _number(float(value) if is_number else value, place)


def _truth_in(value: str, place: str) -> bool:
    return _truth({"true": True, "1": True, "false": False, "0": False}.get(value, value), place)


_VALUES: Mapping[type, _Parser] = {str: _text, int: _whole_number, float: _number, bool: _truth}
_TEXTS: Mapping[type, _Parser] = {int: _whole_number_in, float: _number_in, bool: _truth_in}
