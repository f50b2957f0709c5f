"""Requests of OpenIM v3's known clients, byte for byte, and what they need in the answers."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from typing import Any

import pytest

from tests.support.server import PATIENCE, Server

pytestmark = pytest.mark.serving

DONE = {"errCode": 0, "errMsg": "", "errDlt": ""}
DURATION = 90 * 86400


class ChatServer:
    """The openim-chat server (openimsdk/chat pkg/common/imapi): whole structs, no Content-Type.

    It caches an administrator's token for four minutes.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self.token = self.login()

    def login(self) -> str:
        answer = self.send("/auth/get_admin_token", {"secret": "openIM123", "userID": "imAdmin"}, token="")
        token: str = answer["data"]["token"]
        assert answer == {**DONE, "data": {"token": token, "expireTimeSeconds": DURATION}}
        return token

    def send(self, path: str, body: dict[str, Any], token: str | None = None) -> dict[str, Any]:
        headers = {"operationID": "chat-1690000000"}
        if token or token is None:
            headers["token"] = token or self.token
        data = json.dumps(body, separators=(",", ":")).encode()
        status, _, answer = self._server.request("POST", path, data, headers)
        assert status == 200
        decoded: dict[str, Any] = json.loads(answer)
        return decoded


def user(user_id: str, **given: Any) -> dict[str, Any]:
    """Return sdkws.UserInfo as Go encodes it: fields that are not given are zero."""
    zero = {
        "userID": user_id,
        "nickname": "",
        "faceURL": "",
        "ex": "",
        "createTime": 0,
        "appMangerLevel": 0,
        "globalRecvMsgOpt": 0,
    }
    return {**zero, **given}


def test_the_chat_server_gets_the_answers_that_it_needs(server: Server) -> None:
    chat = ChatServer(server)
    # Registration: check the account, register, get a token for the app.
    check = {"checkUserIDs": ["chat1"]}
    assert chat.send("/user/account_check", check) == {
        **DONE,
        "data": {"results": [{"userID": "chat1", "accountStatus": 0}]},
    }
    sent = user("chat1", nickname="Chat", faceURL="http://face", createTime=1690000000000)
    assert chat.send("/user/user_register", {"users": [sent]}) == DONE
    assert chat.send("/user/user_register", {"users": [sent]}) == {
        "errCode": 1102,
        "errMsg": "RegisteredAlreadyError",
        "errDlt": "userID registered already",
    }
    assert chat.send("/user/account_check", check)["data"]["results"] == [
        {"userID": "chat1", "accountStatus": 1}
    ]
    issued = chat.send("/auth/get_user_token", {"platformID": 2, "userID": "chat1"})
    token = issued["data"]["token"]
    assert issued == {**DONE, "data": {"token": token, "expireTimeSeconds": DURATION}}

    # Profile update: only nonzero fields are written.
    assert chat.send("/user/update_user_info", {"userInfo": user("chat1", nickname="Renamed")}) == DONE
    (found,) = chat.send("/user/get_users_info", {"userIDs": ["chat1"]})["data"]["usersInfo"]
    assert found.pop("createTime") > 1690000000000
    assert found == {
        "userID": "chat1",
        "nickname": "Renamed",
        "faceURL": "http://face",
        "ex": "",
        "appMangerLevel": 0,
        "globalRecvMsgOpt": 0,
    }
    assert chat.send("/user/get_users_info", {"userIDs": None}) == {
        "errCode": 1001,
        "errMsg": "ArgsError",
        "errDlt": "UserIDs is empty",
    }

    # A new administrator's token leaves the earlier one valid.
    earlier, chat.token = chat.token, chat.login()
    for valid in (earlier, chat.token):
        assert chat.send("/user/account_check", check, token=valid)["errCode"] == 0

    # Logout everywhere: the client tries every platform.
    codes = [
        chat.send("/auth/force_logout", {"platformID": platform_id, "userID": "chat1"})["errCode"]
        for platform_id in range(1, 12)
    ]
    assert codes == [0] * 11
    refused = chat.send("/user/get_users_info", {"userIDs": ["chat1"]}, token=token)
    assert refused == {"errCode": 1506, "errMsg": "TokenKickedError", "errDlt": "TokenKickedError"}

    # Notification accounts, and the registration statistics.
    account = {"userID": "", "nickName": "System", "faceURL": "", "appMangerLevel": 3}
    added = chat.send("/user/add_notification_account", account)["data"]
    assert added == {**account, "userID": added["userID"]}
    change = {"userID": added["userID"], "nickName": "News", "faceURL": ""}
    assert chat.send("/user/update_notification_account", change) == DONE
    figures = chat.send("/statistics/user/register", {"start": 1, "end": 2**53})["data"]
    assert figures["before"] == 5
    assert sum(figures["count"].values()) == figures["total"] - figures["before"] >= 2


