"""The harness: each test has its own Rollcall, with a real database file and a fake clock."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rollcall_server import create_app
from rollcall_server.services import Services

from tests.support.clock import FakeClock

MakeApp = Callable[..., Flask]


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove Rollcall's settings from the environment."""
    for name in [name for name in os.environ if name.startswith("ROLLCALL_")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def no_thread_left_behind() -> Iterator[None]:
    """Fail a test that leaves a thread of Rollcall running."""
    before = set(threading.enumerate())
    yield
    left = [thread.name for thread in threading.enumerate() if thread not in before]
    assert [name for name in left if name.startswith("rollcall-")] == []


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def make_app(tmp_path: Path, clock: FakeClock) -> Iterator[MakeApp]:
    """Make a Rollcall with the given settings; all are stopped after the test."""
    made: list[Flask] = []

    def make(**settings: Any) -> Flask:
        app = create_app({"instance": tmp_path / "instance", **settings}, clock)
        made.append(app)
        return app

    yield make
    for app in made:
        app.extensions["rollcall"].stop()


@pytest.fixture(name="app")
def _app(make_app: MakeApp) -> Flask:
    return make_app()


@pytest.fixture(name="client")
def _client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(name="services")
def _services(app: Flask) -> Services:
    services: Services = app.extensions["rollcall"]
    services.start()
    return services
