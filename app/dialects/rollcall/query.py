"""Parse the query of a URL for `bind`."""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from urllib.parse import parse_qsl

from ...errors import ArgumentInvalid, BodyInvalid
from ...http.request import Request

#: Maximum parameters of one URL.
MAX_PARAMETERS = 100
#: Characters of the longest 64-bit number; longer ones are refused unparsed.
_MAX_NUMBER_CHARS = 20


def pairs_of_query(schema: type[Any], http_request: Request) -> tuple[tuple[str, Any], ...]:
    """Return the parameters, with integers where `schema` has them; those without a value are dropped.

    Raises ArgumentInvalid or BodyInvalid.
    """
    numbers = {
        each.metadata["key"].lower()
        for each in fields(schema)
        if each.metadata["type"].name.startswith("int")
    }
    try:
        pairs = parse_qsl(http_request.query, max_num_fields=MAX_PARAMETERS)
    except ValueError as error:
        raise BodyInvalid("the query cannot be read") from error
    return tuple((name, _number(name, value) if name.lower() in numbers else value) for name, value in pairs)


def _number(name: str, value: str) -> int:
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(value) <= _MAX_NUMBER_CHARS):
        raise ArgumentInvalid(f"{name} must be a whole number", name)
    return int(value)
