"""A v2 client and clients of both v3 generations share one server, its paths and its users."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from tests.support import tokens
from tests.support.clock import START

NOW = int(START)
OP = {"operationID": "op"}


class Backend:
    """An application server of one OpenIM version, with an administrator's token."""

    def __init__(self, client: FlaskClient, token: str, is_v2: bool) -> None:
        self._client = client
        self._token = token
        self._is_v2 = is_v2

    def call(self, path: str, **body: Any) -> Any:
        """Send a request as this version does; return the JSON of the answer."""
        headers = {"token": self._token} if self._is_v2 else {**OP, "token": self._token}
        response = self._client.post(path, json={**OP, **body} if self._is_v2 else body, headers=headers)
        assert response.status_code == 200
        return response.get_json()


def test_three_versions_share_one_server(app: Flask) -> None:
    client = app.test_client()

    def login(path: str, headers: dict[str, str], **body: Any) -> None:
        assert client.post(path, json=body, headers=headers).get_json()["errCode"] == 0

    login("/auth/user_token", {}, secret="tuoyun", platform=8, userID="openIMAdmin", operationID="op")
    login("/auth/user_token", OP, secret="openIM123", platformID=8, userID="openIMAdmin")
    login("/auth/get_admin_token", OP, secret="openIM123", userID="imAdmin")
    v2 = Backend(client, tokens.v2("openIMAdmin", "APad", NOW), is_v2=True)
    v34 = Backend(client, tokens.v3_4("openIMAdmin", 8, NOW), is_v2=False)
    v38 = Backend(client, tokens.v3_8("imAdmin", 10, NOW), is_v2=False)

    # Each version registers a user.
    v2_user = {"secret": "tuoyun", "platform": 1, "userID": "two", "nickname": "Two", "gender": 1}
    assert client.post("/auth/user_register", json={**v2_user, **OP}).get_json()["errCode"] == 0
    v34_user = {"secret": "openIM123", "users": [{"userID": "three", "nickname": "Three"}]}
    assert client.post("/user/user_register", json=v34_user, headers=OP).get_json()["errCode"] == 0
    assert v38.call("/user/user_register", users=[{"userID": "four", "nickname": "Four"}])["errCode"] == 0

    # Each version sees all users, at the same path and in its own format.
    ids = ["two", "three", "four"]
    assert v2.call("/user/account_check", checkUserIDList=ids)["data"] == [
        {"userID": user_id, "accountStatus": "registered"} for user_id in ids
    ]
    for backend, status in ((v34, "registered"), (v38, 1)):
        assert backend.call("/user/account_check", checkUserIDs=ids)["data"]["results"] == [
            {"userID": user_id, "accountStatus": status} for user_id in ids
        ]
    assert v2.call("/user/get_users_info", userIDList=[*ids, "nobody"])["data"] == [
        {"gender": 1, "nickname": "Two", "userID": "two"},
        {"nickname": "Three", "userID": "three"},
        {"nickname": "Four", "userID": "four"},
    ]
    profile = {"faceURL": "", "ex": "", "createTime": int(START * 1000), "globalRecvMsgOpt": 0}
    for backend, level in ((v34, 1), (v38, 0)):
        infos = backend.call("/user/get_users_info", userIDs=ids)["data"]["usersInfo"]
        assert infos == [
            {"userID": user_id, "nickname": user_id.title(), **profile, "appMangerLevel": level}
            for user_id in ids
        ]
    all_ids = [*app.extensions["rollcall"].settings.admins, *ids]
    assert v2.call("/user/get_all_users_uid")["data"] == all_ids
    for backend in (v34, v38):
        page = backend.call("/user/get_all_users_uid", pagination={"pageNumber": 1, "showNumber": 100})
        assert page["data"] == {"total": 8, "userIDs": all_ids}

    # One version writes a profile, the others read it.
    assert v2.call("/user/update_user_info", userID="two", nickname="Deux") == {"errCode": 0, "errMsg": ""}
    (row,) = v38.call("/user/get_users_info", userIDs=["two"])["data"]["usersInfo"]
    assert row["nickname"] == "Deux"
    v34.call("/user/update_user_info", userInfo={"userID": "two", "nickname": "Dos"})
    assert v2.call("/user/get_self_user_info", userID="two")["data"]["nickname"] == "Dos"

    # A v2 token puts its user online, all versions see it, and v3.8 logs the user out.
    login("/presence/heartbeat", {"token": tokens.v2("two", "IOS", NOW)})
    online = "online"
    (row,) = v2.call("/user/get_users_online_status", userIDList=["two"])["data"]
    assert row == {
        "userID": "two",
        "status": online,
        "detailPlatformStatus": [{"platform": "IOS", "status": online}],
    }
    (row,) = v34.call("/user/get_users_online_status", userIDs=["two"])["data"]
    assert (row["status"], row["detailPlatformStatus"][0]["platform"]) == (online, "IOS")
    (row,) = v38.call("/user/get_users_online_status", userIDs=["two"])["data"]
    assert (row["status"], row["detailPlatformStatus"][0]["platformID"]) == (1, 1)
    assert v38.call("/auth/force_logout", platformID=1, userID="two")["errCode"] == 0
    assert v2.call("/user/get_users_online_status", userIDList=["two"])["data"] == [
        {"userID": "two", "status": "offline"}
    ]
    parsed = client.post("/auth/parse_token", json=OP, headers={"token": tokens.v2("two", "IOS", NOW)})
    assert parsed.get_json()["errMsg"].endswith("user has been kicked")

    # v2 deletes the users, and no version finds them.
    assert v2.call("/manager/delete_user", deleteUserIDList=ids) == {"errCode": 0, "errMsg": "", "data": []}
    assert v38.call("/user/get_users_info", userIDs=ids)["data"] == {"usersInfo": None}
    assert v34.call("/user/get_users_info", userIDs=ids) == {
        "errCode": 1004,
        "errMsg": "RecordNotFoundError",
        "errDlt": "userID not found: 1004 RecordNotFoundError",
    }
