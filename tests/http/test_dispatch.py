"""The one door: guard, start, base paths, hooks of Flask, blueprints that are no dialect."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask, Response
from rollcall_server.http.blueprints import register_guarded

from tests.conftest import MakeApp

V2 = {"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "1"}
REMOTE = {"REMOTE_ADDR": "192.0.2.7"}


def log_in(app: Flask, **options: Any) -> Any:
    return app.test_client().post("/auth/user_token", json=V2, **options)


def test_flasks_hooks_run_at_the_fixed_post_paths_too(app: Flask) -> None:
    seen: list[str] = []

    @app.before_request
    def before() -> None:
        seen.append("before")

    @app.after_request
    def after(response: Response) -> Response:
        seen.append("after")
        return response

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        seen.append("teardown")

    assert log_in(app).get_json()["errCode"] == 0
    assert seen == ["before", "after", "teardown"]


@pytest.mark.parametrize("blueprint", ["auth", None])
def test_a_before_request_hook_can_answer_in_place_of_the_call(app: Flask, blueprint: str | None) -> None:
    def stop() -> tuple[str, int]:
        return "not today", 418

    app.before_request_funcs.setdefault(blueprint, []).append(stop)
    assert (log_in(app).status_code, log_in(app).data) == (418, b"not today")


def test_a_hook_after_the_first_request_is_refused(app: Flask) -> None:
    log_in(app)
    for register in (app.before_request, app.after_request, app.teardown_request):
        with pytest.raises(AssertionError, match="can no longer be called"):
            register(lambda *arguments: None)


@pytest.mark.parametrize("path", ["/auth/user_token", "/nothing", "/user/getToken.json", "/readyz"])
def test_no_answer_shares_its_headers_with_another(app: Flask, path: str) -> None:
    numbers = iter(range(10))

    @app.after_request
    def number(response: Response) -> Response:
        response.headers.add("X-Number", str(next(numbers)))
        return response

    method: Callable[..., Any] = (
        app.test_client().get if path == "/readyz" else lambda path: app.test_client().post(path, json=V2)
    )
    assert [method(path).headers.getlist("X-Number") for _ in range(3)] == [["0"], ["1"], ["2"]]


@pytest.fixture
def guarded(app: Flask) -> Flask:
    """An application with a blueprint that is no dialect and asks the database."""
    services = app.extensions["rollcall"]
    blueprint = Blueprint("more", __name__)

    @blueprint.get("/more")
    def more() -> str:
        return services.users.get("imAdmin").user_id

    register_guarded(app, blueprint, services)
    return app


def test_a_blueprint_that_is_no_dialect_gets_the_start_and_the_guard(guarded: Flask) -> None:
    client = guarded.test_client()
    assert (client.get("/more").status_code, client.get("/more").data) == (200, b"imAdmin")
    refusal = client.get("/more", environ_overrides=REMOTE)
    assert refusal.status_code == 403
    assert refusal.content_type == "text/plain; charset=utf-8"
    assert refusal.data.startswith(b"the request comes from another machine: with the documented or short ")
    guarded.extensions["rollcall"].stop()
    stopped = client.get("/more")
    assert (stopped.status_code, stopped.data) == (503, b"the server is stopping\n")


def test_a_blueprint_that_is_no_dialect_says_why_the_services_cannot_start(
    guarded: Flask, tmp_path: Path
) -> None:
    (tmp_path / "instance").write_text("no folder")
    answer = guarded.test_client().get("/more")
    assert (answer.status_code, answer.content_type) == (503, "text/plain; charset=utf-8")
    assert answer.data.startswith(f"the instance folder {tmp_path}/instance cannot be used: ".encode())


@pytest.mark.parametrize("path", ["/auth/user_token", "/more"])
def test_a_second_process_is_refused_with_a_reason(guarded: Flask, path: str) -> None:
    """Plain `gunicorn -w 4` starts processes that each would keep a presence of their own."""
    method = "GET" if path == "/more" else "POST"
    options: dict[str, Any] = {} if path == "/more" else {"json": V2}
    answer = guarded.test_client().open(
        path, method=method, environ_overrides={"wsgi.multiprocess": True}, **options
    )
    assert (answer.status_code, answer.data) == (
        503,
        b"Rollcall is served by several processes, and presence lives in one: run a single worker (-w 1) "
        b"with threads\n",
    )
    assert not guarded.extensions["rollcall"].started


def test_readyz_starts_the_services_itself(app: Flask) -> None:
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "ok")
    assert app.extensions["rollcall"].started


def test_a_token_of_a_database_that_is_gone_is_refused(app: Flask, tmp_path: Path) -> None:
    services = app.extensions["rollcall"]
    token = log_in(app).get_json()["data"]["token"]
    ask = {"json": {"operationID": "1"}, "headers": {"token": token}}
    assert app.test_client().post("/auth/parse_token", **ask).get_json()["errCode"] == 0
    services.stop()
    for file in (tmp_path / "instance").glob("rollcall.db*"):
        file.unlink()
    services.start()
    answer = app.test_client().post("/auth/parse_token", **ask).get_json()
    assert answer["errCode"] == 1001
    assert "redis token map not find" in answer["errMsg"]


def test_prefixes_are_taken_off_before_the_url_map(app: Flask, make_app: MakeApp) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    assert not [rule for rule in rules if rule.startswith(("/v2", "/v3", "/api", "/rongcloud", "//"))]
    assert len(rules) == len(list(app.url_map.iter_rules()))
