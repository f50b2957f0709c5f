"""The real thing: gunicorn on a real port, a real database file, a plain HTTP client, signals."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import PATIENCE, ROOT, Server
from tests.support.tokens import claims_of, signature_of

pytestmark = pytest.mark.serving

MakeServer = Callable[..., Server]
V3 = {"operationID": "1646445464564"}


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[MakeServer]:
    """Make servers on this test's instance folder; whatever still runs afterwards is ended."""
    made: list[Server] = []

    def make(*arguments: str, **settings: str) -> Server:
        server = Server(tmp_path / "instance", tmp_path / f"{len(made)}.log", *arguments, **settings)
        made.append(server)
        return server

    yield make
    for server in made:
        with contextlib.suppress(AssertionError, ProcessLookupError, IndexError):
            server.stop() if server._process else None


@pytest.fixture(scope="module", name="server")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests that only talk to it."""
    folder = tmp_path_factory.mktemp("serving")
    server = Server(folder / "instance", folder / "log").start()
    yield server
    assert server.stop() == 0
    for secret in ("tuoyun", "openIM123", "open_im_server", "Y1W2MeFwwwRxa0", "app-secret", "eyJ"):
        assert secret not in server.log
    assert "POST" not in server.log
    assert "Traceback" not in server.log


def test_seed_000_word_for_word(server: Server) -> None:
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
    ask = {"secret": "tuoyun", "platform": 1, "userID": "openIM1111", "operationID": "asdfasdfsadf"}
    status, answer = server.post("/auth/user_token", ask)
    assert (status, answer["errCode"], answer["data"]["userID"]) == (200, 0, "openIM1111")


def test_seed_001_word_for_word(server: Server) -> None:
    register = {"secret": "tuoyun", "platform": 1, "userID": "17396220460", "faceUrl": "x", "phoneNum": "1"}
    assert server.post("/auth/user_register", {**register, "operationID": "1"})[0] == 200
    ask = {"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "1"}
    admin = server.post("/auth/user_token", ask)[1]["data"]["token"]
    for platform_id in (4, 5):
        beat = {"userID": "17396220460", "platformID": platform_id}
        assert server.post("/presence/heartbeat", beat, {"token": admin})[1]["errCode"] == 0
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


def test_seeds_002_and_004_word_for_word(server: Server) -> None:
    user = {"userID": "11111112", "nickname": "yourNickname", "faceURL": "yourFaceURL"}
    register = {"secret": "openIM123", "users": [user]}
    assert server.post("/user/user_register", register, V3) == (
        200,
        {"errCode": 0, "errMsg": "", "errDlt": ""},
    )
    ask = {"secret": "openIM123", "platformID": 1, "userID": "11111112"}
    status, answer = server.post("/auth/user_token", ask, V3)
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
    admin = server.post("/auth/user_token", {**ask, "userID": "openIMAdmin"}, V3)[1]["data"]["token"]
    assert server.post("/user/account_check", check, {**V3, "token": admin})[1]["data"]["results"] == [
        {"userID": "11111111", "accountStatus": "unregistered"},
        {"userID": "11111112", "accountStatus": "registered"},
    ]
    assert server.post("/auth/user_token", {**ask, "userID": "111111"}, V3)[1]["errCode"] == 1004


def test_the_newer_generation_of_v3(server: Server) -> None:
    ask = {"secret": "openIM123", "userID": "imAdmin"}
    admin = {**V3, "token": server.post("/auth/get_admin_token", ask, V3)[1]["data"]["token"]}
    users = {"users": [{"userID": "u38", "nickname": "N"}]}
    assert server.post("/user/user_register", users, admin)[1]["errCode"] == 0
    assert server.post("/auth/get_user_token", {"userID": "u38", "platformID": 1}, admin)[1]["errCode"] == 0
    results = server.post("/user/account_check", {"checkUserIDs": ["u38"]}, admin)[1]["data"]["results"]
    assert results == [{"userID": "u38", "accountStatus": 1}]


def test_seed_003_word_for_word(server: Server) -> None:
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


def test_headers_and_manners_on_the_wire(server: Server) -> None:
    status, headers, body = server.request("OPTIONS", "/anything", b"", {})
    assert (status, headers["Content-Type"], body) == (200, "application/json", b'"Options Request!"')
    status, headers, body = server.request("GET", "/auth/user_token", b"", {})
    assert (status, headers["Content-Type"], body) == (404, "text/plain", b"404 page not found")
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert server.request("POST", "//auth/user_token", b"{}", {})[0] == 404
    assert server.request("POST", "/auth/user_token", b"{}", {"Host": "evil.example"})[0] == 400


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
    refusal = {"errCode": 400, "errMsg": " BindJSON failed request body is larger than 16777216 bytes"}
    assert chunked(body[:-1], *[b" " * 4_200_000] * 4, b"}") == refusal


@pytest.mark.parametrize(
    "sent",
    [
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"Content-Length: 500\r\n\r\nuserId=half&name=Iro",
    ],
    ids=["no chunk", "half a chunk", "half a body"],
)
def test_a_body_that_breaks_off_is_refused_and_nothing_of_it_is_kept(server: Server, sent: bytes) -> None:
    head = b"POST /user/getToken.json HTTP/1.1\r\nHost: localhost\r\nApp-Key: live-app-key\r\nNonce: 1\r\n"
    signature = signature_of("live-app-secret", "1", "2").encode()
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as client:
        client.sendall(head + b"Timestamp: 2\r\nSignature: " + signature + b"\r\n" + sent)
        client.shutdown(socket.SHUT_WR)
        status, _, answer = client.makefile("rb").read().partition(b"\r\n")
    assert status == b"HTTP/1.1 400 BAD REQUEST"
    assert answer.endswith(b'"code":1002,"errorMessage":"ParamError:unexpected EOF."}')
    assert registered(server, ["half"]) == []


@pytest.mark.parametrize(
    ("arguments", "settings", "sentence"),
    [
        (("-w", "2"), {}, "Rollcall has one worker, not 2"),
        ((), {"WEB_CONCURRENCY": "2"}, "Rollcall has one worker, not 2"),
        (
            ("-b", "0.0.0.0:0"),
            {},
            "Rollcall does not listen on 0.0.0.0:0 with the documented or short secret in",
        ),
        (("-b", "[::]:0"), {}, "Rollcall does not listen on :::0 with the documented or short secret in"),
        (("-b", "unix:/tmp/never"), {}, "Rollcall does not listen on /tmp/never with the documented"),
        (
            (),
            {"ROLLCALL_THREDS": "2"},
            "ROLLCALL_THREDS is not a Rollcall setting; did you mean ROLLCALL_THREADS",
        ),
        ((), {"ROLLCALL_THREADS": "two"}, "ROLLCALL_THREADS must be a whole number"),
        ((), {"ROLLCALL_INSTANCE": "/dev/null/x"}, "the instance folder /dev/null/x cannot be used"),
    ],
)
def test_what_cannot_be_served_is_refused_in_a_sentence(
    make_server: MakeServer, arguments: tuple[str, ...], settings: dict[str, str], sentence: str
) -> None:
    server = make_server(*arguments, **settings)
    server.launch()
    assert server.exit_status() != 0
    assert sentence in server.log
    assert "Traceback" not in server.log


def test_an_address_beyond_this_machine_needs_secrets_of_ones_own_or_a_permission(
    make_server: MakeServer,
) -> None:
    server = make_server("-b", "0.0.0.0:0", ROLLCALL_ALLOW_DOCUMENTED_SECRETS="1").start()
    assert "serving everybody" in server.log
    assert server.request("POST", "/auth/user_token", b"{}", {"Host": "im.example"})[0] == 400
    assert server.stop() == 0


def test_the_banner_says_where_what_and_how_safe(make_server: MakeServer) -> None:
    server = make_server(ROLLCALL_DIALECTS="openim_v3", ROLLCALL_OPENIM_SECRET="a-secret-of-our-own").start()
    lines = [line.split("] ")[-1] for line in server.log.splitlines() if "Rollcall" in line]
    assert lines == [
        f"Rollcall speaks openim_v3 at http://127.0.0.1:{server.port}",
        f"Rollcall keeps its data in {server.instance}",
    ]
    assert "ecret" not in server.log


def test_a_second_server_on_the_folder_is_refused_and_the_first_goes_on(make_server: MakeServer) -> None:
    first = make_server().start()
    second = make_server()
    second.launch()
    assert second.exit_status() != 0
    assert re.search(
        rf"is served by process {first.worker} already, and presence lives in one process", second.log
    )
    assert "Traceback" not in second.log
    assert first.post("/auth/user_token", {})[0] == 400


def test_a_second_worker_by_signal_is_refused_and_the_first_goes_on(make_server: MakeServer) -> None:
    server = make_server().start()
    worker = server.worker
    server.signal(signal.SIGTTIN)
    server.wait_for("Rollcall has one worker, not 2")
    time.sleep(0.5)
    assert server.worker == worker
    assert server.post("/auth/user_token", {})[0] == 400


def register(server: Server, user_id: str) -> bool:
    """Register by one of the dialects; tell whether it was acknowledged."""
    turn = int(user_id.split("-")[-1]) % 3
    if turn == 0:
        body: Any = {"secret": "tuoyun", "platform": 1, "userID": user_id, "operationID": "1"}
        return server.post("/auth/user_register", body)[1]["errCode"] == 0
    if turn == 1:
        body = {"secret": "openIM123", "users": [{"userID": user_id}]}
        return server.post("/user/user_register", body, V3)[1]["errCode"] == 0
    headers = {
        "App-Key": "live-app-key",
        "Nonce": "1",
        "Timestamp": "2",
        "Signature": signature_of("live-app-secret", "1", "2"),
    }
    return server.post("/user/getToken.json", f"userId={user_id}&name=n".encode(), headers)[1]["code"] == 200


def registered(server: Server, user_ids: list[str]) -> list[str]:
    """Return those of the ids that the server knows."""
    ask = {"secret": "openIM123", "platformID": 1, "userID": "openIMAdmin"}
    token = server.post("/auth/user_token", ask, V3)[1]["data"]["token"]
    answer = server.post("/user/account_check", {"checkUserIDs": user_ids}, {**V3, "token": token})[1]
    return [row["userID"] for row in answer["data"]["results"] if row["accountStatus"] == "registered"]


class Storm:
    """Clients that register one user after the other until they are told to stop, or cut off."""

    def __init__(self, server: Server, clients: int = 8) -> None:
        self._server = server
        self._going = True
        self.acknowledged: list[str] = []
        self.failed: list[Exception] = []
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(clients)]

    def __enter__(self) -> Storm:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._going = False
        for thread in self._threads:
            thread.join(PATIENCE)

    def _run(self, client: int) -> None:
        number = client
        while self._going:
            user_id = f"storm-{client}-{number}"
            try:
                if register(self._server, user_id):
                    self.acknowledged.append(user_id)
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(error)
                return
            number += 1

    def wait_for(self, count: int) -> None:
        """Wait until so many registrations have been acknowledged."""
        deadline = time.monotonic() + PATIENCE
        while len(self.acknowledged) < count:
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.mark.parametrize("victim", ["worker", "master and worker"])
def test_what_was_acknowledged_survives_sigkill(make_server: MakeServer, victim: str) -> None:
    server = make_server().start()
    with Storm(server) as storm:
        storm.wait_for(100)
        if victim == "worker":
            os.kill(server.worker, signal.SIGKILL)
        else:
            server.kill()
    if victim == "worker":
        server.wait_for(r"(?s)sent SIGKILL.*Rollcall speaks")
    else:
        server.start()
    assert len(storm.acknowledged) >= 100
    assert registered(server, storm.acknowledged) == storm.acknowledged
    assert server.stop() == 0
    with contextlib.closing(sqlite3.connect(server.instance / "rollcall.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_reload_under_load_fails_nobody_and_takes_new_settings(make_server: MakeServer) -> None:
    server = make_server().start()
    before = server.worker
    with Storm(server, 4) as storm:
        storm.wait_for(50)
        (server.instance / "config.py").write_text("OPENIM_V3_TOKEN_DAYS = 1\n")
        seen = len(server.log)
        server.signal(signal.SIGHUP)
        server.wait_for("Rollcall speaks", seen)
        storm.wait_for(len(storm.acknowledged) + 50)
    assert storm.failed == []
    assert server.worker != before
    assert registered(server, storm.acknowledged) == storm.acknowledged
    ask = {"secret": "openIM123", "platformID": 1, "userID": "openIMAdmin"}
    assert server.post("/auth/user_token", ask, V3)[1]["data"]["expireTimeSeconds"] == 86400
    assert "Traceback" not in server.log
    assert server.stop() == 0


def test_sigterm_under_load_finishes_what_was_begun(make_server: MakeServer) -> None:
    server = make_server().start()
    with Storm(server) as storm:
        storm.wait_for(50)
        server.signal(signal.SIGTERM)
        assert server.exit_status() == 0
    # Who had not been heard yet is refused the connection; nobody is cut off in an answer.
    assert {type(error) for error in storm.failed} <= {ConnectionRefusedError, ConnectionResetError}
    assert [file.name for file in server.instance.iterdir() if file.suffix != ".lock"] == ["rollcall.db"]
    assert registered(server.start(), storm.acknowledged) == storm.acknowledged


def test_after_a_restart_everybody_is_offline(make_server: MakeServer) -> None:
    server = make_server().start()
    ask = {"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "1"}
    headers = {"token": server.post("/auth/user_token", ask)[1]["data"]["token"]}
    epoch = server.post("/presence/heartbeat", b"", headers)[1]["data"]["epoch"]
    body = {"operationID": "1", "userIDList": ["openIMAdmin"]}
    assert server.post("/user/get_users_online_status", body, headers)[1]["data"][0]["status"] == "online"
    assert server.stop() == 0
    server.start()
    assert server.post("/user/get_users_online_status", body, headers)[1]["data"] == [
        {"userID": "openIMAdmin", "status": "offline"}
    ]
    assert server.post("/presence/heartbeat", b"", headers)[1]["data"]["epoch"] != epoch


def test_one_id_registered_by_many_at_once_has_one_winner(server: Server) -> None:
    def once(number: int) -> int:
        body = {"secret": "openIM123", "users": [{"userID": "wanted", "nickname": str(number)}]}
        code: int = server.post("/user/user_register", body, V3)[1]["errCode"]
        return code

    with ThreadPoolExecutor(24) as pool:
        assert sorted(pool.map(once, range(24))) == [0] + [1102] * 23


def test_gunicorn_takes_our_settings_by_itself() -> None:
    command = [sys.executable, "-m", "gunicorn", "--print-config", "wsgi:app"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE).stdout
    found = dict(re.findall(r"^(\w+)\s+= (.*)$", printed, re.M))
    assert {name: found[name] for name in ("bind", "workers", "worker_class", "threads", "accesslog")} == {
        "bind": "['127.0.0.1:10002']",
        "workers": "1",
        "worker_class": "gthread",
        "threads": "16",
        "accesslog": "None",
    }
    assert found.get("control_socket_disable") == "True"
