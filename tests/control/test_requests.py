"""The journal: what it records, how it is read, and how much it keeps."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from typing import Any

import pytest
from flask import Flask
from rollcall_server.devtools.journal import MAX_WAITERS
from rollcall_server.services import Services

from tests.conftest import MakeApp
from tests.control.test_access import KEY, OWN, assert_problem, send
from tests.control.test_users import call
from tests.support.clock import FakeClock
from tests.support.tokens import signature_of

REQUESTS = "/_rollcall/requests"
ADMIN = {"secret": "openIM123", "userID": "imAdmin"}
HEADERS = {"operationID": "op-1"}
ROW = {
    "number": 1,
    "at": "2023-11-14T22:13:20.250Z",
    "dialect": "openim_v3",
    "generation": "3.8",
    "method": "POST",
    "path": "/auth/get_admin_token",
    "target": "/auth/get_admin_token",
    "userID": "imAdmin",
    "platformID": None,
    "outcome": "ok",
    "status": 200,
    "code": 0,
}


def journal(app: Flask, query: str = "", **given: Any) -> Any:
    response = send(app, f"{REQUESTS}{query}", **given)
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.get_json()


def rows(app: Flask, query: str = "") -> list[Any]:
    found: list[Any] = journal(app, query)["requests"]
    return found


def without_ms(row: dict[str, Any]) -> dict[str, Any]:
    assert 0 <= row["ms"] < 10_000
    return {name: value for name, value in row.items() if name != "ms"}


def admin_token(app: Flask, **given: Any) -> Any:
    return app.test_client().post("/auth/get_admin_token", **{"json": ADMIN, "headers": HEADERS, **given})


def signed(app: Flask, path: str, secret: str = "your-app-secret", **form: Any) -> Any:
    headers = {"App-Key": "your-app-key", "Nonce": "1", "Timestamp": "2"}
    headers["Signature"] = signature_of(secret, "1", "2")
    return app.test_client().post(path, data=form, headers=headers)


def test_a_row_says_what_was_asked_and_what_came_of_it(app: Flask) -> None:
    response = admin_token(app)
    assert response.headers["Rollcall-Request"] == "1"
    assert journal(app) == {"requests": [{**ROW, "ms": rows(app)[0]["ms"]}], "last": 1}
    assert without_ms(rows(app)[0]) == ROW


def test_every_dialect_and_every_refusal_is_recorded(app: Flask) -> None:
    client = app.test_client()
    admin_token(app)
    admin_token(app, data=b"{", json=None)
    login = {"secret": "tuoyun", "platform": 2, "userID": "imAdmin", "operationID": "1"}
    client.post("/auth/user_token", json=login)
    client.post("/v3.4/auth/user_token?x=1", json={**ADMIN, "platformID": 5}, headers=HEADERS)
    signed(app, "/user/getToken.json", userId="alice", name="A")
    signed(app, "/rongcloud//user/info.xml", "wrong", userId="alice")
    client.get("/auth/user_token")
    client.get("/nothing")
    client.post("/v3/nothing", headers=HEADERS)
    client.post("/presence/heartbeat", json={}, headers={"token": "x"})
    client.options("/auth/user_token")
    client.post("/callback/callbackUserOnlineCommand", json={"userID": "alice", "platformID": 1})
    shown = [
        (row["dialect"], row["generation"], row["path"], row["userID"], row["platformID"], row["outcome"])
        for row in rows(app)
    ]
    assert shown == [
        ("openim_v3", "3.8", "/auth/get_admin_token", "imAdmin", None, "ok"),
        ("openim_v3", "3.8", "/auth/get_admin_token", None, None, "BodyInvalid"),
        ("openim_v2", None, "/auth/user_token", "imAdmin", 2, "ok"),
        ("openim_v3", "3.4", "/auth/user_token", "imAdmin", 5, "ok"),
        ("rongcloud", None, "/user/getToken.json", "alice", None, "ok"),
        ("rongcloud", None, "/user/info.xml", "alice", None, "SignatureWrong"),
        (None, None, "/auth/user_token", None, None, "NoSuchMethod"),
        (None, None, "/nothing", None, None, "NoSuchPath"),
        ("openim_v3", "3.8", "/nothing", None, None, "TokenMissing"),
        ("rollcall", None, "/presence/heartbeat", None, None, "TokenMalformed"),
        (None, None, "/auth/user_token", None, None, "ok"),
        ("openim_callbacks", None, "/callback/callbackUserOnlineCommand", "alice", 1, "ok"),
    ]
    targets = [row["target"] for row in rows(app)]
    assert targets[3] == "/v3.4/auth/user_token?x=1"
    assert targets[5] == "/rongcloud//user/info.xml"
    assert [row["code"] for row in rows(app)][:6] == [0, 1001, 0, 0, 200, 1004]
    assert [row["status"] for row in rows(app)][5:8] == [401, 404, 404]


def test_requests_that_are_none_of_a_dialect_are_not_recorded(app: Flask) -> None:
    client = app.test_client()
    for path in ("/healthz", "/readyz", "/metrics", "/_rollcall/status", "/_rollcall/nothing"):
        assert "Rollcall-Request" not in client.get(path).headers
    assert journal(app) == {"requests": [], "last": 0}


def test_a_request_is_shown_whole(app: Flask) -> None:
    body = '{"secret": "openIM123", "userID": "unknown 用"}'
    given = {"data": body.encode(), "json": None, "headers": {**HEADERS, "X-Empty": ""}}
    admin_token(app, **given, content_type="application/json")
    shown = journal(app, "/1")
    assert shown.pop("ms") >= 0
    answer = (
        '{"errCode":1001,"errMsg":"ArgsError","errDlt":"userID is error., userID=unknown 用, '
        'adminUserID=[imAdmin]"}'
    )
    headers = shown["answer"].pop("headers")
    assert {"name": "Content-Type", "value": "application/json"} in headers
    assert shown == {
        **ROW,
        "userID": "unknown 用",
        "outcome": "ArgumentInvalid",
        "code": 1001,
        "request": {
            "headers": [
                {"name": "User-Agent", "value": shown["request"]["headers"][0]["value"]},
                {"name": "Host", "value": "localhost"},
                {"name": "Content-Type", "value": "application/json"},
                {"name": "Content-Length", "value": str(len(body.encode()))},
                {"name": "operationID", "value": "op-1"},
                {"name": "X-Empty", "value": ""},
            ],
            "body": body,
            "isCut": False,
        },
        "answer": {"body": answer, "isCut": False},
        "recognisedAs": {
            "dialect": "openim_v3",
            "because": "no other protocol has this path",
            "generation": "3.8",
            "generationBecause": "only 3.8 has this call",
        },
        "why": shown["why"],
        "curl": shown["curl"],
    }
    assert_problem(
        send(app, f"{REQUESTS}/2"), "request-not-found", 404, "the journal has no request 2 (any more)"
    )


@pytest.mark.parametrize(
    ("path", "given", "expected"),
    [
        ("/v2/auth/user_token", {}, ("openim_v2", "the base path /v2", None, None)),
        (
            "/auth/user_token",
            {"json": {"platformID": 1}, "headers": HEADERS},
            (
                "openim_v3",
                "the body has fields that only this protocol's call takes",
                "3.8",
                "nothing in the request decides, and 3.8 is the default",
            ),
        ),
        (
            "/auth/user_token",
            {"json": {"operationID": "1"}},
            (
                "openim_v2",
                "the operationID is where this protocol has it: v2 in the body, v3 in the header",
                None,
                None,
            ),
        ),
        (
            "/auth/parse_token",
            {"json": {"token": "x"}},
            (
                "openim_v3",
                "the token is in the body, and none in the header",
                "3.8",
                "nothing in the request decides, and 3.8 is the default",
            ),
        ),
        (
            "/auth/user_token",
            {},
            ("openim_v2", "nothing in the request decides; ROLLCALL_OPENIM_DEFAULT does", None, None),
        ),
        ("/v3.4/auth/user_token", {}, ("openim_v3", "the base path /v3.4", "3.4", "the base path says so")),
        ("/nothing.json", {}, ("rongcloud", "the path ends as those of this protocol do", None, None)),
        ("/nothing", {}, (None, None, None, None)),
    ],
)
def test_it_says_why_a_request_is_of_its_dialect_and_generation(
    app: Flask, path: str, given: dict[str, Any], expected: tuple[str | None, ...]
) -> None:
    app.test_client().post(path, **given)
    names = ("dialect", "because", "generation", "generationBecause")
    recognised = journal(app, "/1")["recognisedAs"]
    assert tuple(recognised[name] for name in names) == expected


def test_rows_are_filtered(app: Flask) -> None:
    call(app, "PUT", "/alice", {})
    admin_token(app)
    admin_token(app, json={**ADMIN, "userID": "alice"})
    token = admin_token(app).get_json()["data"]["token"]
    user_token = {"userID": "alice", "platformID": 5}
    for path in ("/auth/get_user_token", "/v3.8/auth/get_user_token"):
        app.test_client().post(path, json=user_token, headers={**HEADERS, "token": token})
    app.test_client().post(
        "/user/account_check", json={"checkUserIDs": ["bob", "alice"]}, headers={**HEADERS, "token": token}
    )
    signed(app, "/user/info.json", "wrong", userId="alice")

    def numbers(query: str) -> list[int]:
        count = send(app, f"{REQUESTS}/count{query}").get_json()
        found = [row["number"] for row in rows(app, query)]
        assert count == {"count": len(found)}
        return found

    assert numbers("") == [1, 2, 3, 4, 5, 6, 7]
    assert numbers("?userID=alice") == [2, 4, 5, 6, 7]
    assert numbers("?userID=bob") == [6]
    assert numbers("?path=/auth/get_user_token&userID=alice") == [4, 5]
    assert numbers("?path=/auth/*") == [1, 2, 3, 4, 5]
    assert numbers("?path=*token") == [1, 2, 3, 4, 5]
    assert numbers("?path=/auth/[a-z]*") == []
    assert numbers("?dialect=rongcloud") == [7]
    assert numbers("?outcome=ArgumentInvalid") == [2]
    assert numbers("?outcome=ok&after=3") == [4, 5, 6]
    assert numbers("?status=401") == [7]
    assert [row["number"] for row in rows(app, "?limit=2")] == [6, 7]
    assert [row["number"] for row in rows(app, "?limit=2&after=0")] == [1, 2]
    assert [row["number"] for row in rows(app, "?limit=2&after=2")] == [3, 4]
    assert send(app, REQUESTS, "DELETE").get_json() == {}
    assert journal(app) == {"requests": [], "last": 7}
    admin_token(app)
    assert journal(app)["last"] == 8
    assert send(app, "/_rollcall/status").get_json()["requests"] == {"first": 8, "last": 8}
    send(app, "/_rollcall/reset", "POST")
    assert journal(app) == {"requests": [], "last": 0}
    assert admin_token(app).headers["Rollcall-Request"] == "1"


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("?limit=0", "limit has to be from 1 to 1000"),
        ("?wait=31", "wait has to be from 0 to 30"),
        ("?wait=-1", "wait has to be a number"),
        ("?count=1001", "count has to be from 0 to 1000"),
        ("?after=x", "after has to be a whole number"),
        ("?user=x", "'user' is not a parameter of this call"),
        ("/count?limit=1", "'limit' is not a parameter of this call"),
    ],
)
def test_wrong_parameters_are_named(app: Flask, query: str, detail: str) -> None:
    assert_problem(send(app, REQUESTS + query), "request-invalid", 400, detail)


def test_a_call_waits_for_requests(app: Flask) -> None:
    admin_token(app)
    found: list[Any] = []
    waiting = threading.Thread(target=lambda: found.append(journal(app, "?wait=20&count=3&path=/auth/*")))
    waiting.start()
    app.test_client().post("/v3/nothing", headers=HEADERS)
    for _ in range(2):
        time.sleep(0.05)
        assert not found
        admin_token(app)
    waiting.join(20)
    assert [row["number"] for row in found[0]["requests"]] == [1, 3, 4]
    begun = time.monotonic()
    assert journal(app, "?wait=0.1&after=4") == {"requests": [], "last": 4}
    assert 0.1 <= time.monotonic() - begun < 10


def test_a_reset_ends_what_waits_and_does_not_wait_for_it(app: Flask) -> None:
    found: list[Any] = []
    waiting = threading.Thread(target=lambda: found.append(journal(app, "?wait=20")))
    waiting.start()
    time.sleep(0.1)
    begun = time.monotonic()
    send(app, "/_rollcall/reset", "POST")
    waiting.join(20)
    assert found == [{"requests": [], "last": 0}]
    assert time.monotonic() - begun < 10


def until_waiting(app: Flask, count: int) -> None:
    """Return when so many calls wait."""
    (kept,) = app.extensions["rollcall"].attached
    deadline = time.monotonic() + 20
    while kept._waiters < count and time.monotonic() < deadline:
        time.sleep(0.001)


def test_few_wait_at_a_time_and_none_after_the_stop(make_app: MakeApp) -> None:
    app = make_app(threads="512")
    services: Services = app.extensions["rollcall"]
    services.start()
    found: list[Any] = []
    waiting = [
        threading.Thread(target=lambda: found.append(journal(app, "?wait=20"))) for _ in range(MAX_WAITERS)
    ]
    for thread in waiting:
        thread.start()
    until_waiting(app, len(waiting))
    response = send(app, f"{REQUESTS}?wait=0.01")
    assert_problem(response, "unavailable", 503, "too many requests wait for others, try again later")
    services.stop()
    for thread in waiting:
        thread.join(20)
    assert found == [{"requests": [], "last": 0}] * MAX_WAITERS


def test_a_small_server_lets_fewer_wait(make_app: MakeApp) -> None:
    app = make_app(threads="8")
    waiting = [threading.Thread(target=lambda: journal(app, "?wait=20")) for _ in range(2)]
    for thread in waiting:
        thread.start()
    until_waiting(app, len(waiting))
    response = send(app, f"{REQUESTS}?wait=0.01")
    assert_problem(response, "unavailable", 503, "too many requests wait at a time, try again later")
    app.extensions["rollcall"].stop()
    for thread in waiting:
        thread.join(20)


def test_the_oldest_are_dropped_by_count_and_by_bytes(make_app: MakeApp) -> None:
    app = make_app(journal_requests="3", journal_mib="1")
    for _ in range(5):
        admin_token(app)
    assert [row["number"] for row in rows(app)] == [3, 4, 5]
    app.extensions["rollcall"].stop()
    big = make_app(journal_mib="1")
    for _ in range(40):
        admin_token(big, json={**ADMIN, "x": "x" * 50_000})
    found = [row["number"] for row in rows(big)]
    assert found == list(range(41 - len(found), 41))
    assert 10 < len(found) < 21


def test_a_long_body_is_cut_and_has_no_command(app: Flask) -> None:
    admin_token(app, json={**ADMIN, "x": "x" * 70_000})
    shown = journal(app, "/1")
    assert shown["request"]["isCut"] is True
    assert len(shown["request"]["body"]) == 64 * 1024
    assert shown["curl"] is None
    assert shown["userID"] is None
    assert shown["answer"]["isCut"] is False


def test_a_compressed_answer_is_shown_decompressed(app: Flask) -> None:
    admin_token(app, headers={**HEADERS, "Accept-Encoding": "gzip"})
    shown = journal(app, "/1")
    assert shown["code"] == 0
    assert shown["answer"]["body"].startswith('{"errCode":0,')
    assert {"name": "Content-Encoding", "value": "gzip"} in shown["answer"]["headers"]


@pytest.mark.parametrize(
    "body",
    [
        b"'; touch /tmp/x; echo '",
        b'$(id) `id` \\ " ! %s %d',
        b"@/etc/passwd",
        b"-n\n",
        b"\x00\x01\xff\xfe\r\n\t%",
        "用户 \u3000\u2028 é".encode(),
        b"a=b&c=d",
        b'{"a": "\\u0000"}',
        b"\\101\\n",
        b" ",
    ],
)
def test_the_curl_command_sends_the_same_body_again(app: Flask, tmp_path: Any, body: bytes) -> None:
    app.test_client().post("/v3/no'thing?a=[1]", data=body, headers={**HEADERS, "X-It": "it's $HOME"})
    line = journal(app, "/1")["curl"]
    # Instead of curl, a script that writes its arguments and its standard input down.
    script = tmp_path / "curl"
    script.write_text(
        '#!/bin/sh\nfor each; do printf "%s\\n" "$each"; done > args\n'
        'case "$*" in *--data-binary*) cat > body;; *) printf "%s" "$last" > body;; esac\n'
    )
    script.chmod(0o755)
    subprocess.run(["sh", "-c", line], cwd=tmp_path, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=True)
    arguments = (tmp_path / "args").read_bytes()
    if b"\n--data-raw\n" in arguments:
        sent = arguments.partition(b"\n--data-raw\n")[2].removesuffix(b"\n")
    else:
        sent = (tmp_path / "body").read_bytes()
        assert arguments.endswith(b"\n--data-binary\n@-\n")
    assert sent == body
    assert b"\nhttp://localhost/v3/no'thing?a=[1]\n" in arguments
    assert b"\nX-It: it's $HOME\n" in arguments
    assert b"\nContent-Type:\n" in arguments


@pytest.mark.parametrize(
    ("method", "body", "beginning"),
    [
        ("GET", b"", "curl -sS --globoff --path-as-is http://localhost/nothing"),
        ("POST", b"", "curl -sS --globoff --path-as-is -X POST http://localhost/nothing"),
        ("POST", b"x", "curl -sS --globoff --path-as-is http://localhost/nothing"),
        ("PUT", b"x", "curl -sS --globoff --path-as-is -X PUT http://localhost/nothing"),
        ("HEAD", b"", "curl -sS --globoff --path-as-is --head http://localhost/nothing"),
    ],
)
def test_the_curl_command_has_the_method(app: Flask, method: str, body: bytes, beginning: str) -> None:
    app.test_client().open("/nothing", method=method, data=body, headers={"X-Empty": ""})
    line = journal(app, "/1")["curl"]
    assert line.startswith(beginning + " ")
    assert " -H 'X-Empty;'" in line


def test_credentials_are_hidden_with_secrets_of_ones_own(make_app: MakeApp) -> None:
    own = "0123456789abcdef-of-my-own"
    app = make_app(**OWN, bench="1", control_key=KEY, callback_key="callback-key-0123456789")
    asked = {"headers": {"Authorization": f"Bearer {KEY}"}}
    answer = admin_token(app, json={**ADMIN, "secret": own}).get_json()
    token = answer["data"]["token"]
    client = app.test_client()
    headers = {**HEADERS, "token": token, "Authorization": "Bearer x", "App-Key": "my-app-key"}
    client.post("/auth/parse_token", json={"token": token}, headers=headers)
    client.post("/auth/get_admin_token", data=f'{{"secret": "wrong, {own}', headers=HEADERS)
    nonce = {"App-Key": "my-app-key", "Nonce": "1", "Timestamp": "2"}
    nonce["Signature"] = signature_of("0123456789abcdef-of-mine", "1", "2")
    form = {"userId": "alice", "name": "A", "portraitUri": "http://a.example/"}
    issued = client.post("/user/getToken.json", data=form, headers=nonce).get_json()["token"]
    client.post("/user/getToken.xml", data={**form, "userId": "bob"}, headers=nonce)
    client.post("/presence/heartbeat", json={}, headers={"token": issued})
    remote = {"REMOTE_ADDR": "2001:db8::2"}
    client.post("/callback/callback-key-0123456789", json={"userID": "alice"}, environ_overrides=remote)
    text = str([journal(app, f"/{number}", **asked) for number in range(1, 8)]) + str(journal(app, **asked))
    for hidden in (own, token, issued, nonce["Signature"], "my-app-key", "callback-key", "Bearer x", "mine"):
        assert hidden not in text
    assert "wrong, " not in text
    assert text.count("***") > 8
    digests = [part[:8] for part in text.split("sha256:")[1:]]
    assert len(digests) >= 6
    assert "'userID': 'alice'" in text


def test_there_is_no_journal_without_the_bench(make_app: MakeApp) -> None:
    detail = "there is a journal with ROLLCALL_BENCH=1, or a number in ROLLCALL_JOURNAL_REQUESTS"
    off = make_app(bench="0")
    assert "Rollcall-Request" not in admin_token(off).headers
    for path, method in ((REQUESTS, "GET"), (f"{REQUESTS}/1", "GET"), (REQUESTS, "DELETE")):
        assert_problem(send(off, path, method), "journal-off", 404, detail)
    off.extensions["rollcall"].stop()
    zero = make_app(journal_requests="0")
    assert_problem(send(zero, REQUESTS), "journal-off", 404, detail)
    zero.extensions["rollcall"].stop()
    on = make_app(bench="0", journal_requests="5")
    assert admin_token(on).headers["Rollcall-Request"] == "1"
    assert len(rows(on)) == 1


def test_it_goes_by_the_servers_clock(app: Flask, clock: FakeClock) -> None:
    clock.advance(3600)
    admin_token(app)
    assert rows(app)[0]["at"] == "2023-11-14T23:13:20.250Z"


HIDDEN = "hidden-value"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJVc2VySUQiOiJhIn0.hidden-value"


@pytest.mark.parametrize(
    "given",
    [
        {"json": {"x": 's3cr/et+own!Key"ü-hidden-value'}},
        {"data": '{"\\u0073ecret":"\\u0068idden-value"}'},
        {"json": {"data": '{"secret":"hidden-value"}'}},
        {"data": '{"secret":["hidden-value","hidden-value"]}'},
        {"data": "{'secret':'hidden-value'}"},
        {"data": "secret: hidden-value"},
        {"data": '{"secret":"a\\"hidden-value","b":1}'},
        {"data": '{"secret":"hidden-value'},
        {"data": JWT.replace(".", "%2e")},
        {"data": f'"{JWT}"'.replace(".", "\\u002e")},
        {"headers": {"X-Auth-Token": HIDDEN, "X-Api-Key": HIDDEN, "Secret": HIDDEN, "RC-Token": HIDDEN}},
        {"headers": {"Proxy-Authorization": HIDDEN, "Cookie": HIDDEN, "X-Signature": HIDDEN}},
        {"query_string": "App-Key=hidden-value&x-secret=hidden-value&access_token=hidden-value"},
        {"path": "/callbackExample/callback-key-hidden-value"},
    ],
)
def test_no_spelling_of_a_credential_is_shown(make_app: MakeApp, given: dict[str, Any]) -> None:
    own = {**OWN, "openim_secret": ['s3cr/et+own!Key"ü-hidden-value']}
    app = make_app(**own, bench="1", control_key=KEY, callback_key="callback-key-hidden-value")
    app.test_client().post(given.pop("path", "/auth/get_admin_token"), **given)
    asked = {"headers": {"Authorization": f"Bearer {KEY}"}}
    shown = [journal(app, "/1", **asked), journal(app, **asked)]
    assert "hidden" not in json.dumps(shown, ensure_ascii=False)


class Socket:
    """Stands for the server's socket, which knows the head as it was sent."""

    def __init__(self, head: bytes) -> None:
        self.head = head