def test_the_chat_server_up_to_1_6_gets_the_answers_that_it_needs(server: Server) -> None:
    """It uses the secret without get_admin_token, and expects statuses as text and always HTTP 200."""

    def send(path: str, body: dict[str, Any], token: str = "") -> dict[str, Any]:
        headers = {"operationID": "1", "Content-Type": "application/json"}
        if token:
            headers["token"] = token
        status, _, answer = server.request("POST", path, json.dumps(body).encode(), headers)
        assert status == 200
        decoded: dict[str, Any] = json.loads(answer)
        return decoded

    secret = "openIM123"
    login_as = {"secret": secret, "platformID": 10, "userID": "openIMAdmin"}
    token = send("/auth/user_token", login_as)["data"]["token"]
    register = {"secret": secret, "users": [user("chat16", nickname="N")]}
    assert send("/user/user_register", register) == DONE
    assert send("/user/account_check", {"checkUserIDs": ["chat16", "chat17"]}, token)["data"] == {
        "results": [
            {"userID": "chat16", "accountStatus": "registered"},
            {"userID": "chat17", "accountStatus": "unregistered"},
        ]
    }
    logout = {"platformID": 1, "userID": "chat16"}
    assert send("/auth/force_logout", logout, token) == DONE


JAVA = {
    "Content-Type": "application/json; charset=utf-8",
    "User-Agent": "okhttp/4.11.0",
    "Accept-Encoding": "gzip",
    "Connection": "Keep-Alive",
}


