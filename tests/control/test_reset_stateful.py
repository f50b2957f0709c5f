"""Random calls of all dialects and of the control API in many threads, with resets in between.

Each thread has a user of its own and a model of what the server holds of it. While no reset is under way, an
answer has to be that of the model. If one is, the answer may be that of an empty server, and what the thread
sees from then on has to agree with that.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rollcall_server.services import Services

from tests.conftest import MakeApp
from tests.control.test_reset import rows
from tests.support.clock import FakeClock
from tests.support.tokens import signature_of

PATIENCE = 60.0
USERS = [f"user{number}" for number in range(6)]
#: The tokens that are issued, each with the platform on which a heartbeat with it puts the user online.
KINDS: Sequence[tuple[Mapping[str, Any], int]] = (
    ({"dialect": "openim_v2"}, 1),
    ({"dialect": "openim_v3", "generation": "3.4"}, 1),
    ({"dialect": "openim_v3", "generation": "3.8"}, 1),
    ({"dialect": "rongcloud"}, 5),
)


@dataclass(frozen=True)
class Model:
    """What the server holds of one user."""

    is_registered: bool = False
    is_blocked: bool = False
    tokens: frozenset[tuple[str, int]] = frozenset()
    """Those that are valid, with their platforms."""
    platforms: frozenset[int] = frozenset()
    """Where the user is online."""
    tag: str = ""


EMPTY = Model()
#: What a call answers to a user with a model, and the model afterwards.
Expect = Callable[[Model], tuple[object, Model]]


class Resets:
    """One thread resets, and counts the resets that have begun and those that have ended."""

    begun = ended = 0

    def run(self, client: FlaskClient, pauses: Sequence[int]) -> None:
        for pause in pauses:
            time.sleep(pause / 1000)
            self.begun += 1
            assert client.post("/_rollcall/reset").status_code == 200
            self.ended += 1


class Ticking(FakeClock):
    """A clock that is a second later at each token, so that none equals another."""

    lock = threading.Lock()

    def tick(self) -> None:
        with self.lock:
            self.wall += 1.001


@dataclass
class Actor:
    """A thread with a user of its own."""

    client: FlaskClient
    clock: Ticking
    resets: Resets
    user: str
    models: set[Model] = field(default_factory=lambda: {EMPTY})
    """What the server may hold."""
    issued: list[tuple[str, int]] = field(default_factory=list)
    begun: int = 0
    """The resets that had begun when the last call ended."""
    ended: int = 0
    """The resets that had ended when the last call began."""
    failure: str = ""

    def run(self, steps: Sequence[tuple[str, int]]) -> None:
        for name, number in steps:
            ended = self.resets.ended
            answer, expect = getattr(self, name)(number)
            begun = self.resets.begun
            before = set() if ended > self.begun else set(self.models)
            if begun > self.ended:
                before.add(EMPTY)
            fitting = {after for expected, after in map(expect, before) if expected == answer}
            if not fitting:
                self.failure = f"{name}({number}) of {self.user} answers {answer}, and there were {before}"
                return
            self.models, self.begun, self.ended = fitting, begun, ended

    def control(self, method: str, path: str = "", body: Any = None) -> Any:
        given = {} if body is None else {"json": body}
        return self.client.open(f"/_rollcall/users/{self.user}{path}", method=method, **given)

    def register(self, number: int) -> tuple[object, Expect]:
        self.clock.tick()
        body = {"secret": "tuoyun", "platform": 1, "userID": self.user, "operationID": "1"}
        answer = self.client.post("/v2/auth/user_register", json=body).get_json()
        if answer["errCode"]:
            return "exists", lambda model: ("exists" if model.is_registered else "done", model)
        self.issued.append((answer["data"]["token"], 1))
        token = self.issued[-1]

        def expect(model: Model) -> tuple[object, Model]:
            made = replace(model, is_registered=True, tokens=model.tokens | {token})
            return "exists" if model.is_registered else "done", made

        return "done", expect

    def put(self, number: int) -> tuple[object, Expect]:
        status = self.control("PUT", body={"nickname": str(number)}).status_code
        return status, lambda model: (200, replace(model, is_registered=True))

    def delete(self, number: int) -> tuple[object, Expect]:
        status = self.control("DELETE").status_code

        def expect(model: Model) -> tuple[object, Model]:
            # A block is not the user's own and stays.
            return (200, Model(is_blocked=model.is_blocked)) if model.is_registered else (404, model)

        return status, expect

    def token(self, number: int) -> tuple[object, Expect]:
        wanted, platform_id = KINDS[number % len(KINDS)]
        self.clock.tick()
        response = self.control("POST", "/tokens", dict(wanted))
        if response.status_code == 404:
            return 404, lambda model: (200 if model.is_registered else 404, model)
        token = (str(response.get_json()["token"]), platform_id)
        self.issued.append(token)
        return response.status_code, lambda model: (
            200 if model.is_registered else 404,
            replace(model, tokens=model.tokens | {token}),
        )

    def heartbeat(self, number: int) -> tuple[object, Expect]:
        text, platform_id = self.issued[number % len(self.issued)] if self.issued else ("x", 0)
        answer = self.client.post("/presence/heartbeat", json={"ttl": 60}, headers={"token": text}).get_json()

        def expect(model: Model) -> tuple[object, Model]:
            if model.is_blocked or (text, platform_id) not in model.tokens:
                return False, model
            return True, replace(model, platforms=model.platforms | {platform_id})

        return answer["errCode"] == 0, expect

    def cancel(self, number: int) -> tuple[object, Expect]:
        status = self.control("DELETE", "/tokens").status_code

        def expect(model: Model) -> tuple[object, Model]:
            if not model.is_registered:
                return 404, model
            # A RongCloud token is for no platform.
            ended = {platform_id for _, platform_id in model.tokens} - {5}
            return 200, replace(model, tokens=frozenset(), platforms=model.platforms - ended)

        return status, expect

    def expire(self, number: int) -> tuple[object, Expect]:
        status = self.control("POST", "/tokens/expire").status_code
        return (
            status,
            lambda model: (200, replace(model, tokens=frozenset())) if model.is_registered else (404, model),
        )

    def block(self, number: int) -> tuple[object, Expect]:
        status = self.control("PUT", "/block", {"for": 10**6}).status_code
        return (
            status,
            lambda model: (
                (200, replace(model, is_blocked=True, platforms=frozenset()))
                if model.is_registered
                else (404, model)
            ),
        )

    def unblock(self, number: int) -> tuple[object, Expect]:
        status = self.control("DELETE", "/block").status_code
        return (
            status,
            lambda model: (200, replace(model, is_blocked=False)) if model.is_registered else (404, model),
        )

    def look(self, number: int) -> tuple[object, Expect]:
        user = self.control("GET").get_json()
        found = [one["platformID"] for one in user["online"]] if "online" in user else None
        return found, lambda model: (sorted(model.platforms) if model.is_registered else None, model)

    def tag(self, number: int) -> tuple[object, Expect]:
        answer = self.signed("/user/tag/set.json", userId=self.user, tags=str(number))
        return answer["code"], lambda model: (200, replace(model, tag=str(number)))

    def look_at_tags(self, number: int) -> tuple[object, Expect]:
        answer = self.signed("/user/tags/get.json", userIds=self.user)
        return answer["result"][self.user], lambda model: ([model.tag] if model.tag else [], model)

    def signed(self, path: str, **form: str) -> Any:
        headers = {"App-Key": "live-app-key", "Nonce": "1", "Timestamp": "2"}
        headers["Signature"] = signature_of("live-app-secret", "1", "2")
        return self.client.post(path, data=form, headers=headers).get_json()


STEPS = (
    *("register", "put", "delete", "token", "token", "heartbeat", "heartbeat", "cancel", "expire"),
    *("block", "unblock", "look", "look", "tag", "look_at_tags"),
)
_step = st.tuples(st.sampled_from(STEPS), st.integers(0, 5))


@pytest.fixture(name="clock")
def _clock() -> Ticking:
    return Ticking()


@settings(max_examples=25, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(
    scripts=st.lists(st.lists(_step, min_size=5, max_size=40), min_size=1, max_size=6),
    pauses=st.lists(st.integers(0, 15), max_size=6),
)
def test_each_thread_sees_a_whole_world(
    make_app: MakeApp, clock: Ticking, scripts: list[list[tuple[str, int]]], pauses: list[int]
) -> None:
    app = make_app(threads="16")
    services: Services = app.extensions["rollcall"]
    services.start()
    try:
        play(app, clock, scripts, pauses)
    finally:
        services.stop()


def without_times(tables: dict[str, list[tuple[object, ...]]]) -> dict[str, list[tuple[object, ...]]]:
    """Return rows without the times at which the administrators were registered."""
    return {**tables, "users": [row[:3] for row in tables["users"]]}


def play(app: Flask, clock: Ticking, scripts: list[list[tuple[str, int]]], pauses: list[int]) -> None:
    """Run each script in a thread, and another thread that resets."""
    services: Services = app.extensions["rollcall"]
    first = without_times(rows(services))
    resets = Resets()
    actors = [Actor(app.test_client(), clock, resets, f"user{number}") for number in range(len(scripts))]
    threads = [
        threading.Thread(target=actor.run, args=(script,))
        for actor, script in zip(actors, scripts, strict=True)
    ]
    threads.append(threading.Thread(target=resets.run, args=(app.test_client(), pauses)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert [actor.failure for actor in actors if actor.failure] == []
    assert resets.ended == len(pauses)
    assert services.reset(with_seed=True) is False
    assert without_times(rows(services)) == first
    assert services.presence.counts().connections == services.presence.number == 0
    for actor in actors:
        for text, _ in actor.issued:
            answer = (
                app.test_client().post("/presence/heartbeat", json={}, headers={"token": text}).get_json()
            )
            assert answer["errCode"] == 1507
        # And the server is a new one to its user.
        again = Actor(app.test_client(), clock, Resets(), actor.user)
        again.run(
            [(step, 0) for step in ("look_at_tags", "look", "put", "look", "token", "heartbeat", "look")]
        )
        assert again.failure == ""
    services.reset(with_seed=True)
