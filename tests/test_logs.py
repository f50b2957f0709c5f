"""JSON log lines, request log lines, and the client's address behind proxies."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from flask import Flask

from tests.conftest import MakeApp

LOGIN = {"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "op-1"}


def requests_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == "rollcall_server.operations.request_log"
    ]


def test_requests_are_not_logged_by_default(make_app: MakeApp, caplog: pytest.LogCaptureFixture) -> None:
    make_app().test_client().post("/auth/user_token", json=LOGIN)
    assert requests_of(caplog) == []


@pytest.mark.parametrize(
    ("body", "headers", "name"),
    [
        ({**LOGIN}, {}, "op-1"),
        (
            {**LOGIN, "operationID": "x\n[2026] forged \x1b[31m\u0085é"},
            {},
            r"x\n[2026] forged \x1b[31m\x85\xe9",
        ),
        ({**LOGIN}, {"X-Request-ID": "r-1"}, "r-1"),
        ({**LOGIN}, {"operationID": "h" * 500}, "h" * 128),
        (b"{", {"operationID": 'a"b'}, 'a"b'),
    ],
)
def test_a_request_line_has_the_clients_operation_id_in_ascii(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture, body: Any, headers: dict[str, str], name: str
) -> None:
    app = make_app(log_requests=True)
    data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    app.test_client().post("/v2/auth/user_token", data=data, headers=headers)
    (line,) = requests_of(caplog)
    outcome = "ok" if body != b"{" else "BodyInvalid"
    start = f"address='127.0.0.1' path='/v2/auth/user_token' dialect='openim_v2' outcome='{outcome}' ms="
    assert line.startswith(start)
    quote = "'" if "'" not in name else '"'
    assert line.endswith(f" operationID={quote}{name}{quote}")
    assert line.isascii()
    assert line.isprintable()
    assert "tuoyun" not in caplog.text


def test_a_json_log_record_is_one_line(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("app"), "handlers", [])
    app: Flask = make_app(log_requests=True, log_format="json")
    handlers = app.logger.handlers
    assert handlers
    record = logging.LogRecord("rollcall_server.x", logging.WARNING, "x", 1, "a %s", ("line\nbreak",), None)
    line = json.loads(handlers[0].format(record))
    assert (line["level"], line["logger"], line["message"]) == (
        "warning",
        "rollcall_server.x",
        "a line\nbreak",
    )
    assert "\n" not in handlers[0].format(record)
    record.fields = {"path": "/x", "operationID": "\x1b"}
    assert json.loads(handlers[0].format(record))["operationID"] == "\x1b"
    assert "\x1b" not in handlers[0].format(record)


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "address"),
    [
        (0, "127.0.0.1", "203.0.113.9", "127.0.0.1"),
        (1, "127.0.0.1", "203.0.113.9", "203.0.113.9"),
        (1, "::1", "203.0.113.9", "203.0.113.9"),
        (1, "::ffff:127.0.0.1", "203.0.113.9", "203.0.113.9"),
        (1, "", "203.0.113.9", "203.0.113.9"),
        (1, "10.1.2.3", "203.0.113.9", "10.1.2.3"),
        (1, "127.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "127.0.0.1", "198.51.100.1, 203.0.113.9", "198.51.100.1"),
        (2, "127.0.0.1", "203.0.113.9", ""),
    ],
)
def test_only_trusted_proxies_set_the_client_address(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture, proxies: int, peer: str, forwarded: str, address: str
) -> None:
    app = make_app(trusted_proxies=proxies, log_requests=True, allow_documented_secrets=True)
    headers = {"X-Forwarded-For": forwarded}
    environ = {"REMOTE_ADDR": peer}
    app.test_client().post("/auth/user_token", json=LOGIN, headers=headers, environ_overrides=environ)
    assert requests_of(caplog)[0].startswith(f"address='{address}' ")


def test_documented_secrets_are_refused_behind_a_proxy(make_app: MakeApp) -> None:
    app = make_app(trusted_proxies=1)
    answer = app.test_client().post("/auth/user_token", json=LOGIN, headers={"X-Forwarded-For": "127.0.0.1"})
    assert "the request was forwarded by a proxy" in answer.get_json()["errMsg"]


def test_a_path_prefix_applies_to_every_path(make_app: MakeApp) -> None:
    client = make_app(path_prefix="/im/v").test_client()
    for path in ("/im/v/auth/user_token", "/im/v/v2/auth/user_token"):
        assert client.post(path, json=LOGIN).get_json()["errCode"] == 0
    assert client.get("/im/v/healthz").status_code == 200
    for path in ("/auth/user_token", "/im/v", "/im/vx/auth/user_token", "/im/v2/auth/user_token"):
        response = client.post(path, json=LOGIN)
        assert (response.status_code, response.data) == (404, b"404 page not found")
