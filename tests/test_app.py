"""The factory, the start and the stop, what is answered when something is wrong with us, who is served."""

from __future__ import annotations

import logging
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import create_app
from app.errors import DatabaseRefused, InstanceBusy, SettingInvalid, StartupError, StorageUnavailable
from app.services import Services
from app.wire import body
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

#: A call of each dialect that writes, and how it names the dialect's part in a table below.
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "v2": ("/auth/user_token", {"json": V2}),
    "v3.4": ("/auth/user_token", {"json": V3, "headers": {"operationID": "1"}}),
    "v3.8": ("/v3.8/auth/user_token", {"json": V3, "headers": {"operationID": "1"}}),
    "rongcloud": ("/user/getToken.json", {"data": b"userId=u&name=n", "headers": SIGNED}),
    "rollcall": ("/presence/heartbeat", {"headers": {"token": "x"}}),
}


def call(app: Flask, dialect: str, **changes: Any) -> tuple[int, Any]:
    path, given = CALLS[dialect]
    headers = {**given.get("headers", {}), **changes.pop("headers", {})}
    response = app.test_client().post(path, **{**given, "headers": headers, **changes})
    return response.status_code, response.get_json(silent=True)


def services_of(app: Flask) -> Services:
    services: Services = app.extensions["rollcall"]
    return services


def test_making_an_app_opens_nothing_and_starts_nothing(tmp_path: Path, clock: FakeClock) -> None:
    before = threading.enumerate()
    create_app({"instance": tmp_path / "instance"}, clock)
    assert threading.enumerate() == before
    assert list(tmp_path.iterdir()) == []


def test_the_first_request_starts_what_no_server_has_started(app: Flask, tmp_path: Path) -> None:
    assert not services_of(app).started
    assert call(app, "v2")[0] == 200
    assert services_of(app).started
    files = {file.name for file in (tmp_path / "instance").iterdir()}
    assert files == {"rollcall.db", "rollcall.db-shm", "rollcall.db-wal", "rollcall.lock"}
    assert (tmp_path / "instance").stat().st_mode & 0o777 == 0o700


def test_starting_and_stopping_twice_is_once(app: Flask) -> None:
    services = services_of(app)
    services.start()
    services.start()
    services.stop()
    services.stop()
    services.start()
    assert call(app, "v2")[0] == 200


def test_a_request_that_outlives_the_serving_starts_nothing_again(app: Flask, tmp_path: Path) -> None:
    services_of(app).start()
    services_of(app).stop()
    assert call(app, "v2") == UNAVAILABLE["v2"]
    assert not services_of(app).started


def test_the_app_has_the_blueprints_auth_and_user(app: Flask) -> None:
    assert set(app.blueprints) == {
        "auth",
        "user",
        "manager",
        "statistics",
        "presence",
        "callback",
        "health",
        "metrics",
    }


def test_the_instance_folder_is_served_once(make_app: MakeApp, caplog: pytest.LogCaptureFixture) -> None:
    first, second = make_app(), make_app()
    services_of(first).start()
    with pytest.raises(InstanceBusy) as refusal:
        services_of(second).start()
    assert "is served by process" in str(refusal.value)
    path, given = CALLS["v2"]
    response = second.test_client().post(path, **given)
    assert (response.status_code, response.data.decode()) == (503, f"{refusal.value}\n")
    assert caplog.messages == [str(refusal.value)]
    services_of(first).stop()
    assert call(second, "v2")[0] == 200


def test_an_instance_folder_that_is_served_elsewhere_is_not_touched(
    make_app: MakeApp, tmp_path: Path
) -> None:
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


