"""A request and its complete answer as one literal, and a function to play it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask.testing import FlaskClient

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "*",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Expose-Headers": "Content-Length, Access-Control-Allow-Origin, "
    "Access-Control-Allow-Headers,Cache-Control,Content-Language,Content-Type,Expires,Last-Modified,Pragma,"
    "FooBar",
    "Access-Control-Max-Age": "172800",
    "Access-Control-Allow-Credentials": "false",
}


@dataclass(frozen=True)
class Scenario:
    """A request and the expected answer. A dict stands for its compact JSON, with the keys in this order."""

    name: str
    path: str
    body: Any
    answer: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"


def scenarios(rows: Iterable[Scenario]) -> pytest.MarkDecorator:
    """Parametrize a test over a table of scenarios."""
    table = list(rows)
    return pytest.mark.parametrize("scenario", table, ids=[row.name for row in table])


def as_bytes(value: Any) -> bytes:
    """Return the bytes of a body or an answer."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def as_go(value: Any) -> str:
    """Return the text of an answer as Go encodes JSON, with `<`, `>` and `&` escaped."""
    text = as_bytes(value).decode()
    if isinstance(value, dict):
        for char, escape in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
            text = text.replace(char, escape)
    return text


def play(
    client: FlaskClient,
    scenario: Scenario,
    content_type: str,
    headers: Mapping[str, str],
    encode: Callable[[Any], str] = as_go,
) -> None:
    """Send a scenario's request; assert status, headers and every byte of the answer."""
    response = client.open(
        scenario.path, method=scenario.method, data=as_bytes(scenario.body), headers=dict(scenario.headers)
    )
    assert response.data.decode() == encode(scenario.answer)
    assert response.status_code == scenario.status
    assert response.headers["Content-Type"] == content_type
    assert {name: response.headers.get(name) for name in headers} == dict(headers)
