"""A sink for each test, and apps that send to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rollcall_server import create_app
from rollcall_server.clock import Clock
from rollcall_server.services import Services
from rollcall_server.webhooks import delivery

from tests.support.sink import Sink

MakeServices = Callable[..., Services]
SECRET = "a-secret-to-sign-with"


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink()
    yield made
    made.close()


@pytest.fixture
def make_services(tmp_path: Path, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeServices]:
    """Start a Rollcall, by default on the real clock, that sends OpenIM's callbacks to the sink."""
    monkeypatch.setattr(delivery, "FIRST_BACKOFF", 0.02)
    made: list[Services] = []

    def make(callbacks: str = "", clock: Clock | None = None, **settings: Any) -> Services:
        app = create_app(
            {
                "instance": tmp_path / "instance",
                "openim_callback_url": sink.url,
                "openim_callbacks": callbacks,
                "webhook_secret": SECRET,
                "webhook_max_backoff": 1,
                **settings,
            },
            clock or Clock(),
        )
        services: Services = app.extensions["rollcall"]
        made.append(services)
        services.start()
        return services

    yield make
    for services in made:
        services.stop()
