"""Prometheus metrics and health: the values, and who may read them."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from flask import Flask
from rollcall_server.models import User

from tests.conftest import MakeApp
from tests.support.clock import FakeClock

KEY = "k3y-0123456789abcdef"
REMOTE = {"REMOTE_ADDR": "192.0.2.7"}
LOGIN = {"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "1"}


def samples(app: Flask) -> dict[str, float]:
    response = app.test_client().get("/metrics")
    assert response.status_code == 200
    assert response.content_type.startswith("text/plain; version=")
    lines = [line for line in response.get_data(as_text=True).splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_requests_and_their_outcomes_are_counted(app: Flask, clock: FakeClock) -> None:
    client = app.test_client()
    services = app.extensions["rollcall"]
    services.start()
    services.users.register([User("a"), User("b")])
    token = client.post("/auth/user_token", json=LOGIN).get_json()["data"]["token"]
    client.post("/auth/user_token", json={**LOGIN, "secret": "wrong"})
    client.post("/auth/user_token", json={**LOGIN, "userID": "nobody"})
    for platform_id in (1, 5):
        heartbeat = {"userID": "a", "platformID": platform_id}
        client.post("/presence/heartbeat", json=heartbeat, headers={"token": token})
    client.post("/v3/nothing", headers={"operationID": "1", "token": token})
    client.get("/nothing")
    request = services.codecs["v3.8"].request("a", 1)
    services.tokens.issue(request, kicks=True)
    clock.advance(1)
    services.tokens.issue(request, kicks=True)
    found = samples(app)
    labels = 'call="/auth/user_token",dialect="openim_v2"'
    assert found[f'rollcall_requests_total{{{labels},outcome="ok"}}'] == 1
    assert found[f'rollcall_requests_total{{{labels},outcome="SecretWrong"}}'] == 1
    assert found[f'rollcall_requests_total{{{labels},outcome="UserNotFound"}}'] == 1
    assert found[f"rollcall_request_seconds_count{{{labels}}}"] == 3
    assert found[f'rollcall_request_seconds_bucket{{{labels},le="+Inf"}}'] == 3
    heartbeats = 'call="/presence/heartbeat",dialect="rollcall"'
    assert found[f'rollcall_requests_total{{{heartbeats},outcome="ok"}}'] == 2
    online = {name: value for name, value in found.items() if name.startswith("rollcall_users_online{")}
    assert online == {'rollcall_users_online{platform="5"}': 1}
    assert found["rollcall_connections"] == 1
    assert found["rollcall_registrations_total"] == 2
    assert found["rollcall_tokens_issued_total"] == 3
    assert found["rollcall_tokens_kicked_total"] == 1
    assert found["rollcall_writer_waiting"] == 0
    assert found["rollcall_writer_operations_total"] >= found["rollcall_writer_commits_total"] > 3
    assert found["rollcall_outbox"] == 0


def scrape(app: Flask, **given: Any) -> tuple[int, str]:
    response = app.test_client().get("/metrics", **given)
    return response.status_code, response.get_data(as_text=True)


@pytest.mark.parametrize("key", ["", KEY])
def test_remote_scrapes_need_the_key(make_app: MakeApp, key: str) -> None:
    app = make_app(metrics_key=key, allow_documented_secrets=True)
    refused = (403, "from elsewhere, Authorization has to be Bearer ROLLCALL_METRICS_KEY\n")
    for header in ("", "Bearer ", f"Bearer {KEY[:-1]}", f"Basic {KEY}", "Bearer é"):
        headers = {"Authorization": header} if header else {}
        assert scrape(app, headers=headers, environ_overrides=REMOTE) == refused
    headers = {"Authorization": f"Bearer {KEY}"}
    assert scrape(app, headers=headers, environ_overrides=REMOTE)[0] == (200 if key else 403)
    assert scrape(app)[0] == 200


def test_metrics_are_missing_without_the_library_or_if_disabled(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = (404, "the extra `metrics` is not installed, or ROLLCALL_METRICS is 0\n")
    disabled = make_app(metrics=False)
    assert scrape(disabled) == missing
    disabled.extensions["rollcall"].stop()
    with monkeypatch.context() as patch:
        patch.setattr("rollcall_server.operations.metrics.find_spec", lambda name: None)
        app = make_app()
    assert scrape(app) == missing


def test_a_scrape_starts_the_services_but_not_after_a_stop(app: Flask) -> None:
    assert samples(app)["rollcall_outbox"] == 0
    app.extensions["rollcall"].stop()
    assert scrape(app) == (503, "the server is stopping\n")


def test_documented_secrets_keep_metrics_from_other_machines(make_app: MakeApp) -> None:
    app = make_app(metrics_key=KEY)
    headers = {"Authorization": f"Bearer {KEY}"}
    status, text = scrape(app, headers=headers, environ_overrides=REMOTE)
    assert (status, text.split(":")[0]) == (403, "the request comes from another machine")
    assert not app.extensions["rollcall"].started


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_needs_no_credentials(make_app: MakeApp, path: str) -> None:
    app = make_app()
    assert app.test_client().get(path, environ_overrides=REMOTE).status_code == 200
    # Readiness starts the services by itself, so it needs no request before it.
    assert app.extensions["rollcall"].started == (path == "/readyz")
    app.extensions["rollcall"].stop()
    stopped = app.test_client().get(path, environ_overrides=REMOTE)
    assert stopped.status_code == (200 if path == "/healthz" else 503)


def test_readiness_recovers_as_soon_as_a_write_succeeds(app: Flask) -> None:
    services = app.extensions["rollcall"]
    services.start()

    def limit(pages: int) -> Any:
        return lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()

    services.storage.database.write(limit(1))
    with pytest.raises(Exception, match="full"):
        services.users.register([User(f"u{number}", "x" * 1000) for number in range(1000)])
    client = app.test_client()
    # The small write of /readyz itself still fits the existing pages and ends the failure.
    assert client.get("/readyz").status_code == 200
    services.storage.database.write(limit(1_000_000))
    services.users.register([User("later")])
    assert client.get("/readyz").get_json()["reasons"] == []


@pytest.fixture
def little_space(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=5_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)


WARNING = "less than 16 MiB of the disk are free"


def test_little_space_is_a_warning_while_writes_succeed(app: Flask, little_space: None) -> None:
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.get_json()) == (
        200,
        {
            "status": "ok",
            "reasons": [],
            "warnings": [WARNING],
            "writer": {"heldUpFor": 0.0, "lastFailure": ""},
            "disk": {"free": 5_000_000},
        },
    )


def test_little_space_makes_readiness_notice_that_writes_fail(app: Flask, little_space: None) -> None:
    services = app.extensions["rollcall"]
    services.start()
    connection = services.storage.database.write(lambda transaction: transaction)
    connection.execute("PRAGMA query_only = ON")
    answer = app.test_client().get("/readyz")
    failure = "attempt to write a readonly database"
    assert (answer.status_code, answer.get_json()) == (
        503,
        {
            "status": "failing",
            "reasons": [f"the last write failed: {failure}"],
            "warnings": [WARNING],
            "writer": {"heldUpFor": 0.0, "lastFailure": failure},
            "disk": {"free": 5_000_000},
        },
    )
    connection.execute("PRAGMA query_only = OFF")
    assert app.test_client().get("/readyz").status_code == 200


def test_wrong_keys_are_throttled(make_app: MakeApp, clock: FakeClock) -> None:
    app = make_app(metrics_key=KEY, allow_documented_secrets=True)

    def status(key: str) -> int:
        return scrape(app, headers={"Authorization": f"Bearer {key}"}, environ_overrides=REMOTE)[0]

    assert [status("wrong") for _ in range(25)] == [403] * 25
    assert status(KEY) == 403
    clock.advance(2)
    assert status(KEY) == 200