@pytest.mark.parametrize(
    ("head", "target"),
    [
        (b"POST /v3/x?y=1 HTTP/1.1\r\nhOsT: h:1\r\nX-A:  b \r\n\r\n", "/v3/x?y=1"),
        (b"\r\n", "/x"),
        (b"POST", "/x"),
        (b"\xff \xff\r\n:\r\nno colon", "\ufffd"),
    ],
)
def test_any_head_can_be_shown(app: Flask, head: bytes, target: str) -> None:
    app.test_client().post("/x", environ_overrides={"gunicorn.socket": Socket(head)})
    assert rows(app)[0]["target"] == target
    shown = journal(app, "/1")
    assert (shown["method"], shown["path"]) == ("POST", "/x")
    if target == "/v3/x?y=1":
        headers = [{"name": "hOsT", "value": "h:1"}, {"name": "X-A", "value": "b"}]
        assert shown["request"]["headers"] == headers
        assert shown["curl"].startswith("curl -sS --globoff --path-as-is -X POST 'http://h:1/v3/x?y=1' ")


@pytest.mark.parametrize(
    ("head", "url"),
    [
        (b"GET http://h/a/b#c HTTP/1.1\r\nHost: h\r\n", "http://h/a/b%23c"),
        (b"OPTIONS * HTTP/1.1\r\nHost: h\r\n", "http://h/"),
        (b"GET /a HTTP/1.1\r\nHost: u@evil.example/$(id)\r\n", "http://127.0.0.1/a"),
    ],
)
def test_the_curl_command_has_a_url_of_the_server(app: Flask, head: bytes, url: str) -> None:
    app.test_client().get("/a", environ_overrides={"gunicorn.socket": Socket(head)})
    assert f" {url}" in journal(app, "/1")["curl"]


