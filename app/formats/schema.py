"""Declare the fields of a request, and bind a body, a form or a query to them.

A request is a dataclass whose fields are declared with `field(Type, key)`. `bind` takes (key, value) pairs:
those of a decoded JSON object, or of a form, where each value is the list of texts that were sent. The types
below follow the rules of Go's encoding/json and use its error messages: a request has the name of upstream's
struct and the class variable GO_PACKAGE, keys match in any case, unknown keys are ignored, the last duplicate
wins, null means absent, and nothing is converted. `forms` has the types of forms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from dataclasses import field as dataclass_field
from functools import cache
from typing import Any, ClassVar, TypeVar

from ..errors import BodyInvalid
from .json_body import Number

R = TypeVar("R")
#: Characters of the longest key that may be known. Lower case takes a while to make of a key of megabytes.
MAX_KEY_CHARS = 64
Pairs = Iterable[tuple[str, Any]]


class GoRequest:
    """A request with the name of its Go struct, which error messages contain."""

    __slots__ = ()
    GO_PACKAGE: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Location:
    """The position of a value in a body, for error messages."""

    struct: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Type:
    """The type of a field, which decodes its value on the wire."""

    name: str
    """Its name in error messages."""
    zero: Any
    """The field's value if its key is absent. Null counts as absent unless this is None."""
    decode: Callable[[Any, Location], Any]
    """Return the field's value. Raises BadRequest."""
    exact_type: type | None = None
    """Values of exactly this type are used as they are, without `decode`."""


_ZERO = object()


def field(type_: Type, key: str, default: Any = _ZERO, **metadata: Any) -> Any:
    """Declare a field of a request: its type, its key on the wire, and metadata for its dialect.

    `default` replaces the type's zero value. `alias` names a second key, unknown to upstream, that is used
    if the field's own is absent or empty.
    """
    return dataclass_field(
        default=type_.zero if default is _ZERO else default, metadata={"type": type_, "key": key, **metadata}
    )


@dataclass(frozen=True, slots=True)
class _Slot:
    name: str
    type: Type
    key: str
    is_alias: bool = False


@cache
def _slots(request: type[Any]) -> dict[str, _Slot]:
    """Return the fields by their keys and aliases, as written and in lower case."""
    slots = []
    for each in fields(request):
        if "key" in each.metadata:
            slots.append(_Slot(each.name, each.metadata["type"], each.metadata["key"]))
        if "alias" in each.metadata:
            slots.append(_Slot(each.name, _TEXT_OR_EMPTY, each.metadata["alias"], is_alias=True))
    return {slot.key.lower(): slot for slot in slots} | {slot.key: slot for slot in slots}


def takes_list(request: type[Any]) -> bool:
    """Return whether a request has a field with a list."""
    return any(
        each.metadata["type"].name.startswith("[]") for each in fields(request) if "type" in each.metadata
    )


def bind(request: type[R], pairs: Pairs, *, above: tuple[str, ...] = ()) -> R:
    """Build a request from pairs; `above` are the keys that lead to a nested one. Raises BadRequest."""
    slots = _slots(request)  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    aliases: dict[str, Any] = {}
    for key, value in pairs:
        slot = slots.get(key) or (slots.get(key.lower()) if len(key) <= MAX_KEY_CHARS else None)
        if slot is None or (value is None and slot.type.zero is not None):
            continue
        into = aliases if slot.is_alias else values
        if value is None or type(value) is slot.type.exact_type:
            into[slot.name] = value
        else:
            location = Location(request.__name__, (*above, slot.key))
            into[slot.name] = slot.type.decode(value, location)
    for name, value in aliases.items():
        values[name] = values.get(name) or value
    return request(**values)


def bind_json(request: type[R], value: Any) -> R:
    """Build a request from a decoded JSON body; null is an empty object. Raises BodyInvalid."""
    if value is None:
        return request()
    if type(value) is not tuple:
        raise BodyInvalid(
            f"json: cannot unmarshal {_json_name(value)} into Go value of type {_go_type(request)}"
        )
    return bind(request, value)


def _go_type(request: type[Any]) -> str:
    return f"{request.GO_PACKAGE}.{request.__name__}"


def _json_name(value: Any) -> str:
    """Return Go's name for the type of a JSON value."""
    return _JSON_NAMES[type(value)]


_JSON_NAMES: dict[type, str] = {
    str: "string",
    bool: "bool",
    int: "number",
    Number: "number",
    list: "array",
    tuple: "object",
}


def _mismatch(what: str, location: Location, go_type: str) -> BodyInvalid:
    keys = ".".join(location.keys)
    return BodyInvalid(
        f"json: cannot unmarshal {what} into Go struct field {location.struct}.{keys} of type {go_type}"
    )


def _exactly(type_: type, go_type: str) -> Callable[[Any, Location], Any]:
    def decode(value: Any, location: Location) -> Any:
        if type(value) is type_:
            return value
        raise _mismatch(_json_name(value), location, go_type)

    return decode


def _integer(go_type: str, low: int, high: int) -> Type:
    def decode(value: Any, location: Location) -> int:
        if type(value) is int:
            if low <= value <= high:
                return value
            raise _mismatch(f"number {value}", location, go_type)
        if type(value) is Number:
            if value.literal == "-0" and low < 0:
                return 0
            raise _mismatch(f"number {value.literal}", location, go_type)
        raise _mismatch(_json_name(value), location, go_type)

    return Type(go_type, 0, decode)


STRING = Type("string", "", _exactly(str, "string"), str)
BOOL = Type("bool", False, _exactly(bool, "bool"), bool)
INT32 = _integer("int32", -(2**31), 2**31 - 1)
INT64 = _integer("int64", -(2**63), 2**63 - 1)
UINT32 = _integer("uint32", 0, 2**32 - 1)
# For an alias, which upstream does not know: a value of another type must not be an error.
_TEXT_OR_EMPTY = Type("string", "", lambda value, location: value if type(value) is str else "")


def list_of(element: Type) -> Type:
    """Return the type of an array: a tuple, or None if absent or null; null elements become zero values."""
    go_type = f"[]{element.name}"

    def decode(value: Any, location: Location) -> tuple[Any, ...]:
        if type(value) is not list:
            raise _mismatch(_json_name(value), location, go_type)
        if set(map(type, value)) == {element.exact_type}:
            return tuple(value)
        return tuple(element.zero if item is None else element.decode(item, location) for item in value)

    return Type(go_type, None, decode)


def map_of(element: Type) -> Type:
    """Return the type of an object with any keys: a dict, None if absent; null values become zero values."""
    go_type = f"map[string]{element.name}"

    def decode(value: Any, location: Location) -> dict[str, Any]:
        if type(value) is not tuple:
            raise _mismatch(_json_name(value), location, go_type)
        return {key: element.zero if item is None else element.decode(item, location) for key, item in value}

    return Type(go_type, None, decode)


def pointer_to(request: type[GoRequest]) -> Type:
    """Return the type of a nested object; None if absent or null."""

    def decode(value: Any, location: Location) -> Any:
        if type(value) is not tuple:
            raise _mismatch(_json_name(value), location, _go_type(request))
        return bind(request, value, above=location.keys)

    return Type(f"*{_go_type(request)}", None, decode)


def nullable(type_: Type) -> Type:
    """Return the type of a protobuf wrapper (`StringValue`): its plain value, None if absent or null."""
    return Type(type_.name, None, type_.decode, type_.exact_type)


STRINGS = list_of(STRING)
