"""The factory, start and stop, the answers to internal errors, and which requests are served."""

from __future__ import annotations

import logging
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from rollcall_server import create_app
from rollcall_server.errors import (
    DatabaseRefused,
    InstanceBusy,
    SettingInvalid,
    StartupError,
    StorageUnavailable,
)
from rollcall_server.limits import MAX_BATCH_BYTES, MAX_BODY_BYTES
from rollcall_server.services import Services
from rollcall_server.storage.sqlite.schema import migrations

from tests.conftest import MakeApp
from tests.support.clock import FakeClock
from tests.support.scenario import CORS
from tests.support.tokens import signature_of

V2 = {"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "1"}
V3 = {"secret": "openIM123", "platformID": 1, "userID": "openIMAdmin"}
SIGNED = {
    "App-Key": "live-app-key",
    "Nonce": "1",
    "Timestamp": "2",
    "Signature": signature_of("live-app-secret", "1", "2"),
}

#: A request of each dialect: path and arguments of the test client.
REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "v2": ("/auth/user_token", {"json": V2}),
    "v3.4": ("/auth/user_token", {"json": V3, "headers": {"operationID": "1"}}),
    "v3.8": ("/v3.8/auth/user_token", {"json": V3, "headers": {"operationID": "1"}}),
    "rongcloud": ("/user/getToken.json", {"data": b"userId=u&name=n", "headers": SIGNED}),
    "rollcall": ("/presence/heartbeat", {"headers": {"token": "x"}}),
}


def send(app: Flask, dialect: str, **changes: Any) -> tuple[int, Any]:
    path, given = REQUESTS[dialect]
    headers = {**given.get("headers", {}), **changes.pop("headers", {})}
    response = app.test_client().post(path, **{**given, "headers": headers, **changes})
    return response.status_code, response.get_json(silent=True)


def services_of(app: Flask) -> Services:
    services: Services = app.extensions["rollcall"]
    return services


def test_create_app_opens_no_file_and_starts_no_thread(tmp_path: Path, clock: FakeClock) -> None:
    before = threading.enumerate()
    create_app({"instance": tmp_path / "instance"}, clock)
    assert threading.enumerate() == before
    assert list(tmp_path.iterdir()) == []


def test_the_first_request_starts_the_services(app: Flask, tmp_path: Path) -> None:
    assert not services_of(app).started
    assert send(app, "v2")[0] == 200
    assert services_of(app).started
    files = {file.name for file in (tmp_path / "instance").iterdir()}
    assert files == {"rollcall.db", "rollcall.db-shm", "rollcall.db-wal", "rollcall.lock"}
    assert (tmp_path / "instance").stat().st_mode & 0o777 == 0o700


def test_start_and_stop_are_idempotent(app: Flask) -> None:
    services = services_of(app)
    services.start()
    services.start()
    services.stop()
    services.stop()
    services.start()
    assert send(app, "v2")[0] == 200


def test_a_request_after_the_stop_does_not_restart_the_services(app: Flask, tmp_path: Path) -> None:
    services_of(app).start()
    services_of(app).stop()
    assert send(app, "v2") == UNAVAILABLE["v2"]
    assert not services_of(app).started


def test_the_app_has_these_blueprints(app: Flask) -> None:
    assert set(app.blueprints) == {
        "auth",
        "user",
        "manager",
        "statistics",
        "presence",
        "callback",
        "control",
        "health",
        "metrics",
    }


