"""The seeds and details of HTTP: gunicorn on a real port, a real database file, a plain HTTP client."""

from __future__ import annotations

import hashlib
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from rollcall_server.serving.request_head import MAX_HEAD_BYTES

from tests.support.server import PATIENCE, Server
from tests.support.storm import V3, registered
from tests.support.tokens import claims_of, signature_of

pytestmark = pytest.mark.serving


def test_seed_000_gets_the_documented_answers(server: Server) -> None:
    body = b"""
 {
    "secret": "tuoyun",
    "platform": 1,
    "userID": "openIM1111",
    "nickname": "2222",
    "faceURL": "https://oss.com.cn/head", 
    "gender": 1,
    "phoneNumber": "18666667777",
    "birth":1640692941,
    "email": "xxxx@qq.com",
    "ex": "xxx",
    "operationID": "123111111"
}
"""  # noqa: W291
    status, answer = server.post("/auth/user_register", body)
    claims = claims_of(answer["data"]["token"])
    assert (status, answer) == (
        200,
        {
            "errCode": 0,
            "errMsg": "",
            "data": {
                "userID": "openIM1111",
                "token": answer["data"]["token"],
                "expiredTime": claims["iat"] + 604800,
            },
        },
    )
    assert list(claims) == ["UID", "Platform", "exp", "nbf", "iat"]
    assert (claims["UID"], claims["Platform"], claims["nbf"]) == ("openIM1111", "IOS", claims["iat"])
    assert abs(claims["iat"] - time.time()) < PATIENCE
    status, again = server.post("/auth/user_register", body)
    assert (status, again["errCode"]) == (500, 500)
    login = {"secret": "tuoyun", "platform": 1, "userID": "openIM1111", "operationID": "asdfasdfsadf"}
    status, answer = server.post("/auth/user_token", login)
    assert (status, answer["errCode"], answer["data"]["userID"]) == (200, 0, "openIM1111")


