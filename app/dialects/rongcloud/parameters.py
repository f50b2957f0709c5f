"""The parameters of a request: a form or JSON, whatever its Content-Type says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from app.errors import BodyInvalid
from app.wire import body

#: Parameters of one body; the largest lists of the API have 1,000 entries.
MAX_PARAMETERS = 10_000

Parameters = Mapping[str, list[str]]


def parse(data: bytes) -> Parameters:
    """Return every parameter's values in order. Raises BodyInvalid.

    The JavaScript on the vendor's own page sends JSON labelled as a form; an official SDK sends forms with
    nothing escaped, and once sent a name with a blank behind it. An empty list in JSON is there, with no
    values.
    """
    decoded = body.decode(data) if data.lstrip().startswith(b"{") else None
    if decoded is not None and decoded.error is None and decoded.extra_data_error is None:
        return _gathered((name, _texts(value)) for name, value in decoded.value)
    return _gathered((name, [value]) for name, value in _form_pairs(data))


def of_objects(data: bytes) -> list[Parameters]:
    """Return the parameters of each object in an array, or of one object alone. Raises BodyInvalid."""
    value = body.unmarshal(body.decode(data))
    objects = value if type(value) is list else [value]
    if not all(type(each) is tuple for each in objects):
        raise BodyInvalid("the body is no array of objects")
    return [_gathered((name, _texts(item)) for name, item in each) for each in objects]


def _gathered(pairs: Iterable[tuple[str, list[str] | None]]) -> Parameters:
    parameters: dict[str, list[str]] = {}
    try:
        for name, values in pairs:
            if values is not None:
                parameters.setdefault(name.strip(), []).extend(values)
    except RecursionError as error:
        raise BodyInvalid("the body is nested too deep") from error
    return parameters


def _form_pairs(data: bytes) -> Iterable[tuple[str, str]]:
    try:
        return parse_qsl(
            data.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS
        )
    except ValueError as error:
        raise BodyInvalid("the body is no form in UTF-8") from error


def _texts(value: Any) -> list[str] | None:
    """Return what a form would have said: text, and the digits of numbers; a form has nothing else."""
    if type(value) is list:
        return [text for item in value for text in _texts(item) or ()]
    if type(value) in (str, int):
        return [str(value)]
    return [value.literal] if type(value) is body.Number else None