def test_one_app_at_a_time_serves_an_instance_folder(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = make_app(), make_app()
    services_of(first).start()
    with pytest.raises(InstanceBusy) as refusal:
        services_of(second).start()
    assert "is served by process" in str(refusal.value)
    path, given = REQUESTS["v2"]
    response = second.test_client().post(path, **given)
    assert (response.status_code, response.data.decode()) == (503, f"{refusal.value}\n")
    assert caplog.messages == [str(refusal.value)]
    services_of(first).stop()
    assert send(second, "v2")[0] == 200


def test_a_busy_instance_folder_is_not_touched(make_app: MakeApp, tmp_path: Path) -> None:
    first, second = make_app(), make_app()
    services_of(first).start()
    database = tmp_path / "instance" / "rollcall.db"
    before = database.stat()
    with pytest.raises(InstanceBusy):
        services_of(second).start()
    assert database.stat() == before
    database.rename(tmp_path / "moved")
    with pytest.raises(InstanceBusy):
        services_of(second).start()
    assert not database.exists()


def test_a_database_without_the_users_table_is_refused_with_a_reason(app: Flask, tmp_path: Path) -> None:
    services_of(app).start()
    services_of(app).stop()
    with closing(sqlite3.connect(tmp_path / "instance" / "rollcall.db")) as connection:
        connection.execute("DROP TABLE users")
    with pytest.raises(DatabaseRefused) as refusal:
        services_of(app).start()
    assert str(refusal.value) == (
        f"{tmp_path / 'instance' / 'rollcall.db'} does not have the schema of Rollcall (version "
        f"{migrations()[-1].version}): table 'users' is missing; index 'users_by_high_level' is missing; "
        "trigger 'user_deleted' is missing; trigger 'user_level_changed' is missing"
    )
    assert not services_of(app).started


def test_an_instance_folder_that_cannot_be_created_is_refused(make_app: MakeApp, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartupError, match="the instance folder .* cannot be used"):
        services_of(make_app(instance=tmp_path / "file" / "instance")).start()


def test_a_refused_database_releases_the_instance_folder(make_app: MakeApp, tmp_path: Path) -> None:
    database = tmp_path / "instance" / "rollcall.db"
    database.parent.mkdir()
    database.write_bytes(b"")
    app = make_app()
    with pytest.raises(StartupError, match="is not a database"):
        services_of(app).start()
    database.unlink()
    services_of(app).start()


def test_create_app_refuses_an_unknown_setting(make_app: MakeApp) -> None:
    with pytest.raises(SettingInvalid, match="create_app's thredas is not a Rollcall setting"):
        make_app(thredas=1)


INTERNAL = {
    "v2": (500, {"errCode": 500, "errMsg": "call  rpc server failed"}),
    "v3.4": (500, {"errCode": 500, "errMsg": "ServerInternalError", "errDlt": ": 500 ServerInternalError"}),
    "v3.8": (500, {"errCode": 500, "errMsg": "ServerInternalError", "errDlt": "ServerInternalError"}),
    "rongcloud": (500, {"url": "/user/getToken.json", "code": 1000, "errorMessage": "internal error"}),
}
UNAVAILABLE = {
    "v2": (503, {"errCode": 802, "errMsg": "db failed"}),
    "v3.4": (503, {"errCode": 90002, "errMsg": "DatabaseError", "errDlt": ": 90002 DatabaseError"}),
    "v3.8": (503, {"errCode": 90002, "errMsg": "DatabaseError", "errDlt": "DatabaseError"}),
    "rongcloud": (
        503,
        {
            "url": "/user/getToken.json",
            "code": 1000,
            "errorMessage": "the database is not available, try again later",
        },
    ),
}


@pytest.mark.parametrize("dialect", INTERNAL)
def test_an_internal_error_is_logged_and_answered_without_details(
    app: Flask, dialect: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise ZeroDivisionError("a secret detail")

    services_of(app).start()
    monkeypatch.setattr(services_of(app).storage.database, "write", broken)
    assert send(app, dialect) == INTERNAL[dialect]
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info and record.exc_info[0] is ZeroDivisionError
    assert "openIM123" not in caplog.text and "tuoyun" not in caplog.text


@pytest.mark.parametrize("dialect", UNAVAILABLE)
def test_an_unavailable_database_is_answered_with_its_own_error(
    app: Flask, dialect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(*args: object) -> None:
        raise StorageUnavailable("disk I/O error")

    services_of(app).start()
    monkeypatch.setattr(services_of(app).storage.database, "write", unavailable)
    assert send(app, dialect) == UNAVAILABLE[dialect]


def test_an_internal_error_before_the_dialect_is_known_is_plain_text(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("rollcall_server.http.dispatch.choose", broken)
    response = app.test_client().post("/auth/user_token", json=V2)
    assert (response.status_code, response.data, response.content_type) == (
        500,
        b"internal server error",
        "text/plain",
    )


def test_an_internal_error_while_rendering_a_404_is_plain_text(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("rollcall_server.http.dispatch.responses.not_found", broken)
    response = app.test_client().post("/nothing")
    assert (response.status_code, response.data, response.content_type) == (
        500,
        b"internal server error",
        "text/plain",
    )


TOO_LARGE = f"request body is larger than {MAX_BODY_BYTES} bytes"
BATCH_TOO_LARGE = f"request body is larger than {MAX_BATCH_BYTES} bytes"


@pytest.mark.parametrize(
    ("dialect", "answer"),
    [
        ("v2", (400, {"errCode": 400, "errMsg": f" BindJSON failed {TOO_LARGE}"})),
        ("v3.8", (200, {"errCode": 1001, "errMsg": "ArgsError", "errDlt": TOO_LARGE})),
        ("rongcloud", (413, {"url": "/user/getToken.json", "code": 1508, "errorMessage": TOO_LARGE})),
    ],
)
def test_a_body_over_the_limit_gets_the_dialects_error(
    app: Flask, dialect: str, answer: tuple[int, Any]
) -> None:
    path = {"v2": "/v2/auth/user_token"}.get(dialect, REQUESTS[dialect][0])
    response = app.test_client().post(
        path, data=b" " * (MAX_BODY_BYTES + 1), headers=REQUESTS[dialect][1].get("headers")
    )
    assert (response.status_code, response.get_json()) == answer


def test_a_body_with_a_list_may_be_longer(app: Flask) -> None:
    def answer(size: int) -> Any:
        data = b" " * (size - 2) + b"{}"
        response = app.test_client().post("/v3.4/user/user_register", data=data, headers={"operationID": "1"})
        return response.get_json()

    refusal = {"errCode": 1001, "errMsg": "ArgsError"}
    assert answer(MAX_BATCH_BYTES) == {**refusal, "errDlt": "Users is empty: 1001 ArgsError"}
    assert answer(MAX_BATCH_BYTES + 1) == {**refusal, "errDlt": f"{BATCH_TOO_LARGE}: 1001 ArgsError"}


def test_a_body_over_the_limit_on_a_shared_path_goes_to_the_headers_dialect_or_the_default(
    app: Flask,
) -> None:
    """The body is not read, so it cannot identify the dialect."""
    data = b" " * (MAX_BODY_BYTES + 1)
    v2 = app.test_client().post("/auth/user_token", data=data)
    v3 = app.test_client().post("/auth/user_token", data=data, headers={"operationID": "1"})
    assert v2.get_json() == {"errCode": 400, "errMsg": f" BindJSON failed {TOO_LARGE}"}
    assert v3.get_json() == {"errCode": 1001, "errMsg": "ArgsError", "errDlt": TOO_LARGE}


SETTINGS = (
    "ROLLCALL_OPENIM_V2_SECRET, ROLLCALL_OPENIM_V2_ACCESS_SECRET, ROLLCALL_OPENIM_SECRET, "
    "ROLLCALL_RONGCLOUD_APPS"
)
REASON = (
    f"the request comes from another machine: with the documented or short secret in {SETTINGS} only "
    "requests from this machine are served; set a secret of your own"
)
REFUSED_REMOTE = {
    "v2": (400, {"errCode": 401, "errMsg": REASON}),
    "v3.4": (
        200,
        {"errCode": 1002, "errMsg": "NoPermissionError", "errDlt": f"{REASON}: 1002 NoPermissionError"},
    ),
    "v3.8": (200, {"errCode": 1002, "errMsg": "NoPermissionError", "errDlt": REASON}),
    "rongcloud": (401, {"url": "/user/getToken.json", "code": 1006, "errorMessage": REASON}),
    "rollcall": (200, {"errCode": 1002, "errMsg": "NoPermissionError", "errDlt": REASON}),
}


@pytest.mark.parametrize("dialect", REFUSED_REMOTE)
def test_documented_secrets_serve_local_requests_only(app: Flask, dialect: str) -> None:
    assert send(app, dialect, environ_base={"REMOTE_ADDR": "192.0.2.1"}) == REFUSED_REMOTE[dialect]


@pytest.mark.parametrize("dialect", REFUSED_REMOTE)
@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"X-Forwarded-For": "127.0.0.1"}],
)
def test_documented_secrets_refuse_foreign_hosts_foreign_origins_and_proxies(
    app: Flask, dialect: str, headers: dict[str, str]
) -> None:
    status, answer = send(app, dialect, headers=headers)
    assert (status, answer.keys()) == (REFUSED_REMOTE[dialect][0], REFUSED_REMOTE[dialect][1].keys())
    assert SETTINGS in str(answer)


@pytest.mark.parametrize("dialect", ["v2", "v3.4", "v3.8", "rongcloud"])
@pytest.mark.parametrize(
    "settings",
    [
        {"allow_documented_secrets": True},
        {
            "openim_secret": "a-secret-of-our-own",
            "openim_v2_secret": "a-secret-of-our-own",
            "openim_v2_access_secret": "a-secret-of-our-own",
            "rongcloud_apps": "live-app-key:a-secret-of-our-own",
        },
    ],
    ids=["allowed", "own secrets"],
)
def test_remote_requests_are_served_with_own_secrets_or_by_permission(
    make_app: MakeApp, dialect: str, settings: dict[str, Any]
) -> None:
    changes: dict[str, Any] = {
        "environ_base": {"REMOTE_ADDR": "192.0.2.1"},
        "headers": {"Host": "im.example"},
    }
    if "openim_secret" in settings:
        signature = signature_of("a-secret-of-our-own", "1", "2")
        changes["headers"]["Signature"] = signature
        if dialect != "rongcloud":
            changes["json"] = {**REQUESTS[dialect][1]["json"], "secret": "a-secret-of-our-own"}
    status, answer = send(make_app(**settings), dialect, **changes)
    assert (status, answer.get("errCode", answer.get("code"))) in ((200, 0), (200, 200))


def test_the_refusal_names_only_the_weak_secrets_of_enabled_dialects(make_app: MakeApp) -> None:
    app = make_app(dialects="openim_v3")
    status, answer = send(app, "v3.8", environ_base={"REMOTE_ADDR": "192.0.2.1"})
    assert "secret in ROLLCALL_OPENIM_SECRET only" in answer["errDlt"]


def test_a_disabled_dialect_has_no_paths(make_app: MakeApp) -> None:
    app = make_app(dialects="openim_v3")
    assert send(app, "v3.8")[1]["errCode"] == 0
    # Without v2, the shared path is v3's alone.
    assert send(app, "v2")[1]["errDlt"] == "header must have operationID: 1001 ArgsError"
    for path in ("/auth/user_register", "/v2/auth/user_token", "/user/getToken.json", "/rongcloud/x"):
        response = app.test_client().post(path)
        assert (path, response.status_code, response.data) == (path, 404, b"404 page not found")
        assert response.headers["Access-Control-Allow-Origin"] == CORS["Access-Control-Allow-Origin"]


def test_tokens_of_a_disabled_dialect_are_refused(make_app: MakeApp) -> None:
    both = make_app()
    token = send(both, "v2")[1]["data"]["token"]
    services_of(both).stop()
    answer = send(make_app(dialects="openim_v3"), "rollcall", headers={"token": token})[1]
    assert answer == {"errCode": 1505, "errMsg": "TokenUnknownError", "errDlt": "signature is invalid"}