def test_seed_001_gets_the_documented_answers(server: Server) -> None:
    register = {"secret": "tuoyun", "platform": 1, "userID": "17396220460", "faceUrl": "x", "phoneNum": "1"}
    assert server.post("/auth/user_register", {**register, "operationID": "1"})[0] == 200
    login = {"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "1"}
    admin = server.post("/auth/user_token", login)[1]["data"]["token"]
    for platform_id in (4, 5):
        heartbeat = {"userID": "17396220460", "platformID": platform_id}
        assert server.post("/presence/heartbeat", heartbeat, {"token": admin})[1]["errCode"] == 0
    body = {"operationID": "545454", "userIDList": ["17396220460", "sadsdf"]}
    status, answer = server.post("/user/get_users_online_status", body, {"token": admin})
    assert (status, answer) == (
        200,
        {
            "errCode": 0,
            "errMsg": "",
            "data": [
                {
                    "userID": "17396220460",
                    "status": "online",
                    "detailPlatformStatus": [
                        {"platform": "OSX", "status": "online"},
                        {"platform": "Web", "status": "online"},
                    ],
                },
                {"userID": "sadsdf", "status": "offline"},
            ],
        },
    )


def test_seeds_002_and_004_get_the_documented_answers(server: Server) -> None:
    user = {"userID": "11111112", "nickname": "yourNickname", "faceURL": "yourFaceURL"}
    register = {"secret": "openIM123", "users": [user]}
    assert server.post("/user/user_register", register, V3) == (
        200,
        {"errCode": 0, "errMsg": "", "errDlt": ""},
    )
    login = {"secret": "openIM123", "platformID": 1, "userID": "11111112"}
    status, answer = server.post("/auth/user_token", login, V3)
    token = answer["data"]["token"]
    data = {"token": token, "expireTimeSeconds": 7776000}
    assert (status, answer) == (200, {"errCode": 0, "errMsg": "", "errDlt": "", "data": data})
    claims = claims_of(token)
    assert claims == {
        "UserID": "11111112",
        "PlatformID": 1,
        "exp": claims["iat"] + 7776000,
        "nbf": claims["iat"] - 300,
        "iat": claims["iat"],
    }
    check = {"checkUserIDs": ["11111111", "11111112"]}
    assert server.post("/user/account_check", check, {**V3, "token": token})[1]["errCode"] == 1002
    admin = server.post("/auth/user_token", {**login, "userID": "openIMAdmin"}, V3)[1]["data"]["token"]
    assert server.post("/user/account_check", check, {**V3, "token": admin})[1]["data"]["results"] == [
        {"userID": "11111111", "accountStatus": "unregistered"},
        {"userID": "11111112", "accountStatus": "registered"},
    ]
    assert server.post("/auth/user_token", {**login, "userID": "111111"}, V3)[1]["errCode"] == 1004


def test_openim_3_8_registers_issues_tokens_and_checks_accounts(server: Server) -> None:
    login = {"secret": "openIM123", "userID": "imAdmin"}
    admin = {**V3, "token": server.post("/auth/get_admin_token", login, V3)[1]["data"]["token"]}
    users = {"users": [{"userID": "u38", "nickname": "N"}]}
    assert server.post("/user/user_register", users, admin)[1]["errCode"] == 0
    assert server.post("/auth/get_user_token", {"userID": "u38", "platformID": 1}, admin)[1]["errCode"] == 0
    results = server.post("/user/account_check", {"checkUserIDs": ["u38"]}, admin)[1]["data"]["results"]
    assert results == [{"userID": "u38", "accountStatus": 1}]


def test_seed_003_gets_the_documented_answers(server: Server) -> None:
    headers = {
        "App-Key": "your-app-key",
        "Nonce": "14314",
        "Timestamp": "1408710653000",
        "Signature": "30be0bbca9c9b2e27578701e9fda2358a814c88f",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    form = b"userId=jlk456j5&name=Ironman&portraitUri=http%3A%2F%2Fabc.com%2Fmyportrait.jpg"
    status, answer = server.post("/user/getToken.json", form, headers)
    assert (status, answer["code"], answer["userId"]) == (200, 200, "jlk456j5")
    assert len(answer["token"].encode()) <= 256
    status, answer = server.post("/user/getToken.json", form, headers)
    assert (status, answer["code"]) == (409, 1004)
    nonce, timestamp = "48213", str(time.time_ns() // 1_000_000)
    signature = hashlib.sha1(f"your-app-secret{nonce}{timestamp}".encode()).hexdigest()
    axios = {**headers, "Nonce": nonce, "Timestamp": timestamp, "Signature": signature}
    body = b'{"userId":"another","name":"Ironman","portraitUri":"http://abc.com/myportrait.jpg"}'
    assert server.post("/user/getToken.json", body, axios)[1]["code"] == 200
    _, got, xml = server.request("POST", "//user/getToken.xml", body.replace(b"another", b"third"), axios)
    assert got["Content-Type"] == "application/xml; charset=utf-8"
    assert b"<code>200</code><userId>third</userId><token>" in xml


def test_options_unknown_paths_and_foreign_hosts_get_their_answers(server: Server) -> None:
    status, headers, body = server.request("OPTIONS", "/anything", b"", {})
    assert (status, headers["Content-Type"], body) == (200, "application/json", b'"Options Request!"')
    status, headers, body = server.request("GET", "/auth/user_token", b"", {})
    assert (status, headers["Content-Type"], body) == (404, "text/plain", b"404 page not found")
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert server.request("POST", "//auth/user_token", b"{}", {})[0] == 404
    assert server.request("POST", "/auth/user_token", b"{}", {"Host": "evil.example"})[0] == 400


def send_head(server: Server, *lines: bytes) -> tuple[bytes, bytes]:
    """Send a head on a new connection and end it; return the status line and the body of the answer."""
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as client:
        client.sendall(b"\r\n".join([*lines, b"Connection: close", b"", b""]))
        head, _, body = client.makefile("rb").read().partition(b"\r\n\r\n")
        return head.partition(b"\r\n")[0], body


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((b"POST /v2/auth/user_token HTTP/1.1",), b"Host"),
        ((b"POST /v2/auth/user_token HTTP/1.0",), b"Host"),
        ((b"POST http://evil.example/v2/auth/user_token HTTP/1.1", b"Host: localhost"), b"target"),
    ],
    ids=["no Host", "no Host in HTTP/1.0", "target of another host"],
)
def test_documented_secrets_need_a_host_and_a_target_of_this_machine(
    server: Server, lines: tuple[bytes, ...], reason: bytes
) -> None:
    status, body = send_head(server, *lines)
    assert status.endswith(b" 400 Bad Request")
    assert body.startswith(b'{"errCode":401,"errMsg":"the request\'s %s is not this machine: with ' % reason)


def test_an_absolute_target_of_this_machine_is_served(server: Server) -> None:
    line = b"POST http://127.0.0.1/v2/auth/user_token HTTP/1.1"
    refusal = b'{"errCode":400,"errMsg":" BindJSON failed EOF"}'
    assert send_head(server, line, b"Host: localhost") == (b"HTTP/1.1 400 Bad Request", refusal)


def head_of(size: int, field: bytes = b"X-Field") -> list[bytes]:
    """Return the lines of a head that `send_head` makes `size` bytes long."""
    lines = [b"POST /v2/auth/user_token HTTP/1.1", b"Host: localhost"]
    rest = size - len(b"\r\n".join([*lines, b"Connection: close", b"", b""]))
    while rest > 0:
        length = rest if rest <= 8000 else min(8000, rest - 100)
        lines.append(field + b": " + b"x" * (length - len(field) - 4))
        rest -= length
    return lines


def test_a_head_of_8_kb_is_served(server: Server) -> None:
    refusal = b'{"errCode":400,"errMsg":" BindJSON failed EOF"}'
    assert send_head(server, *head_of(MAX_HEAD_BYTES)) == (b"HTTP/1.1 400 Bad Request", refusal)


# gunicorn drops a field with an underscore, but has read it.
@pytest.mark.parametrize("field", [b"X-Field", b"X_Field"])
@pytest.mark.parametrize("size", [MAX_HEAD_BYTES + 1, 3 * MAX_HEAD_BYTES])
def test_a_longer_head_is_refused(server: Server, size: int, field: bytes) -> None:
    status, _ = send_head(server, *head_of(size, field))
    assert status == b"HTTP/1.1 431 Request Header Fields Too Large"


def test_a_head_that_is_sent_in_pieces_is_refused_before_its_end(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as client:
        client.sendall(b"POST /v2/auth/user_token HTTP/1.1\r\nHost: localhost\r\n")
        client.sendall(b"X-Field: %s\r\n" % (b"x" * 4000) * 3)
        assert client.recv(12) == b"HTTP/1.1 431"


def test_a_large_body_behind_a_short_head_is_served(server: Server) -> None:
    body = {"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "1" * 100_000}
    assert server.post("/v2/auth/user_token", body)[1]["errCode"] == 0


@pytest.mark.parametrize("encoding", [b"gzip", b"chunked, gzip"])
def test_a_body_whose_end_is_not_announced_is_refused(server: Server, encoding: bytes) -> None:
    """gunicorn before 27 accepts the first, and takes its body for the next request."""
    head = b"GET /healthz HTTP/1.1", b"Host: localhost", b"Transfer-Encoding: " + encoding
    assert send_head(server, *head)[0] == b"HTTP/1.1 400 Bad Request"


def test_a_chunked_body_is_read_to_its_end_and_refused_over_the_limit(server: Server) -> None:
    def chunked(*chunks: bytes) -> dict[str, Any]:
        head = b"POST /auth/user_token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as client:
            client.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
            for chunk in (*chunks, b""):
                client.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            answer: dict[str, Any] = json.loads(client.makefile("rb").read().partition(b"\r\n\r\n")[2])
            return answer

    body = json.dumps(
        {"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "1"}
    ).encode()
    assert chunked(body[:20], body[20:])["errCode"] == 0
    refusal = {"errCode": 400, "errMsg": " BindJSON failed request body is larger than 1048576 bytes"}
    assert chunked(body[:-1], *[b" " * 270_000] * 4, b"}") == refusal


@pytest.mark.parametrize(
    "sent",
    [
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"Content-Length: 500\r\n\r\nuserId=half&name=Iro",
    ],
    ids=["invalid chunk", "half a chunk", "half a body"],
)
def test_a_truncated_body_is_refused_and_registers_no_user(server: Server, sent: bytes) -> None:
    head = b"POST /user/getToken.json HTTP/1.1\r\nHost: localhost\r\nApp-Key: live-app-key\r\nNonce: 1\r\n"
    signature = signature_of("live-app-secret", "1", "2").encode()
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as client:
        client.sendall(head + b"Timestamp: 2\r\nSignature: " + signature + b"\r\n" + sent)
        client.shutdown(socket.SHUT_WR)
        status, _, answer = client.makefile("rb").read().partition(b"\r\n")
    assert status == b"HTTP/1.1 400 Bad Request"
    assert answer.endswith(b'"code":1002,"errorMessage":"ParamError:unexpected EOF."}')
    assert registered(server, ["half"]) == []


def test_exactly_one_of_many_concurrent_registrations_of_an_id_succeeds(server: Server) -> None:
    def register(number: int) -> int:
        body = {"secret": "openIM123", "users": [{"userID": "wanted", "nickname": str(number)}]}
        code: int = server.post("/user/user_register", body, V3)[1]["errCode"]
        return code

    with ThreadPoolExecutor(24) as pool:
        assert sorted(pool.map(register, range(24))) == [0] + [1102] * 23


@pytest.mark.parametrize(
    "headers",
    [
        {"SCRIPT_NAME": "/zzz"},
        {"Script-Name": "/zzz"},
        {"PATH_INFO": "/zzz"},
        {"X-Forwarded-Proto": "https", "X-Forwarded-Ssl": "off"},
        {"X-Forwarded-Proto": "https", "X-Forwarded-Protocol": "ssl"},
    ],
)
def test_headers_change_neither_the_mount_point_nor_the_scheme(
    server: Server, headers: dict[str, str]
) -> None:
    status, kind, body = server.request("GET", "/healthz", b"", headers)
    assert (status, kind["Content-Type"]) == (200, "application/json")
    assert json.loads(body)["status"] == "ok"