def test_the_older_java_sdk_gets_the_answers_that_it_needs(server: Server) -> None:
    """openim-sigs/openim-java-sdk, of 3.4 and 3.5; it sends user_register an empty operationID."""

    def send(path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
        given = {**JAVA, "operationID": "1646445464564", **headers}
        status, answered, answer = server.request("POST", path, json.dumps(body).encode(), given)
        assert (status, answered["Content-Encoding"]) == (200, None)
        decoded: dict[str, Any] = json.loads(answer)
        return decoded

    register = {"secret": "openIM123", "users": [{"userID": "java1", "nickname": "N", "faceURL": "F"}]}
    refused = send("/user/user_register", register, operationID="")
    assert refused["errCode"] == 1001
    assert refused["errDlt"].startswith("header must have operationID")
    assert send("/user/user_register", register) == DONE

    login_as = {"secret": "openIM123", "platformID": 1, "userID": "openIMAdmin"}
    admin = send("/auth/user_token", login_as)["data"]["token"]
    token = send("/auth/user_token", {**login_as, "userID": "java1"})["data"]["token"]
    parsed = send("/auth/parse_token", {"token": token})["data"]
    assert abs(parsed.pop("expireTimeSeconds") - time.time() - DURATION) < PATIENCE
    assert parsed == {"userID": "java1", "platform": "IOS"}

    update = {"userInfo": {"userID": "java1", "nickname": "M"}}
    assert send("/user/update_user_info", update, token=token) == DONE
    (info,) = send("/user/get_users_info", {"userIDs": ["java1"]}, token=admin)["data"]["usersInfo"]
    assert (info["nickname"], info["faceURL"], info["appMangerLevel"]) == ("M", "F", 1)
    receive = {"userID": "java1", "globalRecvMsgOpt": 1}
    assert send("/user/set_global_msg_recv_opt", receive, token=token) == DONE
    page = {"pagination": {"pageNumber": 1, "showNumber": 1000}}
    users = send("/user/get_users", page, token=admin)["data"]
    assert (
        users["total"]
        == len(users["users"])
        == send("/user/get_all_users_uid", page, token=admin)["data"]["total"]
    )

    assert send("/presence/heartbeat", {}, token=token)["errCode"] == 0
    query = {"userID": "openIMAdmin", "userIDs": ["java1", "nobody"]}
    statuses = [
        {"userID": "java1", "status": 1, "platformIDs": [1]},
        {"userID": "nobody", "status": 0, "platformIDs": None},
    ]
    assert send("/user/get_users_status", query, token=admin)["data"] == {"statusList": statuses}
    assert send("/user/subscribe_users_status", {**query, "genre": 1}, token=admin)["data"] == {
        "statusList": statuses
    }
    assert send("/user/unsubscribe_users_status", {**query, "genre": 2}, token=admin)["data"] == {
        "statusList": None
    }
    connection = {"platform": "IOS", "status": "online", "connID": "", "isBackground": False, "token": token}
    assert send("/user/get_users_online_status", query, token=admin)["data"] == [
        {"userID": "java1", "status": "online", "detailPlatformStatus": [connection]},
        {"userID": "nobody", "status": "offline", "detailPlatformStatus": None},
    ]
    tokens = [{"platform": "IOS", "total": 1, "token": [token]}]
    assert send("/user/get_users_online_token_detail", query, token=admin)["data"] == [
        {"userID": "java1", "status": "online", "singlePlatformToken": tokens}
    ]
    assert send("/auth/force_logout", {"platformID": 1, "userID": "java1"}, token=admin) == DONE
    kicked = {"errCode": 1506, "errMsg": "TokenKickedError", "errDlt": ": 1506 TokenKickedError"}
    assert send("/auth/parse_token", {"token": token}) == kicked


@pytest.mark.skipif(shutil.which("curl") is None, reason="the smoke test needs curl")
def test_the_smoke_test_of_the_upstream_server_passes(server: Server) -> None:
    """open-im-server v3.4.0 to v3.6.0 scripts/install/test.sh: `curl -f`, and errCode 0 for each."""

    def curl(path: str, body: str, *headers: str) -> str:
        command = ["curl", "-f", "-s", "-XPOST", "-HoperationID: 1646445464564"]
        command += ["-HContent-Type: application/json", *headers]
        url = f"http://127.0.0.1:{server.port}{path}"
        finished = subprocess.run(
            [*command, url, "-d", body], capture_output=True, text=True, timeout=PATIENCE, check=True
        )
        assert json.loads(finished.stdout)["errCode"] == 0, finished.stdout
        return finished.stdout

    def registration(user_id: str) -> str:
        return (
            '{\n  "secret": "openIM123",\n  "users": [\n    {\n'
            f'      "userID": "{user_id}",\n      "nickname": "user01",\n      "faceURL": "new_face_url"\n'
            "    }\n  ]\n}"
        )

    issued = curl("/auth/user_token", '{"secret": "openIM123","platformID": 1,"userID": "openIM123456"}')
    # The script's `grep -Po`.
    found = re.search(r'token[" :]+([^"]+)', issued)
    assert found is not None
    token = f"-Htoken: {found[1]}"
    managers = '"openIM123456",\n    "openIM654321",\n    "openIMAdmin"'
    curl("/auth/force_logout", '{\n  "platformID": 2,\n  "userID": "4950983283"\n}', token)
    curl("/user/user_register", registration("21517"))
    curl("/user/user_register", registration("8244"))
    curl("/user/account_check", '{\n  "checkUserIDs": [\n    "8244",\n    ' + managers + "\n  ]\n}", token)
    curl("/user/get_users", '{"pagination": {"pageNumber": 1, "showNumber": 100}}', token)
    curl("/user/get_users_info", '{\n  "userIDs": [\n    "8244",\n    "openIM123456"\n  ]\n}', token)
    curl(
        "/user/get_users_online_status", '{\n  "userIDs": [\n    "8244",\n    ' + managers + "\n  ]\n}", token
    )
    curl(
        "/user/update_user_info",
        '{"userInfo": {"userID": "8244", "nickname": "openimbot", "faceURL": "https://github.com/openimbot"}}',
        token,
    )
    curl("/user/get_subscribe_users_status", '{"userID": "8244"}', token)
    curl(
        "/user/subscribe_users_status",
        '{"userID": "9168684795", "userIDs": ["7475779354", "6317136453", "8450535746"], "genre": 1}',
        token,
    )
    curl("/user/set_global_msg_recv_opt", '{"userID": "8244", "globalRecvMsgOpt": 0}', token)
