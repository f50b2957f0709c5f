"""Requests of RongCloud's Go, Java and PHP SDKs, byte for byte, over a plain socket."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.server import PATIENCE, Server
from tests.support.tokens import signature_of

pytestmark = pytest.mark.serving

FORM = "application/x-www-form-urlencoded"
ICON = "https%3A%2F%2Fimg.theplace.cool%2Fa.png%3Fx%3D1%26apiId%3D1"


@pytest.fixture(name="server", scope="module")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the app whose secret signed the recorded requests."""
    folder = tmp_path_factory.mktemp("requests")
    server = Server(folder / "instance", folder / "log", ROLLCALL_RONGCLOUD_APPS="devkey:devsecret:live")
    server.start()
    yield server
    assert server.stop() == 0
    assert "devsecret" not in server.log


def go(path: str, body: str) -> bytes:
    """rc-go-sdk/4.0.7: net/http sorts the headers and keeps the connection open."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:18765\r\nUser-Agent: rc-go-sdk/4.0.7\r\n"
        f"Content-Length: {len(body.encode())}\r\nApp-Key: devkey\r\nContent-Type: {FORM}\r\n"
        f"Nonce: 2610529275472644968\r\nSignature: 0a58caba4c3f81bfca3243f92ed5e08808aa1d48\r\n"
        "Timestamp: 1795212954\r\n"
        "X-Request-Id: 7a919f3d-a26d-48ed-a2ed-763aedd6050f\r\nAccept-Encoding: gzip\r\n\r\n"
        f"{body}"
    ).encode()


def java(path: str, body: str, content_type: str = FORM) -> bytes:
    """rc-java-sdk 4.0.11, built without Maven, so its version is a placeholder; nonces are fractions."""
    return (
        f"POST {path} HTTP/1.1\r\nApp-Key: devkey\r\nNonce: 680758.7751586033\r\nTimestamp: 1795213037\r\n"
        "Signature: c39f78bd25130e9043f827021a03d7ca0c3f6576\r\n"
        "User-Agent: rc-java-sdk/${project.version}\r\nConnection: close\r\n"
        f"X-Request-ID: c6f62c0fcdd344ebbe4578eba4b32fb0\r\nContent-Type: {content_type}\r\n"
        "Cache-Control: no-cache\r\nPragma: no-cache\r\nHost: 127.0.0.1:18765\r\n"
        "Accept: text/html, image/gif, image/jpeg, */*; q=0.2\r\n"
        f"Content-Length: {len(body.encode())}\r\n\r\n{body}"
    ).encode()


def php(path: str, body: str, content_type: str = FORM) -> bytes:
    """rc-php-sdk/3.4.2, as RongCloud/Lib/Request.php passes it to curl."""
    nonce, timestamp = "1804289383", "1795213037"
    signature = signature_of("devsecret", nonce, timestamp)
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:18765\r\nAccept: */*\r\nApp-Key: devkey\r\n"
        f"Nonce: {nonce}\r\nTimestamp: {timestamp}\r\nSignature: {signature}\r\n"
        "X-Request-ID: 0f8fad5bd9cb469fa16570867728950e\r\nUser-Agent: rc-php-sdk/3.4.2\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}"
    ).encode()


def send(server: Server, request: bytes) -> tuple[int, str, dict[str, Any]]:
    """Send a request; return the status, the X-Request-ID and the JSON of the answer."""
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as connection:
        connection.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536) or pytest.fail("the connection ended")
        head, _, body = received.partition(b"\r\n\r\n")
        length = int(re.search(rb"(?i)\r\ncontent-length: (\d+)", head)[1])  # type: ignore[index]
        while len(body) < length:
            body += connection.recv(65536) or pytest.fail("the connection ended")
    echo = re.search(rb"(?i)\r\nx-request-id: ([^\r]+)", head)
    decoded: dict[str, Any] = json.loads(body)
    return int(head.split()[1]), echo[1].decode() if echo else "", decoded


def test_requests_of_the_go_sdk_are_answered(server: Server) -> None:
    echo = "7a919f3d-a26d-48ed-a2ed-763aedd6050f"

    def post(path: str, body: str) -> dict[str, Any]:
        status, request_id, answer = send(server, go(path, body))
        assert (status, request_id) == (200, echo)
        assert answer.pop("code") == 200
        return answer

    def register(user_id: str) -> None:
        answer = post("/user/getToken.json", f"userId={user_id}&name={user_id}&portraitUri={ICON}")
        assert answer == {"userId": user_id, "token": answer["token"]}
        assert 0 < len(answer["token"]) <= 256

    for user_id in ("1000014", "u01", "u02", "u03"):
        register(user_id)
    info = post("/user/info.json", "userId=1000014")
    assert (info["userName"], info["userPortrait"]) == (
        "1000014",
        "https://img.theplace.cool/a.png?x=1&apiId=1",
    )
    assert post("/user/refresh.json", "name=&portraitUri=p&userId=u03") == {}
    info = post("/user/info.json", "userId=u03")
    assert (info["userName"], info["userPortrait"]) == ("u03", "p")
    assert post("/user/checkOnline.json", "userId=u01") == {"status": "0"}
    assert post("/user/token/expire.json", "userId=u01&time=1619469955344") == {}
    remarks = "%5B%7B%22Id%22%3A%22u02%22%2C%22Remark%22%3A%22r%22%7D%5D"
    assert post("/user/remarks/set.json", f"userId=u01&remarks={remarks}") == {}
    page = post("/user/remarks/get.json", "page=1&size=10&userId=u01")
    assert page == {"total": 1, "users": [{"id": "u02", "remark": "r"}]}
    operation = post("/user/deactivate.json", "userId=u01%2Cu02")
    assert re.fullmatch("[A-Z0-9]{4}(-[A-Z0-9]{4}){3}", operation["operateId"])
    # This SDK sends two slashes here and follows no redirect.
    assert post("//user/deactivate/query.json", "pageNo=1&pageSize=50") == {"users": ["u01", "u02"]}
    assert post("/user/delusers.json", "userId=1000014&userId=u03") == {}
    wrong = go("/user/info.json", "userId=u").replace(b"Nonce: 2", b"Nonce: 3")
    refusal = {"url": "/user/info.json", "code": 1004, "errorMessage": "签名错误，请检查。"}
    assert send(server, wrong) == (401, echo, refusal)


def test_requests_of_the_java_sdk_are_answered(server: Server) -> None:
    def post(path: str, body: str, content_type: str = FORM) -> dict[str, Any]:
        status, request_id, answer = send(server, java(path, body, content_type))
        assert (status, request_id) == (200, "c6f62c0fcdd344ebbe4578eba4b32fb0")
        assert answer.pop("code") == 200
        return answer

    name = "%E5%BF%98%E6%83%85%E6%B0%B4+a%26b%2Bc"
    body = f"userId=AAA&name={name}&portraitUri=http%3A%2F%2Fx%2F%3Fa%3D1%26b%3D2"
    assert len(body) == 99
    assert post("/user/getToken.json", body)["userId"] == "AAA"
    info = post("/user/info.json", "userId=AAA")
    assert (info["userName"], info["userPortrait"]) == ("忘情水 a&b+c", "http://x/?a=1&b=2")
    assert post("/user/block.json", "userId=AAA&userId=BBB&minute=300") == {}
    blocked = post("/user/block/query.json", "")["users"]
    assert [row["userId"] for row in blocked] == ["AAA", "BBB"]
    assert post("/user/unblock.json", "userId=AAA&userId=BBB") == {}
    # This SDK does not escape its lists of remarks and of ids.
    remarks = '[{"id":"BBB","remark":"b"},{"id":"CCC","remark":"c"}]'
    assert post("/user/remarks/set.json", f"userId=AAA&remarks={remarks}") == {}
    assert post("/user/remarks/get.json", "userId=AAA&page=1&size=1")["total"] == 2
    tags = '{"userIds":["AAA","BBB"],"tags":["bj","男"]}'
    assert post("/user/tag/batch/set.json", tags, "application/json") == {}
    assert post("/user/tags/get.json", "userIds=AAA&userIds=BBB") == {
        "result": {"AAA": ["bj", "男"], "BBB": ["bj", "男"]}
    }
    post("/user/getToken.json", "userId=DDD&name=d")
    post("/user/deactivate.json", "userId=DDD,EEE")
    assert "DDD" in post("/user/deactivate/query.json", "pageNo=1&pageSize=50")["users"]


def test_requests_of_the_php_sdk_are_answered(server: Server) -> None:
    def post(path: str, body: str, content_type: str = FORM) -> dict[str, Any]:
        status, request_id, answer = send(server, php(path, body, content_type))
        assert (status, request_id) == (200, "0f8fad5bd9cb469fa16570867728950e")
        assert answer.pop("code") == 200
        return answer

    body = "userId=ujadk90had&name=Maritn&portraitUri=++http%3A%2F%2F7xogjk.com1.z0.glb.clouddn.com%2FIuDk"
    # This SDK's base URL ends in a slash, so some requests have two.
    assert post("//user/getToken.json", body)["userId"] == "ujadk90had"
    assert post("/user/info.json", "userId=ujadk90had")["userName"] == "Maritn"
    assert post("/user/blacklist/add.json", "userId=ujadk90had&blackUserId=a&blackUserId=b") == {}
    black = post("/user/blacklist/query.json", "userId=ujadk90had&size=1000")
    assert black["users"] == ["b", "a"]
    tags = '{"userId":"ujadk90had","tags":["bj","\\u7537"]}'
    assert post("/user/tag/set.json", tags, "application/json") == {}
    assert post("/user/tags/get.json", "userIds=ujadk90had") == {"result": {"ujadk90had": ["bj", "男"]}}
    assert post("/user/group/query.json", "userId=ujadk90had") == {"groups": []}


def test_headers_with_the_rc_prefix_equal_those_without(server: Server) -> None:
    request = java("/user/checkOnline.json", "userId=u")
    for name in (b"App-Key", b"Nonce", b"Timestamp", b"Signature"):
        request = request.replace(b"\r\n" + name, b"\r\nRC-" + name)
    request = request.replace(b"\r\nX-Request-ID", b"\r\nRC-Request-Id")
    assert send(server, request) == (200, "c6f62c0fcdd344ebbe4578eba4b32fb0", {"code": 200, "status": "0"})