def test_a_database_in_which_nothing_can_be_written_is_refused_in_a_sentence(
    app: Flask, tmp_path: Path
) -> None:
    services_of(app).start()
    services_of(app).stop()
    with closing(sqlite3.connect(tmp_path / "instance" / "rollcall.db")) as connection:
        connection.execute("DROP TABLE users")
    with pytest.raises(DatabaseRefused) as refusal:
        services_of(app).start()
    assert str(refusal.value) == (
        f"the database in {tmp_path / 'instance'} cannot be used: no such table: users"
    )
    assert not services_of(app).started


def test_an_instance_folder_that_cannot_be_made_is_refused(make_app: MakeApp, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartupError, match="the instance folder .* cannot be used"):
        services_of(make_app(instance=tmp_path / "file" / "instance")).start()


def test_a_database_that_is_refused_lets_the_folder_go(make_app: MakeApp, tmp_path: Path) -> None:
    database = tmp_path / "instance" / "rollcall.db"
    database.parent.mkdir()
    database.write_bytes(b"")
    app = make_app()
    with pytest.raises(StartupError, match="is not a database"):
        services_of(app).start()
    database.unlink()
    services_of(app).start()


def test_a_wrong_setting_stops_the_factory(make_app: MakeApp) -> None:
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
def test_a_fault_of_ours_is_logged_and_told_without_details(
    app: Flask, dialect: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise ZeroDivisionError("a secret detail")

    services_of(app).start()
    monkeypatch.setattr(services_of(app).database, "write", broken)
    assert call(app, dialect) == INTERNAL[dialect]
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info and record.exc_info[0] is ZeroDivisionError
    assert "openIM123" not in caplog.text and "tuoyun" not in caplog.text


@pytest.mark.parametrize("dialect", UNAVAILABLE)
def test_a_database_out_of_reach_is_told_as_such(
    app: Flask, dialect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(*args: object) -> None:
        raise StorageUnavailable("disk I/O error")

    services_of(app).start()
    monkeypatch.setattr(services_of(app).database, "write", unavailable)
    assert call(app, dialect) == UNAVAILABLE[dialect]


def test_a_fault_before_any_dialect_is_known_is_plain(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("app.wire.blueprints.choose", broken)
    response = app.test_client().post("/auth/user_token", json=V2)
    assert (response.status_code, response.data, response.content_type) == (
        500,
        b"internal server error",
        "text/plain",
    )


def test_a_fault_in_wording_a_404_is_plain(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("app.wire.error_handlers.responses.not_found", broken)
    response = app.test_client().post("/nothing")
    assert (response.status_code, response.data, response.content_type) == (
        500,
        b"internal server error",
        "text/plain",
    )


TOO_LARGE = f"request body is larger than {body.MAX_BODY_BYTES} bytes"


@pytest.mark.parametrize(
    ("dialect", "answer"),
    [
        ("v2", (400, {"errCode": 400, "errMsg": f" BindJSON failed {TOO_LARGE}"})),
        ("v3.8", (200, {"errCode": 1001, "errMsg": "ArgsError", "errDlt": TOO_LARGE})),
        ("rongcloud", (413, {"url": "/user/getToken.json", "code": 1508, "errorMessage": TOO_LARGE})),
    ],
)
def test_a_body_over_the_limit_is_refused_in_the_dialects_words(
    app: Flask, dialect: str, answer: tuple[int, Any]
) -> None:
    path = {"v2": "/v2/auth/user_token"}.get(dialect, CALLS[dialect][0])
    response = app.test_client().post(
        path, data=b" " * (body.MAX_BODY_BYTES + 1), headers=CALLS[dialect][1].get("headers")
    )
    assert (response.status_code, response.get_json()) == answer


def test_a_bare_body_over_the_limit_is_told_by_what_else_there_is(app: Flask) -> None:
    """The body cannot show whose the request is, so the header does, or the default."""
    data = b" " * (body.MAX_BODY_BYTES + 1)
    v2 = app.test_client().post("/auth/user_token", data=data)
    v3 = app.test_client().post("/auth/user_token", data=data, headers={"operationID": "1"})
    assert v2.get_json() == {"errCode": 400, "errMsg": f" BindJSON failed {TOO_LARGE}"}
    assert v3.get_json() == {"errCode": 1001, "errMsg": "ArgsError", "errDlt": TOO_LARGE}


SETTINGS = (
    "ROLLCALL_OPENIM_SECRET, ROLLCALL_OPENIM_V2_SECRET, ROLLCALL_OPENIM_V2_ACCESS_SECRET, "
    "ROLLCALL_RONGCLOUD_APPS"
)
REASON = (
    f"the request comes from another machine: with the documented or short secret in {SETTINGS} only "
    "requests from this machine are served; set a secret of your own"
)
ELSEWHERE = {
    "v2": (400, {"errCode": 401, "errMsg": REASON}),
    "v3.4": (
        200,
        {"errCode": 1002, "errMsg": "NoPermissionError", "errDlt": f"{REASON}: 1002 NoPermissionError"},
    ),
    "v3.8": (200, {"errCode": 1002, "errMsg": "NoPermissionError", "errDlt": REASON}),
    "rongcloud": (401, {"url": "/user/getToken.json", "code": 1006, "errorMessage": REASON}),
    "rollcall": (200, {"errCode": 1002, "errMsg": "NoPermissionError", "errDlt": REASON}),
}


@pytest.mark.parametrize("dialect", ELSEWHERE)
def test_documented_secrets_serve_this_machine_only(app: Flask, dialect: str) -> None:
    assert call(app, dialect, environ_base={"REMOTE_ADDR": "192.0.2.1"}) == ELSEWHERE[dialect]


@pytest.mark.parametrize("dialect", ELSEWHERE)
@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"X-Forwarded-For": "127.0.0.1"}],
)
def test_a_page_in_the_developers_browser_gets_nothing(
    app: Flask, dialect: str, headers: dict[str, str]
) -> None:
    status, answer = call(app, dialect, headers=headers)
    assert (status, answer.keys()) == (ELSEWHERE[dialect][0], ELSEWHERE[dialect][1].keys())
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
    ids=["allowed", "secrets of one's own"],
)
def test_everybody_is_served_once_that_is_safe_or_allowed(
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
            changes["json"] = {**CALLS[dialect][1]["json"], "secret": "a-secret-of-our-own"}
    status, answer = call(make_app(**settings), dialect, **changes)
    assert (status, answer.get("errCode", answer.get("code"))) in ((200, 0), (200, 200))


def test_one_weak_secret_names_itself(make_app: MakeApp) -> None:
    app = make_app(dialects="openim_v3")
    status, answer = call(app, "v3.8", environ_base={"REMOTE_ADDR": "192.0.2.1"})
    assert "secret in ROLLCALL_OPENIM_SECRET only" in answer["errDlt"]


def test_a_dialect_that_is_switched_off_is_not_there(make_app: MakeApp) -> None:
    app = make_app(dialects="openim_v3")
    assert call(app, "v3.8")[1]["errCode"] == 0
    # With v2 away, the shared path is v3's alone.
    assert call(app, "v2")[1]["errDlt"] == "header must have operationID: 1001 ArgsError"
    for path in ("/auth/user_register", "/v2/auth/user_token", "/user/getToken.json", "/rongcloud/x"):
        response = app.test_client().post(path)
        assert (path, response.status_code, response.data) == (path, 404, b"404 page not found")
        assert response.headers["Access-Control-Allow-Origin"] == CORS["Access-Control-Allow-Origin"]


def test_tokens_of_a_dialect_that_is_switched_off_are_none(make_app: MakeApp) -> None:
    both = make_app()
    token = call(both, "v2")[1]["data"]["token"]
    services_of(both).stop()
    answer = call(make_app(dialects="openim_v3"), "rollcall", headers={"token": token})[1]
    assert answer == {"errCode": 1505, "errMsg": "TokenUnknownError", "errDlt": "signature is invalid"}
