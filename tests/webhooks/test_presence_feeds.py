"""Presence callbacks: each change with its number, resets, and RongCloud's arrays."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from rollcall_server import create_app
from rollcall_server.models import User
from rollcall_server.webhooks import delivery

from tests.support.sink import Received, Sink, answering, hung_up
from tests.support.tokens import signature_of
from tests.webhooks.conftest import SECRET, MakeServices

ALL = "afterUserOnline,afterUserOffline,afterUserKickOff,presenceReset"
URLS = "your-app-key={url}/rc,live-app-key={url}/live?x=1"


def test_a_reset_is_sent_first_and_after_each_start(make_services: MakeServices, sink: Sink) -> None:
    sink.behave = hung_up
    services = make_services(ALL)
    services.presence.touch("a", 1, 60)
    sink.wait_for(3)
    epochs = [services.presence.epoch]
    assert {received.path for received in sink.received} == {"/callbackPresenceResetCommand"}
    sink.behave = answering()
    count = len(sink.received)
    first, second = sink.wait_for(count + 2)[count:]
    delivery = f"{epochs[0]}-reset-0"
    assert first.body.decode() == (
        f'{{"callbackCommand":"callbackPresenceResetCommand","operationID":"{delivery}",'
        f'"epoch":"{epochs[0]}","number":0}}'
    )
    assert (first.headers["rollcall-epoch"], first.headers["rollcall-number"]) == (epochs[0], "0")
    assert second.path == "/callbackAfterUserOnlineCommand"
    services.stop()
    count = len(sink.received)
    services = make_services(ALL)
    assert sink.wait_for(count + 1)[count].json["epoch"] == services.presence.epoch != epochs[0]


def test_a_purge_does_not_drop_a_reset(
    make_services: MakeServices, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "PURGE_SECONDS", 0.01)
    sink.behave = answering(b"", 503)
    services = make_services(ALL)
    services.presence.touch("a", 1, 60)
    sink.wait_for(5)
    sink.behave = answering()
    count = len(sink.received)
    paths = [received.path for received in sink.wait_for(count + 2)[count:]]
    assert paths[-2:] == ["/callbackPresenceResetCommand", "/callbackAfterUserOnlineCommand"]


def test_a_reset_is_sent_only_if_configured(make_services: MakeServices, sink: Sink) -> None:
    services = make_services("afterUserOnline")
    services.presence.touch("a", 1, 60)
    (received,) = sink.wait_for(1)
    assert received.json["userID"] == "a"


def test_a_receiver_that_missed_too_many_changes_gets_a_reset(
    make_services: MakeServices, sink: Sink
) -> None:
    sink.behave = hung_up
    services = make_services(ALL, presence_history=10, webhook_max_backoff=1)
    sink.wait_for(3)
    for number in range(50):
        services.presence.touch(f"u{number}", 1, 60)
    count = len(sink.received)
    sink.behave = answering()
    numbers = [0]
    while numbers[-1] < 50:
        numbers = [number_of(received) for received in sink.wait_for(count + len(numbers))[count:]]
    # One reset or more, depending on timing; the changes kept after the last one follow singly.
    resets = [received.json["number"] for received in sink.received[count:] if "number" in received.json]
    assert 40 <= resets[-1] <= 50
    assert numbers[-1 - (50 - resets[-1]) :] == list(range(resets[-1], 51))
    services.presence.touch("last", 1, 60)
    last = sink.wait_for(count + len(numbers) + 1)[-1]
    assert (last.json["userID"], last.headers["rollcall-number"]) == ("last", "51")


def number_of(received: Received) -> int:
    """Return the number of a change, or the number up to which a reset invalidates the changes."""
    return int(received.json["number"] if "number" in received.json else received.headers["rollcall-number"])


def test_a_jump_of_the_wall_clock_delays_no_delivery(make_services: MakeServices, sink: Sink) -> None:
    class JumpingClock:
        def __init__(self) -> None:
            self.jump = 0.0

        def now(self) -> float:
            return time.time() + self.jump

        def elapsed(self) -> float:
            return time.monotonic()

    clock: Any = JumpingClock()
    services = make_services(ALL, clock=clock)
    sink.wait_for(1)
    sink.behave = hung_up
    services.presence.touch("a", 1, 60)
    sink.wait_for(2)
    for jump in (86_400.0, -86_400.0):
        clock.jump = jump
        sink.wait_for(len(sink.received) + 1)
    sink.behave = answering()
    services.presence.leave("a", 1)
    assert sink.wait_for(len(sink.received) + 2)
    assert services.presence.number == 2


def statuses(sink: Sink, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for received in list(sink.received):
        if urlsplit(received.path).path == path:
            found += received.json
    return found


def test_each_rongcloud_app_gets_signed_arrays_of_status_changes(
    make_services: MakeServices, sink: Sink
) -> None:
    services = make_services("", rongcloud_callback_urls=URLS.format(url=sink.url))
    presence = services.presence
    services.users.register([User("alice")])
    presence.touch("alice", 1, 60, "s1")
    presence.leave("alice", 1)
    presence.touch("alice", 5, 0.05)
    time.sleep(0.1)
    presence.touch("alice", 99, 60)
    presence.remove("alice")
    deadline = time.monotonic() + 20
    while not len(statuses(sink, "/rc")) == len(statuses(sink, "/live")) == 6:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    times = [change.time for change in presence.changes(presence.epoch, 0, 9).changes or ()]
    expected = [
        ("0", "iOS", "s1"),
        ("1", "iOS", "s1"),
        ("0", "Websocket", "platform-5"),
        ("1", "Websocket", "platform-5"),
        ("0", "PC", "platform-99"),
        ("2", "PC", "platform-99"),
    ]
    for path in ("/rc", "/live"):
        assert statuses(sink, path) == [
            {
                "userid": "alice",
                "status": status,
                "os": system,
                "time": at,
                "clientIp": "",
                "sessionId": session,
            }
            for (status, system, session), at in zip(expected, times, strict=True)
        ]
    for received in sink.received:
        query = {name: values[0] for name, values in parse_qs(urlsplit(received.path).query).items()}
        key, secret = ("live-app-key", "live-app-secret")
        if urlsplit(received.path).path == "/rc":
            key, secret = ("your-app-key", "Y1W2MeFwwwRxa0")
        else:
            assert query.pop("x") == "1"
        signature = signature_of(secret, query["nonce"], query["timestamp"])
        assert query == {
            "appKey": key,
            "nonce": query["nonce"],
            "timestamp": query["timestamp"],
            "signTimestamp": query["timestamp"],
            "signature": signature,
        }
        assert abs(int(query["timestamp"]) / 1000 - time.time()) < 60
        assert received.headers["content-type"] == "application/json"
        assert received.headers["rollcall-epoch"] == presence.epoch
        first, last = map(int, received.headers["webhook-id"].split("-")[1:])
        assert last - first + 1 == len(json.loads(received.body))
        assert received.headers["rollcall-number"] == str(last)
        assert received.headers["webhook-signature"].startswith("v1,")
        assert SECRET not in str(received)


def test_any_2xx_answer_of_a_rongcloud_receiver_is_a_success(make_services: MakeServices, sink: Sink) -> None:
    sink.behave = answering(b"", 204)
    services = make_services("", rongcloud_callback_urls=f"live-app-key={sink.url}/")
    services.presence.touch("a", 1, 60)
    sink.wait_for(1)
    sink.behave = answering(b"", 500)
    services.presence.touch("b", 1, 60)
    sink.wait_for(3)
    sink.behave = answering(b"", 200)
    services.presence.touch("c", 1, 60)
    deadline = time.monotonic() + 20
    while [row["userid"] for row in statuses(sink, "/")][-1] != "c":
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_rollcalls_rongcloud_callback_endpoint_accepts_rollcalls_own_delivery(
    make_services: MakeServices, sink: Sink
) -> None:
    services = make_services("", rongcloud_callback_urls=f"live-app-key={sink.url}/callback/onlinestatus")
    services.presence.touch("alice", 1, 60, "s1")
    (received,) = sink.wait_for(1)
    app = create_app({"instance": services.settings.instance.parent / "other"})
    other = app.extensions["rollcall"]
    other.start()
    try:
        other.users.register([User("alice")])
        response = app.test_client().post(received.path, data=received.body)
        assert response.get_json() == {"code": 200}
        assert [one.connection_id for one in other.presence.connections(["alice"])[0]] == ["s1"]
    finally:
        other.stop()
