"""OpenIM v3: a whole client's life in each generation, and two clients of both at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import MakeApp
from tests.dialects.conftest import NOW
from tests.dialects.openim_v3.expected import DONE, JSON, OP, SECRET, current, data, granted, legacy
from tests.support import tokens
from tests.support.clock import START, FakeClock
from tests.support.scenario import CORS, Scenario, play

CREATED = int(START * 1000)


#: A backend of one generation for one user: every step with the whole answer, then a pause.
Life = Callable[[FlaskClient, str], Iterator[None]]


def send(client: FlaskClient, token: str, path: str, body: dict[str, Any], answer: dict[str, Any]) -> None:
    headers = {**OP, "token": token} if token else OP
    play(client, Scenario("", path, body, answer, headers=headers), JSON, CORS)


def profile(user_id: str, nickname: str, level: int) -> dict[str, Any]:
    info = {"userID": user_id, "nickname": nickname, "faceURL": "F", "ex": "", "createTime": CREATED}
    return {**info, "appMangerLevel": level, "globalRecvMsgOpt": 0}


def newer(client: FlaskClient, user_id: str) -> Iterator[None]:
    """3.8: an administrator's token, then everything by it."""
    admin, token = tokens.v3_8("imAdmin", 10, NOW), tokens.v3_8(user_id, 5, NOW)
    ask = {"userIDs": [user_id]}
    send(client, "", "/auth/get_admin_token", {**SECRET, "userID": "imAdmin"}, granted(admin))
    yield
    users = {"users": [{"userID": user_id, "nickname": "N", "faceURL": "F"}]}
    send(client, admin, "/user/user_register", users, DONE)
    yield
    send(client, admin, "/auth/get_user_token", {"platformID": 5, "userID": user_id}, granted(token))
    parsed = {"userID": user_id, "platformID": 5, "expireTimeSeconds": NOW + 90 * 86400}
    send(client, "", "/auth/parse_token", {"token": token}, data(parsed))
    yield
    results = {"results": [{"userID": user_id, "accountStatus": 1}]}
    send(client, admin, "/user/account_check", {"checkUserIDs": [user_id]}, data(results))
    yield
    send(client, token, "/user/update_user_info", {"userInfo": {"userID": user_id, "nickname": "M"}}, DONE)
    send(client, token, "/user/get_users_info", ask, data({"usersInfo": [profile(user_id, "M", 0)]}))
    yield
    heartbeat = client.post("/presence/heartbeat", json={}, headers={"token": token}).get_json()
    assert heartbeat["errCode"] == 0
    detail = [{"platformID": 5, "connID": "", "isBackground": False, "token": token}]
    online = [{"userID": user_id, "status": 1, "detailPlatformStatus": detail}]
    send(client, admin, "/user/get_users_online_status", ask, data(online))
    yield
    send(client, admin, "/auth/force_logout", {"platformID": 5, "userID": user_id}, DONE)
    offline = [{"userID": user_id, "status": 0, "detailPlatformStatus": None}]
    send(client, admin, "/user/get_users_online_status", ask, data(offline))
    kicked = current(1506, "TokenKickedError", "TokenKickedError")
    send(client, token, "/user/get_users_info", ask, kicked)
    yield


def elder(client: FlaskClient, user_id: str) -> Iterator[None]:
    """3.4: the secret for registering and tokens, an administrator's token for the rest."""
    admin, token = tokens.v3_4("openIMAdmin", 1, NOW), tokens.v3_4(user_id, 2, NOW)
    ask = {"userIDs": [user_id]}
    body = {**SECRET, "platformID": 1, "userID": "openIMAdmin"}
    send(client, "", "/auth/user_token", body, granted(admin))
    yield
    send(client, "", "/user/user_register", {**SECRET, "users": [{"userID": user_id, "faceURL": "F"}]}, DONE)
    yield
    send(client, "", "/auth/user_token", {**body, "platformID": 2, "userID": user_id}, granted(token))
    parsed = {"userID": user_id, "platform": "Android", "expireTimeSeconds": NOW + 90 * 86400}
    send(client, "", "/auth/parse_token", {"token": token}, data(parsed))
    yield
    results = {"results": [{"userID": user_id, "accountStatus": "registered"}]}
    send(client, admin, "/user/account_check", {"checkUserIDs": [user_id]}, data(results))
    yield
    send(client, token, "/user/update_user_info", {"userInfo": {"userID": user_id, "nickname": "M"}}, DONE)
    send(client, token, "/user/get_users_info", ask, data({"usersInfo": [profile(user_id, "M", 1)]}))
    yield
    heartbeat = client.post("/presence/heartbeat", json={}, headers={"token": token}).get_json()
    assert heartbeat["errCode"] == 0
    detail = {"platform": "Android", "status": "online", "connID": "", "isBackground": False, "token": token}
    online = [{"userID": user_id, "status": "online", "detailPlatformStatus": [detail]}]
    send(client, admin, "/user/get_users_online_status", ask, data(online))
    yield
    send(client, admin, "/auth/force_logout", {"platformID": 2, "userID": user_id}, DONE)
    offline = [{"userID": user_id, "status": "offline", "detailPlatformStatus": None}]
    send(client, admin, "/user/get_users_online_status", ask, data(offline))
    send(client, token, "/user/get_users_info", ask, legacy(1506, "TokenKickedError", ""))
    yield


@pytest.mark.parametrize(("life", "pinned"), [(newer, ""), (newer, "3.8"), (elder, ""), (elder, "3.4")])
def test_a_whole_life(make_app: MakeApp, life: Life, pinned: str) -> None:
    app = make_app(openim_v3_generation=pinned)
    assert len(list(life(app.test_client(), "u1"))) == 7


def test_both_generations_at_once_on_one_server(make_app: MakeApp, clock: FakeClock) -> None:
    client = make_app().test_client()
    steps = list(zip(newer(client, "u1"), elder(client, "u2"), strict=True))
    assert len(steps) == 7
    assert clock.wall == START