def test_a_filter_with_many_stars_is_quick(app: Flask) -> None:
    app.test_client().get("/" + "a" * 4000)
    assert rows(app, "?path=" + "*a" * 500 + "*b") == []
    assert [row["number"] for row in rows(app, "?path=/*a*a*")] == [1]
    assert rows(app, "?path=/a*" + "a" * 4000) == []


def test_the_reasons_of_a_refusal_are_bounded(app: Flask) -> None:
    token = admin_token(app).get_json()["data"]["token"]
    body = {"users": [{"userID": "a-" * 100_000, "nickname": "n"}], "userInfo": {"userID": "b" * 900_000}}
    for path in ("/user/user_register", "/user/update_user_info"):
        app.test_client().post(path, json=body, headers={**HEADERS, "token": token})
        shown = journal(app, f"/{journal(app)['last']}")
        assert shown["outcome"] != "ok"
        assert len(str(shown["why"])) < 5000


def test_a_call_that_waits_is_not_sent_away(make_app: MakeApp) -> None:
    app = make_app(threads="8")
    statuses: list[int] = []

    def wait() -> None:
        statuses.append(send(app, f"{REQUESTS}?wait=1&path=/never").status_code)

    waiting = [threading.Thread(target=wait) for _ in range(2)]
    for thread in waiting:
        thread.start()
    until_waiting(app, len(waiting))
    for _ in range(50):
        admin_token(app)
        send(app, f"{REQUESTS}?wait=0.01&path=/never")
    for thread in waiting:
        thread.join(20)
    assert statuses == [200, 200]
