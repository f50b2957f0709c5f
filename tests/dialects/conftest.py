"""A small world for the scenario tables: who is registered and which tokens there are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.models import User
from tests.support.clock import START, FakeClock

NOW = int(START)


@pytest.fixture(scope="module")
def world_clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, world_clock: FakeClock) -> Iterator[Flask]:
    """A Rollcall in which alice, bob and an application's account are registered, and nobody is online."""
    folder: Path = tmp_path_factory.mktemp("world")
    app = create_app({"instance": folder}, world_clock)
    services = app.extensions["rollcall"]
    services.start()
    services.users.register([User("alice", "Alice"), User("bob", "Bob"), User("app", "App", level=3)])
    codecs, tokens = services.codecs, services.tokens
    for order in (
        codecs.request("v2", "alice", 1),
        codecs.request("v3.4", "alice", 1),
        codecs.request("v3.8", "alice", 1),
        codecs.request("v3.4", "openIMAdmin", 1),
        codecs.request("v3.8", "imAdmin", 10),
        codecs.request_opaque("live-app-key", "alice"),
    ):
        tokens.issue(order)
    # bob's token of this second was kicked in the next one.
    tokens.issue(codecs.request("v3.8", "bob", 1))
    world_clock.advance(1)
    tokens.issue(codecs.request("v3.8", "bob", 1), kicks=True)
    world_clock.advance(-1)
    yield app
    services.stop()


@pytest.fixture
def client(world: Flask) -> FlaskClient:
    return world.test_client()
