"""Bind a decoded JSON body to a request dataclass, by the rules and in the words of Go's encoding/json.

A request is a `message` whose fields are declared with `wire`, and whose class variable GO is the
name of the upstream struct, package and all, as it stands in upstream's error texts. Keys match in any case,
unknown keys are ignored, the last of several wins, null is absence, and nothing is coerced.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from dataclasses import field as dataclass_field
from functools import cache
from typing import Any, ClassVar, Protocol, TypeVar

from app.errors import BodyInvalid
from app.wire.body import Number


class Request(Protocol):
    """What `bind` makes: a dataclass that says which Go struct it stands for."""

    GO_TYPE: ClassVar[str]


R = TypeVar("R", bound=Request)


@dataclass(frozen=True, slots=True)
class Location:
    """Where in the body a value stands, for the text that refuses it."""

    struct: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Type:
    """A Go type: its name in error texts, its zero value, and how a JSON value becomes one."""

    go: str
    zero: Any
    take: Callable[[Any, Location], Any]
    exact_type: type | None = None
    """The type of value that it takes without a further look."""


_ZERO = object()


def field(type_: Type, key: str, default: Any = _ZERO, **notes: Any) -> Any:
    """Declare a field: its Go type, its key on the wire, and what the dialect wants to note of it.

    `default` is for what Go lacks, a field that tells absence from its type's zero value. A note `alias` is a
    key that upstream does not know and that stands in where the field's own is absent or empty.
    """
    return dataclass_field(
        default=type_.zero if default is _ZERO else default, metadata={"kind": type_, "key": key, **notes}
    )


def bind(request: type[R], value: Any) -> R:
    """Make a request of a decoded body. Raises BodyInvalid."""
    if value is None:
        return request()
    if type(value) is not tuple:
        raise BodyInvalid(f"json: cannot unmarshal {_named(value)} into Go value of type {request.GO_TYPE}")
    return _fill(request, value, ())


@dataclass(frozen=True, slots=True)
class _Slot:
    name: str
    type_: Type
    key: str
    is_alias: bool = False


@cache
def _slots(request: type[Request]) -> dict[str, _Slot]:
    """Return the fields by their key as it is spelled and in lower case, and by their alias."""
    slots = []
    for row in fields(request):  # type: ignore[arg-type]
        if "key" in row.metadata:
            slots.append(_Slot(row.name, row.metadata["kind"], row.metadata["key"]))
        if "alias" in row.metadata:
            slots.append(_Slot(row.name, _TEXT_OR_NOTHING, row.metadata["alias"], is_alias=True))
    return {slot.key.lower(): slot for slot in slots} | {slot.key: slot for slot in slots}


def _fill(request: type[R], pairs: tuple[tuple[str, Any], ...], above: tuple[str, ...]) -> R:
    slots = _slots(request)
    values: dict[str, Any] = {}
    stand_ins: dict[str, Any] = {}
    for key, value in pairs:
        slot = slots.get(key) or slots.get(key.lower())
        if slot is None or (value is None and slot.type_.zero is not None):
            continue
        into = stand_ins if slot.is_alias else values
        if value is None or type(value) is slot.type_.exact_type:
            into[slot.name] = value
        else:
            into[slot.name] = slot.type_.take(value, Location(request.GO_TYPE, (*above, slot.key)))
    for name, value in stand_ins.items():
        values[name] = values.get(name) or value
    return request(**values)


def _named(value: Any) -> str:
    """Return what Go calls a JSON value of this type."""
    return _NAMES[type(value)]


_NAMES: dict[type, str] = {
    str: "string",
    bool: "bool",
    int: "number",
    Number: "number",
    list: "array",
    tuple: "object",
}


def _mismatch(what: str, place: Location, go: str) -> BodyInvalid:
    struct = place.struct.rpartition(".")[2]
    if not struct:
        return BodyInvalid(f"json: cannot unmarshal {what} into Go value of type {go}")
    return BodyInvalid(
        f"json: cannot unmarshal {what} into Go struct field {struct}.{'.'.join(place.keys)} of type {go}"
    )


def _string(value: Any, place: Location) -> str:
    if type(value) is str:
        return value
    raise _mismatch(_named(value), place, "string")


def _bool(value: Any, place: Location) -> bool:
    if type(value) is bool:
        return value
    raise _mismatch(_named(value), place, "bool")


def _integer(go: str, low: int, high: int) -> Type:
    def take(value: Any, place: Location) -> int:
        if type(value) is int:
            if low <= value <= high:
                return value
            raise _mismatch(f"number {value}", place, go)
        if type(value) is Number:
            if value.literal == "-0" and low < 0:
                return 0
            raise _mismatch(f"number {value.literal}", place, go)
        raise _mismatch(_named(value), place, go)

    return Type(go, 0, take)


def _text_or_nothing(value: Any, place: Location) -> str:
    return value if type(value) is str else ""


STRING = Type("string", "", _string, str)
BOOL = Type("bool", False, _bool, bool)
INT32 = _integer("int32", -(2**31), 2**31 - 1)
INT64 = _integer("int64", -(2**63), 2**63 - 1)
UINT32 = _integer("uint32", 0, 2**32 - 1)
# For a key that upstream does not know: a value of another type cannot make the request fail.
_TEXT_OR_NOTHING = Type("string", "", _text_or_nothing)


def list_of(element: Type) -> Type:
    """Return the kind of an array; null is None, an array is a tuple, null within it is the zero value."""
    go = f"[]{element.go}"

    def take(value: Any, place: Location) -> tuple[Any, ...]:
        if type(value) is not list:
            raise _mismatch(_named(value), place, go)
        if set(map(type, value)) == {element.exact_type}:
            return tuple(value)
        return tuple(element.zero if item is None else element.take(item, place) for item in value)

    return Type(go, None, take)


def pointer_to(request: type[Request]) -> Type:
    """Return the kind of a nested object; null and absence are None."""

    def take(value: Any, place: Location) -> Any:
        if type(value) is not tuple:
            raise _mismatch(_named(value), place, request.GO_TYPE)
        return _fill(request, value, place.keys)

    return Type(f"*{request.GO_TYPE}", None, take)


def nullable(type_: Type) -> Type:
    """Return the kind of a protobuf wrapper (`StringValue`), plain in JSON; null and absence are None.

    It reads itself, so its errors know no place (openimsdk/protocol wrapperspb).
    """
    return Type(type_.go, None, lambda value, place: type_.take(value, _NOWHERE), type_.exact_type)


_NOWHERE = Location("", ())
STRINGS = list_of(STRING)
