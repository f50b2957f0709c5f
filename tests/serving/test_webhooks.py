"""Deliveries of a real server: those that were pending when it was killed come after the next start."""

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


def told(sink: Sink) -> Counter[str]:
    """Return how many deliveries there were of each user's registration."""
    return Counter(user["userID"] for received in list(sink.received) for user in received.json["users"])


def test_no_event_of_a_user_is_lost_when_the_server_is_killed(make_server: MakeServer, sink: Sink) -> None:
    """Half of the deliveries fail, some after they were received; three kills come in the middle."""
    turns = iter(range(10**9))

    def fails_now_and_then(received: Received, connection: object) -> tuple[int, bytes] | None:
        return {0: (500, FINE), 1: None}.get(next(turns) % 4, (200, FINE))

    sink.behave = fails_now_and_then
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
    there = set(registered(server, acknowledged))
    assert there == set(acknowledged)
    deadline = time.monotonic() + PATIENCE
    while not there <= told(sink).keys():
        assert time.monotonic() < deadline, there - told(sink).keys()
        time.sleep(0.05)
    ids: dict[str, set[str]] = {}
    for received in sink.received:
        for user in received.json["users"]:
            ids.setdefault(user["userID"], set()).add(received.headers["webhook-id"])
    assert {len(each) for each in ids.values()} == {1}, "a delivery has one id, however often it comes"


def test_who_comes_and_goes_is_told_by_a_real_server(make_server: MakeServer, sink: Sink) -> None:
    server = make_server(
        ROLLCALL_OPENIM_CALLBACK_URL=sink.url,
        ROLLCALL_OPENIM_CALLBACKS="afterUserOnline,afterUserOffline,presenceReset",
    ).start()
    ask = {"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "1"}
    token = server.post("/auth/user_token", ask)[1]["data"]["token"]
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


def test_a_server_that_others_can_reach_sends_to_private_addresses_only_if_it_is_told_to(
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
        ask = {"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "1"}
        token = server.post("/auth/user_token", ask)[1]["data"]["token"]
        server.post("/presence/heartbeat", {}, {"token": token})
        if private == "1":
            sink.wait_for(1)
        else:
            server.wait_for("the address is private, and ROLLCALL_WEBHOOK_ALLOW_PRIVATE is not set")
            assert sink.received == []
        server.stop()
