"""Hostile input to every call of every dialect: never a 5xx, never HTML, never a traceback."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rollcall_server import create_app
from rollcall_server.dialects import BUILT_IN, VENDORS
from rollcall_server.http.dialect import Endpoint
from rollcall_server.http.request import Request
from rollcall_server.models import User

from tests.dialects.conftest import NOW
from tests.support import tokens
from tests.support.clock import FakeClock
from tests.support.tokens import signature_of

DEEP = 10_000
LONG = "9" * 5000
#: Whole bodies.
BODIES: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \r\n\t",
    "null": b"null",
    "a list": b"[]",
    "a number": b"1",
    "a string": b'"x"',
    "truncated": b'{"userID":',
    "lists in lists": b"[" * DEEP + b"]" * DEEP,
    "unclosed lists": b"[" * DEEP,
    "objects in objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "UTF-16": '{"userID":"u"}'.encode("utf-16"),
    "UTF-32": '{"userID":"u"}'.encode("utf-32-le"),
    "a BOM": b'\xef\xbb\xbf{"userID":"u"}',
    "invalid UTF-8": b'{"userID":"\xff\xfe\xc0\x80"}',
    "raw surrogates": b'{"userID":"\xed\xa0\x80"}',
    "NULs": b"\0" * 100,
    "control characters": bytes(range(32)),
    "two values": b"{}{}",
    "a comment": b"/* x */ {}",
    "NaN": b'{"userID":NaN}',
    "Infinity": b"-Infinity",
    "form": b"userId=u&name=n&=&&==&%ff=%ff&%u0041=%zz&a;b=c;d",
    "form with bad bytes": b"userId=\xff\xfe&name=%ff%fe%00&\x00=\x00",
    "form with JSON": b"userId={}&name=[]",
    "ten megabytes of text": b'{"userID":"' + b"x" * 10_000_000 + b'"}',
    "many fields": b"&".join(b"a%d=%d" % (n, n) for n in range(200_000)),
    "many keys": b"{" + b",".join(b'"k%d":%d' % (n, n) for n in range(50_000)) + b"}",
}
_SLOW = {"ten megabytes of text", "many fields", "many keys"}
#: JSON values for every key of every call.
VALUES: dict[str, str] = {
    "null": "null",
    "true": "true",
    "a number": "1",
    "a negative": "-1",
    "minus zero": "-0",
    "a fraction": "1.5",
    "an exponent": "1e2",
    "beyond floats": "1e400",
    "beyond 32 bits": "2147483648",
    "beyond 64 bits": "9223372036854775808",
    "the minimum of 64 bits": "-9223372036854775808",
    "five thousand digits": LONG,
    "a string": '"x"',
    "empty": '""',
    "digits": '"1"',
    "five thousand digits as a string": f'"{LONG}"',
    "a NUL": r'"a\u0000b"',
    "half a surrogate": r'"\ud800"',
    "surrogates in the wrong order": r'"\udc00\ud800"',
    "invisible characters": r'"a\u200b\u2060\ufeff"',
    "right to left": r'"\u202ea"',
    "a line break": r'"a\r\nb: c"',
    "terminal colours": r'"\u001b[31m"',
    "other line breaks": r'"\u0085\u2028"',
    "SQL": '"\' OR 1=1; DROP TABLE users; --"',
    "wildcards": '"%_*?[a-z](((((("',
    "a slow regular expression": '"(a+)+$"',
    "HTML": '"<script>alert(1)</script>"',
    "a path": '"../../etc/passwd"',
    "a list": "[]",
    "a list of nulls": "[null,null]",
    "a list of strings": '["a","a",""]',
    "a list of lists": "[[]]",
    "an object": "{}",
    "nested lists": "[" * 200 + "]" * 200,
    "nested objects": '{"userID":{"userID":{"userID":"x"}}}',
    "a page": '{"pageNumber":-1,"showNumber":99999999}',
}
DIALECTS = (*VENDORS, *BUILT_IN)
ENDPOINTS: list[Endpoint] = [endpoint for dialect in DIALECTS for endpoint in dialect.endpoints]
ADMIN = tokens.v3_8("imAdmin", 10, NOW)


@pytest.fixture(scope="module", name="app")
def _app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder: Path = tmp_path_factory.mktemp("hostile")
    app = create_app({"instance": folder, "openim_default": "v3"}, FakeClock())
    services = app.extensions["rollcall"]
    services.start()
    services.users.register([User("alice")])
    services.tokens.issue(services.codecs["v3.8"].request("imAdmin", 10))
    yield app
    services.stop()


def headers() -> dict[str, str]:
    """Return headers that authorise an administrator in every dialect."""
    signature = signature_of("live-app-secret", "1", "2")
    signed = {"App-Key": "live-app-key", "Nonce": "1", "Timestamp": "2", "Signature": signature}
    return {"operationID": "1", "token": ADMIN, **signed}


def check(app: Flask, path: str, **given: Any) -> None:
    method = given.pop("method", "POST")
    response = app.test_client().open(path, method=method, **given)
    text = response.get_data(as_text=True)
    assert response.status_code < 500, (path, response.status_code, text[:300])
    assert "html" not in response.content_type
    assert "Traceback" not in text
    assert response.content_type.split(";")[0] in {"application/json", "application/xml", "text/plain"}
    if response.content_type.startswith("application/json") and method != "HEAD":
        json.loads(text)


PATHS = sorted({endpoint.path.replace("<path:rest>", "x") for endpoint in ENDPOINTS})
#: One path of each kind, for slow inputs.
FEW = [
    "/v2/auth/user_register",
    "/v3/user/user_register",
    "/user/getToken.json",
    "/presence/heartbeats",
    "/callback",
    "/callback/onlinestatus",
]


@pytest.mark.parametrize("name", BODIES)
def test_a_hostile_body_gets_a_regular_answer(app: Flask, name: str) -> None:
    for path in FEW if name in _SLOW else PATHS:
        for prefix in ("", "/v2", "/v3.4", "/v3.8"):
            check(app, prefix + path, data=BODIES[name], headers=headers())


def keys_of(endpoint: Endpoint) -> list[str]:
    fields = getattr(endpoint.schema, "__dataclass_fields__", {}).values()
    return [each.metadata.get("key") or each.metadata.get("name", "") for each in fields if each.metadata]


def bodies(endpoint: Endpoint) -> Iterator[bytes]:
    """Yield bodies with each value for one key at a time, and for all keys."""
    keys = [key for key in keys_of(endpoint) if key]
    for value in VALUES.values():
        for key in keys:
            others = [f'"{other}":"alice"' for other in ("operationID", *keys) if other != key]
            yield ("{" + ",".join([f'"{key}":{value}', *others]) + "}").encode()
        yield ("{" + ",".join(f'"{key}":{value}' for key in keys) + "}").encode()
        yield ("[{" + ",".join(f'"{key}":{value}' for key in keys) + "}]").encode()


@pytest.mark.parametrize("dialect", DIALECTS, ids=[dialect.name for dialect in DIALECTS])
def test_a_hostile_value_of_any_key_gets_a_regular_answer(app: Flask, dialect: Any) -> None:
    for endpoint in dialect.endpoints:
        if endpoint.path.endswith(".xml"):
            continue
        prefix = next(iter(dialect.base_paths), "")
        path = prefix + endpoint.path.replace("<path:rest>", "x")
        for body in bodies(endpoint):
            if endpoint.method == "GET":
                continue
            check(app, path, data=body, headers=headers())


QUERIES = [
    "a=1",
    "=",
    "&&&",
    "%ff=%ff",
    "%00",
    "userID=%ed%a0%80",
    "limit=1&limit=2",
    "since=" + LONG,
    ";" * 500,
]


@pytest.mark.parametrize("query", [*QUERIES, *(f"cursor={text}" for text in ("%00", "e30", "W10", LONG))])
def test_a_hostile_query_gets_a_regular_answer(app: Flask, query: str) -> None:
    for path in PATHS:
        for method in ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"):
            check(app, f"{path}?{query}", method=method, headers=headers())


HEADERS = [
    "",
    " ",
    "\t",
    "x" * 10_000,
    "a\x1b[31m",
    "\x85\xe9",
    "..",
    "..." * 99,
    "e30.e30.",
    "x@y",
    "a.b.c",
    "@",
    "{}",
]


@pytest.mark.parametrize("value", HEADERS)
def test_a_hostile_header_gets_a_regular_answer(app: Flask, value: str) -> None:
    own = "operationID token App-Key Nonce Timestamp Signature RC-App-Key X-Request-ID Content-Type Origin"
    names = f"{own} Host X-Forwarded-For Accept-Encoding Content-Encoding Authorization".split()
    for name in names:
        for path in (
            *FEW,
            "/user/account_check",
            "/user/block.xml",
            "/presence/counts",
            "/metrics",
            "/readyz",
        ):
            for method in ("GET", "POST"):
                check(app, path, data=b"{}", method=method, headers={**headers(), name: value})


def claims(**more: Any) -> dict[str, Any]:
    return {"UserID": "imAdmin", "PlatformID": 10, "exp": NOW + 99, "iat": NOW - 5, **more}


TOKENS: dict[str, str] = {
    "alg none": tokens.jwt(claims(), "openIM123", {"alg": "none", "typ": "JWT"}),
    "alg none, unsigned": tokens.jwt(claims(), "", {"alg": "none"}).rpartition(".")[0] + ".",
    "another HMAC": tokens.jwt(claims(), "openIM123", {"alg": "HS512", "typ": "JWT"}, "sha512"),
    "an RSA name": tokens.jwt(claims(), "openIM123", {"alg": "RS256", "typ": "JWT"}),
    "alg is a list": tokens.jwt(claims(), "openIM123", {"alg": ["HS256"]}),
    "kid": tokens.jwt(claims(), "openIM123", {"alg": "HS256", "kid": "../../dev/null"}),
    "jku": tokens.jwt(claims(), "openIM123", {"alg": "HS256", "jku": "http://127.0.0.1/"}),
    "crit": tokens.jwt(claims(), "openIM123", {"alg": "HS256", "crit": ["x"]}),
    "no exp": tokens.jwt({"UserID": "imAdmin", "PlatformID": 10, "iat": NOW - 5}, "openIM123"),
    "exp of 400 digits": tokens.jwt(
        '{"UserID":"imAdmin","PlatformID":10,"exp":' + "9" * 400 + ',"iat":1}', "openIM123"
    ),
    "exp of 5,000 digits": tokens.jwt('{"UserID":"imAdmin","exp":' + LONG + "}", "openIM123"),
    "exp beyond floats": tokens.jwt('{"UserID":"imAdmin","exp":1e999}', "openIM123"),
    "exp NaN": tokens.jwt('{"UserID":"imAdmin","exp":NaN}', "openIM123"),
    "exp as a string": tokens.jwt(claims(exp="9999999999"), "openIM123"),
    "deep": tokens.jwt('{"UserID":' + "[" * DEEP + "]" * DEEP + "}", "openIM123"),
    "v2's claims, v3's key": tokens.jwt(
        {"UID": "openIMAdmin", "Platform": "IOS", "exp": NOW + 9}, "openIM123"
    ),
    "both claims": tokens.jwt(claims(UID="openIMAdmin"), "openIM123"),
    "never issued": tokens.v3_8("openIMAdmin", 1, NOW),
    "a list": tokens.jwt([], "openIM123"),
    "a cookie": "session=eyJhIjoxfQ.aaaa.bbbb",
    "half a surrogate": tokens.jwt(
        '{"UserID":"\\ud800","PlatformID":1,"exp":9999999999,"iat":1}', "openIM123"
    ),
}


@pytest.mark.parametrize("name", TOKENS)
def test_a_token_that_was_never_issued_is_refused(app: Flask, name: str) -> None:
    given_headers = {**headers(), "token": TOKENS[name]}
    for path, body in (
        ("/v2/user/get_all_users_uid", {"operationID": "1"}),
        ("/v3.4/user/account_check", {"checkUserIDs": ["alice"]}),
        ("/v3.8/user/account_check", {"checkUserIDs": ["alice"]}),
        ("/presence/leave", {}),
    ):
        check(app, path, json=body, headers=given_headers)
        answer = app.test_client().post(path, json=body, headers=given_headers).get_json()
        assert answer["errCode"] != 0, (name, path)


_text = st.text(max_size=20) | st.sampled_from(["alice", "imAdmin", "", "%", "\0"])
_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def _call(draw: st.DrawFn) -> tuple[Endpoint, bytes]:
    endpoint = draw(st.sampled_from(ENDPOINTS))
    keys = [key for key in keys_of(endpoint) if key]
    known = st.dictionaries(st.sampled_from([*keys, "operationID", "secret"]), _value, max_size=8)
    return endpoint, draw(st.binary(max_size=60) | known.map(lambda value: json.dumps(value).encode()))


@settings(
    max_examples=1500,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(call=_call())
def test_random_bodies_get_a_regular_answer_from_every_call(app: Flask, call: tuple[Endpoint, bytes]) -> None:
    endpoint, body = call
    path = endpoint.path.replace("<path:rest>", "x")
    if endpoint.path == "/manager/delete_user":
        return  # would delete alice, whom other tests need
    check(app, path, data=body, headers=headers(), method=endpoint.method)


MANY_VALUES = b'{"a":[' + b"1," * 500_001 + b"1]}"


@pytest.mark.parametrize(
    ("path", "status", "answer"),
    [
        (
            "/v2/auth/user_token",
            400,
            {"errCode": 400, "errMsg": " BindJSON failed request body has over 125000 values"},
        ),
        (
            "/v3.4/auth/user_token",
            200,
            {
                "errCode": 1001,
                "errMsg": "ArgsError",
                "errDlt": "request body has over 125000 values: 1001 ArgsError",
            },
        ),
        (
            "/v3.8/auth/user_token",
            200,
            {"errCode": 1001, "errMsg": "ArgsError", "errDlt": "request body has over 125000 values"},
        ),
    ],
)
def test_a_body_with_too_many_values_is_refused(
    app: Flask, path: str, status: int, answer: dict[str, Any]
) -> None:
    response = app.test_client().post(path, data=MANY_VALUES, headers={"operationID": "1"})
    assert (response.status_code, response.get_json()) == (status, answer)


def test_large_bodies_do_not_block_later_ones(app: Flask) -> None:
    """Sends more of them, one after another, than Rollcall processes concurrently."""
    body = json.dumps({"secret": "wrong", "users": [{"userID": "x" * 2**20}]}).encode()
    for path in ("/v3.4/user/user_register", "/user/user_register"):
        for _ in range(6):
            answer = app.test_client().post(path, data=body, headers={"operationID": "1"}).get_json()
            assert answer["errCode"] == 1002
    assert gc.isenabled()


def live_requests() -> set[int]:
    return {id(each) for each in gc.get_objects() if isinstance(each, Request)}


def test_an_answered_request_is_freed_without_the_garbage_collector(app: Flask) -> None:
    client = app.test_client()
    login = {"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "1"}
    gc.collect()
    gc.disable()
    try:
        before = live_requests()
        for secret in ("tuoyun", "wrong"):
            for _ in range(5):
                client.post("/v2/auth/user_token", json={**login, "secret": secret})
        assert live_requests() <= before
    finally:
        gc.enable()
