"""OpenIM v3: a backend's full sequence of calls in each generation, alone and side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import MakeApp
from tests.dialects.conftest import NOW
from tests.dialects.openim_v3.expected import DONE, JSON, OP, SECRET, current, data, issued, legacy
from tests.support import tokens
from tests.support.clock import START, FakeClock
from tests.support.scenario import CORS, Scenario, play

CREATED = int(START * 1000)


#: Plays the calls of a backend of one generation for one user; yields after each step.
Calls = Callable[[FlaskClient, str], Iterator[None]]


def send(client: FlaskClient, token: str, path: str, body: dict[str, Any], answer: dict[str, Any]) -> None:
    headers = {**OP, "token": token} if token else OP
    play(client, Scenario("", path, body, answer, headers=headers), JSON, CORS)


def profile(user_id: str, nickname: str, level: int) -> dict[str, Any]:
    info = {"userID": user_id, "nickname": nickname, "faceURL": "F", "ex": "", "createTime": CREATED}
    return {**info, "appMangerLevel": level, "globalRecvMsgOpt": 0}


def v3_8(client: FlaskClient, user_id: str) -> Iterator[None]:
    """3.8: an administrator's token authorizes registration and user tokens."""
    admin, token = tokens.v3_8("imAdmin", 10, NOW), tokens.v3_8(user_id, 5, NOW)
    user_ids = {"userIDs": [user_id]}
    send(client, "", "/auth/get_admin_token", {**SECRET, "userID": "imAdmin"}, issued(admin))
    yield
    users = {"users": [{"userID": user_id, "nickname": "N", "faceURL": "F"}]}
    send(client, admin, "/user/user_register", users, DONE)
    yield
    send(client, admin, "/auth/get_user_token", {"platformID": 5, "userID": user_id}, issued(token))
    parsed = {"userID": user_id, "platformID": 5, "expireTimeSeconds": NOW + 90 * 86400}
    send(client, "", "/auth/parse_token", {"token": token}, data(parsed))
    yield
    results = {"results": [{"userID": user_id, "accountStatus": 1}]}
    send(client, admin, "/user/account_check", {"checkUserIDs": [user_id]}, data(results))
    yield
    send(client, token, "/user/update_user_info", {"userInfo": {"userID": user_id, "nickname": "M"}}, DONE)
    send(client, token, "/user/get_users_info", user_ids, data({"usersInfo": [profile(user_id, "M", 0)]}))
    yield
    heartbeat = client.post("/presence/heartbeat", json={}, headers={"token": token}).get_json()
    assert heartbeat["errCode"] == 0
    detail = [{"platformID": 5, "connID": "", "isBackground": False, "token": token}]
    online = [{"userID": user_id, "status": 1, "detailPlatformStatus": detail}]
    send(client, admin, "/user/get_users_online_status", user_ids, data(online))
    yield
    send(client, admin, "/auth/force_logout", {"platformID": 5, "userID": user_id}, DONE)
    offline = [{"userID": user_id, "status": 0, "detailPlatformStatus": None}]
    send(client, admin, "/user/get_users_online_status", user_ids, data(offline))
    kicked = current(1506, "TokenKickedError", "TokenKickedError")
    send(client, token, "/user/get_users_info", user_ids, kicked)
    yield


def v3_4(client: FlaskClient, user_id: str) -> Iterator[None]:
    """3.4: the secret authorizes registration and tokens, an administrator's token the rest."""
    admin, token = tokens.v3_4("openIMAdmin", 1, NOW), tokens.v3_4(user_id, 2, NOW)
    user_ids = {"userIDs": [user_id]}
    body = {**SECRET, "platformID": 1, "userID": "openIMAdmin"}
    send(client, "", "/auth/user_token", body, issued(admin))
    yield
    send(client, "", "/user/user_register", {**SECRET, "users": [{"userID": user_id, "faceURL": "F"}]}, DONE)
    yield
    send(client, "", "/auth/user_token", {**body, "platformID": 2, "userID": user_id}, issued(token))
    parsed = {"userID": user_id, "platform": "Android", "expireTimeSeconds": NOW + 90 * 86400}
    send(client, "", "/auth/parse_token", {"token": token}, data(parsed))
    yield
    results = {"results": [{"userID": user_id, "accountStatus": "registered"}]}
    send(client, admin, "/user/account_check", {"checkUserIDs": [user_id]}, data(results))
    yield
    send(client, token, "/user/update_user_info", {"userInfo": {"userID": user_id, "nickname": "M"}}, DONE)
    send(client, token, "/user/get_users_info", user_ids, data({"usersInfo": [profile(user_id, "M", 1)]}))
    yield
    heartbeat = client.post("/presence/heartbeat", json={}, headers={"token": token}).get_json()
    assert heartbeat["errCode"] == 0
    detail = {"platform": "Android", "status": "online", "connID": "", "isBackground": False, "token": token}
    online = [{"userID": user_id, "status": "online", "detailPlatformStatus": [detail]}]
    send(client, admin, "/user/get_users_online_status", user_ids, data(online))
    yield
    send(client, admin, "/auth/force_logout", {"platformID": 2, "userID": user_id}, DONE)
    offline = [{"userID": user_id, "status": "offline", "detailPlatformStatus": None}]
    send(client, admin, "/user/get_users_online_status", user_ids, data(offline))
    send(client, token, "/user/get_users_info", user_ids, legacy(1506, "TokenKickedError", ""))
    yield


@pytest.mark.parametrize(("calls", "pinned"), [(v3_8, ""), (v3_8, "3.8"), (v3_4, ""), (v3_4, "3.4")])
def test_a_backend_gets_the_expected_answers(make_app: MakeApp, calls: Calls, pinned: str) -> None:
    app = make_app(openim_v3_generation=pinned)
    assert len(list(calls(app.test_client(), "u1"))) == 7


def test_backends_of_both_generations_can_share_a_server(make_app: MakeApp, clock: FakeClock) -> None:
    client = make_app().test_client()
    steps = list(zip(v3_8(client, "u1"), v3_4(client, "u2"), strict=True))
    assert len(steps) == 7
    assert clock.wall == START
