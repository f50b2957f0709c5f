"""Bind the parameters of a URL as if they were a body."""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from urllib.parse import parse_qsl

from app.errors import ArgumentInvalid, BodyInvalid
from app.wire.request import Request

#: Parameters of one URL.
MAX_PARAMETERS = 100
#: Digits of a 64-bit number and its sign; more are not turned into a number at all.
_MAX_NUMBER_CHARS = 20


def of_query(schema: type[Any], http_request: Request) -> tuple[tuple[str, Any], ...]:
    """Return the parameters as `bind` takes an object, numbers where `schema` has them, in any case.

    One without a value counts as absent. Raises ArgumentInvalid or BodyInvalid.
    """
    numbers = {
        row.metadata["key"].lower() for row in fields(schema) if row.metadata["kind"].go.startswith("int")
    }
    try:
        pairs = parse_qsl(http_request.environ.get("QUERY_STRING", ""), max_num_fields=MAX_PARAMETERS)
    except ValueError as error:
        raise BodyInvalid("the query cannot be read") from error
    return tuple((name, _number(name, value) if name.lower() in numbers else value) for name, value in pairs)


def _number(name: str, value: str) -> int:
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(value) <= _MAX_NUMBER_CHARS):
        raise ArgumentInvalid(f"{name} must be a whole number", name)
    return int(value)
