"""Fixtures of the scenario tables: one app per module, with registered users and issued tokens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rollcall_server import create_app
from rollcall_server.models import User

from tests.support.clock import START, FakeClock

NOW = int(START)


@pytest.fixture(scope="module")
def shared_clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="module")
def shared_app(tmp_path_factory: pytest.TempPathFactory, shared_clock: FakeClock) -> Iterator[Flask]:
    """Yield an app with users alice and bob and the app account "app"; no user is online."""
    folder: Path = tmp_path_factory.mktemp("shared")
    app = create_app({"instance": folder}, shared_clock)
    services = app.extensions["rollcall"]
    services.start()
    services.users.register([User("alice", "Alice"), User("bob", "Bob"), User("app", "App", level=3)])
    codecs, tokens = services.codecs, services.tokens
    for token_request in (
        codecs["v2"].request("alice", 1),
        codecs["v3.4"].request("alice", 1),
        codecs["v3.8"].request("alice", 1),
        codecs["v3.4"].request("openIMAdmin", 1),
        codecs["v3.8"].request("imAdmin", 10),
        codecs["rongcloud"].request(issuer="live-app-key", user_id="alice"),
    ):
        tokens.issue(token_request)
    # The second token, issued one second later, revokes the first.
    tokens.issue(codecs["v3.8"].request("bob", 1))
    shared_clock.advance(1)
    tokens.issue(codecs["v3.8"].request("bob", 1), kicks=True)
    shared_clock.advance(-1)
    yield app
    services.stop()


@pytest.fixture
def client(shared_app: Flask) -> FlaskClient:
    return shared_app.test_client()
