"""The parameters of a request: a form or JSON, whatever its Content-Type says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from app.errors import BodyUnreadable
from app.wire import body

#: Parameters of one body; the largest lists of the API have 1,000 entries.
MOST = 10_000

Parameters = Mapping[str, list[str]]


def parse(data: bytes) -> Parameters:
    """Return every parameter's values in order. Raises BodyUnreadable.

    The JavaScript on the vendor's own page sends JSON labelled as a form; an official SDK sends forms with
    nothing escaped, and once sent a name with a blank behind it.
    """
    decoded = body.decode(data) if data.lstrip().startswith(b"{") else None
    if decoded is not None and decoded.fault is None and decoded.trailing is None:
        pairs: Iterable[tuple[str, str]] = _json_pairs(decoded.value)
    else:
        pairs = _form_pairs(data)
    parameters: dict[str, list[str]] = {}
    for name, value in pairs:
        parameters.setdefault(name.strip(), []).append(value)
    return parameters


def _form_pairs(data: bytes) -> Iterable[tuple[str, str]]:
    try:
        return parse_qsl(data.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST)
    except ValueError as error:
        raise BodyUnreadable("the body is no form in UTF-8") from error


def _json_pairs(pairs: Iterable[tuple[str, Any]]) -> Iterable[tuple[str, str]]:
    """Return what a form would have said: text, and the digits of numbers; a form has nothing else."""
    for name, value in pairs:
        for item in value if type(value) is list else [value]:
            if type(item) in (str, int):
                yield name, str(item)
            elif type(item) is body.Number:
                yield name, item.literal
