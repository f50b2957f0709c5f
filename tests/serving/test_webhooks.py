"""Deliveries of a real server: those pending at a kill are made after the next start."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.serving.conftest import MakeServer
from tests.support.server import PATIENCE
from tests.support.sink import FINE, Received, Sink
from tests.support.storm import Storm, registered

pytestmark = pytest.mark.serving


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink()
    yield made
    made.close()


def registrations(sink: Sink) -> Counter[str]:
    """Count the deliveries of each user's registration."""
    return Counter(user["userID"] for received in list(sink.received) for user in received.json["users"])


def test_a_kill_loses_no_user_event(make_server: MakeServer, sink: Sink) -> None:
    """Half of the deliveries fail, some after they were received, and the server is killed three times."""
    turns = iter(range(10**9))

    def fail_half(received: Received, connection: object) -> tuple[int, bytes] | None:
        return {0: (500, FINE), 1: None}.get(next(turns) % 4, (200, FINE))

    sink.behave = fail_half
    settings = {
        "ROLLCALL_OPENIM_CALLBACK_URL": sink.url,
        "ROLLCALL_OPENIM_CALLBACKS": "afterUserRegister:1",
        "ROLLCALL_WEBHOOK_MAX_BACKOFF": "1",
    }
    acknowledged: list[str] = []
    server = make_server(**settings)
    for number in range(3):
        server.start()
        with Storm(server, 4, first=1000 * number) as storm:
            storm.wait_for(40)
            server.kill()
        acknowledged += storm.acknowledged
    server.start()
    sink.behave = lambda received, connection: (200, FINE)
    users = set(registered(server, acknowledged))
    assert users == set(acknowledged)
    deadline = time.monotonic() + PATIENCE
    while not users <= registrations(sink).keys():
        assert time.monotonic() < deadline, users - registrations(sink).keys()
        time.sleep(0.05)
    ids: dict[str, set[str]] = {}
    for received in sink.received:
        for user in received.json["users"]:
            ids.setdefault(user["userID"], set()).add(received.headers["webhook-id"])
    assert {len(each) for each in ids.values()} == {1}, "a retry has the id of the first try"


def test_a_real_server_sends_presence_callbacks_and_stops_quickly(
    make_server: MakeServer, sink: Sink
) -> None:
    server = make_server(
        ROLLCALL_OPENIM_CALLBACK_URL=sink.url,
        ROLLCALL_OPENIM_CALLBACKS="afterUserOnline,afterUserOffline,presenceReset",
    ).start()
    login = {"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "1"}
    token = server.post("/auth/user_token", login)[1]["data"]["token"]
    server.post("/presence/heartbeat", {"ttl": 1}, {"token": token})
    names = [received.json["callbackCommand"] for received in sink.wait_for(3)]
    assert names == [
        "callbackPresenceResetCommand",
        "callbackAfterUserOnlineCommand",
        "callbackAfterUserOfflineCommand",
    ]
    begun = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - begun < 5


def test_a_server_on_a_public_address_sends_to_private_addresses_only_if_allowed(
    make_server: MakeServer, sink: Sink
) -> None:
    settings = {
        "ROLLCALL_OPENIM_CALLBACK_URL": sink.url,
        "ROLLCALL_OPENIM_CALLBACKS": "afterUserOnline",
        "ROLLCALL_ALLOW_DOCUMENTED_SECRETS": "1",
        "ROLLCALL_WEBHOOK_MAX_BACKOFF": "1",
    }
    for private in ("0", "1"):
        server = make_server("-b", "0.0.0.0:0", **settings, ROLLCALL_WEBHOOK_ALLOW_PRIVATE=private)
        server.launch()
        server.wait_for(r"Rollcall speaks .* at http://0\.0\.0\.0:(\d+)")
        server.port = int(re.findall(r"Listening at: http://[^:]+:(\d+)", server.log)[-1])
        login = {"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "1"}
        token = server.post("/auth/user_token", login)[1]["data"]["token"]
        server.post("/presence/heartbeat", {}, {"token": token})
        if private == "1":
            sink.wait_for(1)
        else:
            server.wait_for("the address is private, and ROLLCALL_WEBHOOK_ALLOW_PRIVATE is not set")
            assert sink.received == []
        server.stop()
