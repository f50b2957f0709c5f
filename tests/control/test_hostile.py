"""Hostile input to every call of the control API: never a 5xx, never HTML, never a traceback."""

from __future__ import annotations

import dataclasses
import json
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rollcall_server.control.call import Call
from rollcall_server.control.calls import CALLS
from rollcall_server.formats.strict import wire_name

from tests.conftest import MakeApp
from tests.test_hostile import BODIES, VALUES

JSON = {"Content-Type": "application/json"}
IDS = (
    "alice",
    "%00",
    "%ff",
    "%2e%2e",
    "%2f",
    "a%2fb",
    "x" * 5000,
    "%F0%9F%98%80",
    "%25",
    "a;b",
    "-1",
    "%0d%0a",
)
NUMBERS = ("1", "0", "-1", "12", "9" * 50, "x", "1.0", "%00")


def paths(call: Call[Any]) -> list[str]:
    """Return paths of a call with each value in place of a parameter."""
    path = f"/_rollcall{call.path}"
    found = [path.replace("<path:userID>", user_id) for user_id in (IDS if "userID" in path else ("",))]
    return [
        each.replace("<int:platformID>", number).replace("<int:number>", number)
        for each in found
        for number in (NUMBERS if "<int:" in each else ("",))
    ]


def check(app: Flask, method: str, path: str, data: bytes = b"", **given: Any) -> int:
    response = app.test_client().open(path, method=method, data=data, **given)
    text = response.get_data(as_text=True)
    assert response.status_code < 500, (method, path[:200], text)
    assert response.content_type in ("application/json", "application/problem+json"), (method, path, text)
    answer = json.loads(text)
    if response.status_code >= 400:
        assert list(answer) == ["type", "title", "status", "detail"]
        assert answer["status"] == response.status_code
        assert 0 < len(answer["detail"]) < 70_000
    assert "Traceback" not in text
    return response.status_code


@pytest.mark.parametrize("call", CALLS, ids=[f"{call.method} {call.path}" for call in CALLS])
def test_paths_bodies_and_values(app: Flask, call: Call[Any]) -> None:
    app.test_client().put("/_rollcall/users/alice", json={})
    for path in paths(call):
        check(app, call.method, path, headers=JSON)
    path = paths(call)[0]
    for body in BODIES.values():
        check(app, call.method, path, body, headers=JSON)
    names = [wire_name(each.name) for each in dataclasses.fields(call.schema)] + ["unknown", ""]
    for name in names:
        for value in VALUES.values():
            if call.has_body:
                text = f"{{{json.dumps(name)}:{value}}}".encode()
                check(app, call.method, path, text, headers=JSON)
            else:
                # What waits would take its time.
                shown = "0" if name == "wait" and value.strip('"').isdigit() else value[:500]
                check(app, call.method, f"{path}?{quote(name)}={quote(shown)}", headers=JSON)


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_values_within_a_seed(app: Flask, value: str) -> None:
    members = ("userID", "nickname", "faceURL", "ex", "blockedFor", "tokens", "online", "rongcloud", "x")
    inner = {
        "tokens": ("dialect", "generation", "app", "platformID", "expiresIn"),
        "online": ("platformID", "ttl", "connID"),
    }
    documents = [f'{{"users":[{{"userID":"a","{name}":{value}}}]}}' for name in members]
    documents += [
        f'{{"users":[{{"userID":"a","{part}":[{{"{name}":{value}}}]}}]}}'
        for part, names in inner.items()
        for name in names
    ]
    documents += [
        f'{{"users":[{{"userID":"a","rongcloud":{{"{name}":{value}}}}}]}}' for name in ("tags", "remarks")
    ]
    documents += [f'{{"users":{value}}}', f'{{"users":[{value}]}}', f'{{"generate":{value}}}']
    documents += [f'{{"generate":{{"count":2,"{name}":{value}}}}}' for name in ("prefix", "x")]
    for document in documents:
        check(app, "POST", "/_rollcall/seed", document.encode(), headers=JSON)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "X"])
@pytest.mark.parametrize("path", ["/_rollcall", "/_rollcall/", "/_rollcall//status", "/_rollcall/status/x"])
def test_other_paths_and_methods(app: Flask, method: str, path: str) -> None:
    response = app.test_client().open(path, method=method)
    assert response.status_code in (403, 404, 405)
    assert response.content_type == "application/problem+json"
    assert [name for name, _ in response.headers if name.startswith("Access-Control")] == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    call=st.sampled_from([call for call in CALLS if call.path not in ("/reset",)]),
    body=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
        max_leaves=8,
    ),
)
def test_any_json(app: Flask, call: Call[Any], body: Any) -> None:
    check(app, call.method, paths(call)[0], json.dumps(body).encode(), headers=JSON)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=st.text(max_size=200) | st.from_regex(r"[\w-]{0,30}\.[\w-]{0,30}\.[\w-]{0,30}", fullmatch=True))
def test_any_text_is_explained_as_a_token(app: Flask, token: str) -> None:
    body = json.dumps({"token": token}).encode()
    response = app.test_client().post("/_rollcall/explain", data=body, headers=JSON)
    assert response.status_code == 200
    assert response.get_json()["valid"] is False
    assert response.get_json()["why"]


def test_any_number_of_wrong_keys_is_throttled(make_app: MakeApp) -> None:
    key = "k3y-0123456789abcdef"
    client = make_app(control_key=key, allow_documented_secrets=True).test_client()

    def status(given: str) -> int:
        headers = {"Authorization": f"Bearer {given}"}
        remote = {"REMOTE_ADDR": "192.0.2.7"}
        return client.get("/_rollcall/users", headers=headers, environ_overrides=remote).status_code

    assert [status("wrong") for _ in range(30)] == [401] * 20 + [429] * 10
    assert status(key) == 200
