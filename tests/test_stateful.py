"""Random operations in all dialects, with restarts, kills and clock jumps, checked against a model."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from rollcall_server import create_app
from rollcall_server.models import DAY

from tests.support.clock import FakeClock
from tests.support.drivers import DRIVERS

USERS = ("u0", "u1", "u2")
#: The platform of each driver's tokens; RongCloud's tokens name none and count as Web.
PLATFORMS = {"openim_v2": 1, "openim_v3.4": 2, "openim_v3.8": 5, "rongcloud": 5}
LIFETIMES = {"openim_v2": 7 * DAY, "openim_v3.4": 90 * DAY, "openim_v3.8": 90 * DAY, "rongcloud": 30 * DAY}
TTL = 100


class Rollcall(RuleBasedStateMachine):
    """The model: registered users, tokens with their expiry, connections with their deadline."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._kills = 0
        self._clock = FakeClock()
        self._app: Flask | None = None
        self._begin()
        self.registered: set[str] = set()
        # By token text: driver's name, user, expiry, whether it was revoked.
        self.tokens: dict[str, tuple[str, str, float, bool]] = {}
        self.online: dict[tuple[str, int], float] = {}

    def _begin(self) -> None:
        self._app = create_app({"instance": self._instance}, self._clock)
        self._services.start()
        client = self._app.test_client()
        self._drivers = {driver.name: driver(client) for driver in DRIVERS}

    @property
    def _instance(self) -> Path:
        return Path(self._folder.name) / str(self._kills)

    @property
    def _services(self) -> Any:
        assert self._app is not None
        return self._app.extensions["rollcall"]

    def _admin(self) -> str:
        login = {"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "1"}
        return str(self._post("/auth/user_token", login)["data"]["token"])

    def _post(self, path: str, body: Any, token: str = "") -> Any:
        assert self._app is not None
        headers = {"operationID": "1", "token": token}
        return self._app.test_client().post(path, json=body, headers=headers).get_json()

    @rule(name=st.sampled_from(sorted(PLATFORMS)), user=st.sampled_from(USERS))
    def register(self, name: str, user: str) -> None:
        """OpenIM registers an id once; the documented RongCloud app issues one token at a time."""
        result = self._drivers[name].register(user)
        if name != "rongcloud":
            assert result == ("exists" if user in self.registered else "done")
        if result == "done":
            self.registered.add(user)

    @rule(name=st.sampled_from(sorted(PLATFORMS)), user=st.sampled_from(USERS))
    def mint(self, name: str, user: str) -> None:
        """A registered user gets a token; in 3.8 it revokes the user's older ones of its platform."""
        text = self._drivers[name].token(user)
        if name == "rongcloud":
            self.registered.add(user)
        if user not in self.registered:
            assert text is None
            return
        assert text is not None
        kicked = False
        if name == "openim_v3.8":
            for other, (kind, owner, end, revoked) in self.tokens.items():
                valid = not revoked and end > self._clock.now()
                if other != text and owner == user and kind == name and valid:
                    self.tokens[other] = (kind, owner, end, True)
                    kicked = True
        if kicked:
            self.online.pop((user, 5), None)
        self.tokens[text] = (name, user, int(self._clock.now()) + LIFETIMES[name], False)

    @precondition(lambda self: self.tokens)
    @rule(data=st.data())
    def heartbeat(self, data: st.DataObject) -> None:
        """A valid token puts its user online, any other is refused."""
        text = data.draw(st.sampled_from(sorted(self.tokens)))
        name, user, end, revoked = self.tokens[text]
        answer = self._post("/presence/heartbeat", {"ttl": TTL}, text)
        valid = not revoked and end > self._clock.now()
        assert (answer["errCode"] == 0) == valid, (name, answer)
        if valid:
            self.online[(user, PLATFORMS[name])] = self._clock.elapsed() + TTL

    @precondition(lambda self: any(row[0] != "rongcloud" for row in self.tokens.values()))
    @rule(data=st.data())
    def parse(self, data: st.DataObject) -> None:
        """parse_token accepts a token if the heartbeat does."""
        texts = sorted(text for text, row in self.tokens.items() if row[0] != "rongcloud")
        text = data.draw(st.sampled_from(texts))
        _, _, end, revoked = self.tokens[text]
        answer = self._post("/v3/auth/parse_token", {"token": text}, text)
        assert (answer["errCode"] == 0) == (not revoked and end > self._clock.now())

    @rule(user=st.sampled_from(USERS), platform=st.sampled_from([1, 2, 5]))
    def kick(self, user: str, platform: int) -> None:
        """force_logout revokes the user's OpenIM tokens of a platform and ends presence there."""
        body = {"platformID": platform, "userID": user}
        answer = self._post("/v3.4/auth/force_logout", body, self._admin())
        assert answer["errCode"] == 0
        for text, (name, owner, end, _) in self.tokens.items():
            if owner == user and PLATFORMS[name] == platform and name != "rongcloud":
                self.tokens[text] = (name, owner, end, True)
        self.online.pop((user, platform), None)

    @rule(seconds=st.sampled_from([1, 50, 100, 3600, DAY, 8 * DAY, 31 * DAY]))
    def wait(self, seconds: int) -> None:
        """Advance the clock."""
        self._clock.advance(seconds)

    @rule(days=st.sampled_from([-1, 1]))
    def jump(self, days: int) -> None:
        """A jump of the wall clock does not change presence; then it jumps back."""
        self._clock.wall += days * DAY
        self.status()
        self._clock.wall -= days * DAY

    @rule()
    def restart(self) -> None:
        """A restart keeps users and tokens and clears presence."""
        self._services.stop()
        self._begin()
        self.online.clear()

    @rule()
    def kill(self) -> None:
        """A copy of the running server's files, as SIGKILL leaves them, has everything acknowledged."""
        old, services = self._instance, self._services
        self._kills += 1
        shutil.copytree(old, self._instance)
        self._begin()
        self.online.clear()
        services.stop()

    @invariant()
    def status(self) -> None:
        """v2's online statuses and Rollcall's counts agree with the model."""
        now = self._clock.elapsed()
        self._services.presence.sweep()
        self.online = {key: end for key, end in self.online.items() if end > now}
        answer = self._post(
            "/v2/user/get_users_online_status", {"operationID": "1", "userIDList": list(USERS)}, self._admin()
        )
        expected = {user for user, _ in self.online}
        assert {row["userID"] for row in answer["data"] if row["status"] == "online"} == expected
        counts = self._services.presence.counts()
        assert (counts.users, counts.connections) == (len(expected), len(self.online))

    def teardown(self) -> None:
        self._services.stop()
        self._folder.cleanup()


Rollcall.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TestRollcall = Rollcall.TestCase
