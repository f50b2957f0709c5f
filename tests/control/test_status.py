"""What `GET /_rollcall/status` tells."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import pytest
from rollcall_server.models import User

from tests.conftest import MakeApp
from tests.control.test_access import KEY, OWN
from tests.support.clock import FakeClock

SHORT = {**OWN, "openim_secret": "short-but-mine"}


@pytest.mark.parametrize(
    ("settings", "secrets", "bench", "disposable"),
    [
        ({}, "documented", True, False),
        ({"bench": "0"}, "documented", False, False),
        ({"bench": "1"}, "documented", True, True),
        ({**OWN, "control_key": KEY}, "own", False, False),
        ({**OWN, "control_key": KEY, "bench": "1"}, "own", True, True),
        ({**SHORT, "control_key": KEY}, "short", False, False),
    ],
)
def test_the_status_tells_what_the_server_is_and_holds(
    make_app: MakeApp,
    clock: FakeClock,
    settings: dict[str, Any],
    secrets: str,
    bench: bool,
    disposable: bool,
) -> None:
    app = make_app(**settings)
    services = app.extensions["rollcall"]
    services.start()
    services.users.register([User("alice"), User("bob")])
    services.presence.touch("alice", 1, 60)
    clock.advance(2)
    response = app.test_client().get("/_rollcall/status", headers={"Authorization": f"Bearer {KEY}"})
    assert (response.status_code, response.content_type) == (200, "application/json")
    assert response.get_json() == {
        "name": "rollcall",
        "version": version("rollcall-server"),
        "epoch": services.presence.epoch,
        "startedAt": "2023-11-14T22:13:20.250Z",
        "now": "2023-11-14T22:13:22.250Z",
        "dialects": ["openim_v2", "openim_v3", "rongcloud"],
        "bench": bench,
        "users": 2,
        "online": 1,
        "requests": {"first": 0, "last": 0} if bench else None,
        "clock": {"offset": 0.0, "frozen": False},
        "secrets": secrets,
        "disposable": disposable,
    }
