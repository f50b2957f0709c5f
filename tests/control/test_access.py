"""Who may use the control API, and what it answers to all others."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from rollcall_server.control.calls import CALLS
from werkzeug.test import TestResponse

from tests.conftest import MakeApp

STATUS = "/_rollcall/status"
KEY = "k3y-0123456789abcdef"
OTHER_KEY = "k3y-0123456789abcdeX"
REMOTE = {"REMOTE_ADDR": "192.0.2.7"}
OWN = {
    "openim_secret": "0123456789abcdef-of-my-own",
    "openim_v2_secret": "0123456789abcdef-of-my-own",
    "openim_v2_access_secret": "0123456789abcdef-of-my-own",
    "rongcloud_apps": "my-app-key:0123456789abcdef-of-mine",
}
HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


def send(app: Flask, path: str = STATUS, method: str = "GET", **given: Any) -> TestResponse:
    return app.test_client().open(path, method=method, **given)


def assert_problem(response: TestResponse, name: str, status: int, detail: str) -> None:
    title = name.replace("-", " ").capitalize()
    expected = {"type": f"urn:rollcall:{name}", "title": title, "status": status, "detail": detail}
    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    assert response.get_json() == expected
    assert HEADERS.items() <= dict(response.headers).items()
    assert [name for name, _ in response.headers if name.startswith("Access-Control")] == []


HOST = "the Host has to be an IP address, localhost or a name without a dot, or be in ROLLCALL_HOSTS"
SITE = "pages of other sites may not use the control API (Origin)"
WRONG_KEY = "Authorization has to be Bearer and the key in ROLLCALL_CONTROL_KEY"
CONTROL_OFF = "with secrets of your own the control API is served if ROLLCALL_CONTROL_KEY is set"


@pytest.mark.parametrize(
    ("headers", "name", "detail"),
    [
        ({"Origin": "http://evil.example"}, "cross-site", SITE),
        ({"Origin": "null"}, "cross-site", SITE),
        ({"Origin": "http://localhost:1234"}, "cross-site", SITE),
        ({"Sec-Fetch-Site": "cross-site"}, "cross-site", SITE),
        ({"Sec-Fetch-Site": "same-site"}, "cross-site", SITE),
    ],
)
def test_pages_of_other_sites_are_refused(
    make_app: MakeApp, headers: dict[str, str], name: str, detail: str
) -> None:
    app = make_app(allow_documented_secrets=True)
    assert_problem(send(app, headers=headers), name, 403, detail)


@pytest.mark.parametrize("headers", [{"Origin": "http://localhost"}, {"Sec-Fetch-Site": "none"}, {}])
def test_own_pages_and_clients_without_a_page_are_served(app: Flask, headers: dict[str, str]) -> None:
    assert send(app, headers={**headers, "Host": "localhost"}).status_code == 200


@pytest.mark.parametrize("host", ["rebound.example", "127.0.0.1.nip.io", "", "[", "a b.example:80", "1.2.3"])
def test_names_that_others_may_point_here_are_refused(make_app: MakeApp, host: str) -> None:
    app = make_app(allow_documented_secrets=True)
    assert_problem(send(app, headers={"Host": host}), "host-not-allowed", 403, HOST)
    absolute = {"RAW_URI": "http://rebound.example/_rollcall/status"}
    assert_problem(send(app, environ_overrides=absolute), "host-not-allowed", 403, HOST)


@pytest.mark.parametrize(
    "host", ["localhost:10002", "im.localhost", "192.0.2.1:80", "[::1]:80", "rollcall:10002", "im.example"]
)
def test_addresses_names_without_a_dot_and_listed_names_are_served(make_app: MakeApp, host: str) -> None:
    app = make_app(allow_documented_secrets=True, hosts="other.example,IM.example")
    assert send(app, headers={"Host": host}).status_code == 200


def test_documented_secrets_serve_this_machine_only(make_app: MakeApp) -> None:
    app = make_app()
    refused = send(app, environ_overrides=REMOTE)
    assert refused.status_code == 403
    assert refused.get_json()["type"] == "urn:rollcall:documented-secrets"
    assert refused.get_json()["detail"].startswith("the request comes from another machine: ")
    assert not app.extensions["rollcall"].started


def test_own_secrets_need_a_key(make_app: MakeApp) -> None:
    for path in (STATUS, "/_rollcall/nothing", "/_rollcall"):
        assert_problem(send(make_app(**OWN), path), "control-off", 404, CONTROL_OFF)


@pytest.mark.parametrize("settings", [{}, OWN], ids=["documented secrets", "own secrets"])
def test_a_key_that_is_set_is_required(make_app: MakeApp, settings: dict[str, str]) -> None:
    app = make_app(control_key=KEY, **settings)
    for header in ("", KEY, f"Basic {KEY}", f"Bearer {OTHER_KEY}", "Bearer ", "Bearer é"):
        refused = send(app, headers={"Authorization": header} if header else {})
        assert_problem(refused, "control-key-wrong", 401, WRONG_KEY)
        assert refused.headers["WWW-Authenticate"] == "Bearer"
    # An unknown path is not told from a known one without the key.
    assert_problem(send(app, "/_rollcall/nothing"), "control-key-wrong", 401, WRONG_KEY)
    assert send(app, headers={"Authorization": f"Bearer {KEY}"}).status_code == 200


def test_wrong_keys_are_throttled_and_the_right_one_is_not(make_app: MakeApp) -> None:
    app = make_app(control_key=KEY, **OWN)
    given: dict[str, Any] = {"environ_overrides": REMOTE}
    wrong = [send(app, headers={"Authorization": f"Bearer {OTHER_KEY}"}, **given) for _ in range(21)]
    assert [response.status_code for response in wrong] == [401] * 20 + [429]
    detail = "too many wrong secrets from this address, wait before the next one"
    assert_problem(wrong[-1], "too-many-wrong-keys", 429, detail)
    assert send(app, headers={"Authorization": f"Bearer {KEY}"}, **given).status_code == 200


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_has_to_be_json(app: Flask, content_type: str) -> None:
    refused = send(app, method="GET", data=b"{}", headers={"Content-Type": content_type})
    assert_problem(refused, "body-type-not-supported", 415, "the body has to be application/json")


@pytest.mark.parametrize("path", ["/_rollcall", "/_rollcall/", "/_rollcall/nothing", "/_rollcall/status/"])
def test_unknown_paths_are_problems(app: Flask, path: str) -> None:
    assert_problem(send(app, path), "path-not-found", 404, "the control API has no such path")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_problems(app: Flask, method: str) -> None:
    refused = send(app, method=method)
    assert_problem(refused, "method-not-allowed", 405, "the control API has no such method on this path")


@pytest.mark.parametrize("base", ["/v2", "/v3", "/v3.4", "/v3.8", "/rongcloud", "/api", "/"])
def test_no_base_path_leads_to_the_control_api(app: Flask, base: str) -> None:
    for call in CALLS:
        sent = {"PATH_INFO": f"{base}/_rollcall{call.path}"}
        refused = send(app, "/", call.method, environ_overrides=sent)
        detail = "the control API has no base path: /_rollcall comes first"
        assert_problem(refused, "path-not-found", 404, detail)


def test_unknown_parameters_are_refused_by_name(app: Flask) -> None:
    refused = send(app, STATUS + "?verbos=1")
    assert_problem(refused, "request-invalid", 400, "'verbos' is not a parameter of this call")


def test_a_stopping_server_says_so(app: Flask) -> None:
    assert send(app).status_code == 200
    app.extensions["rollcall"].stop()
    assert_problem(send(app), "unavailable", 503, "the server is stopping")
