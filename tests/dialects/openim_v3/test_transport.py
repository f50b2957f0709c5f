"""OpenIM v3: headers, tokens, bodies, routes and compression, in both generations."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.dialects.conftest import NOW
from tests.dialects.openim_v3.expected import (
    ADMIN,
    AS_ADMIN,
    AS_LEGACY_ADMIN,
    CHECK,
    FIELD,
    JSON,
    LEGACY_UNKNOWN,
    OP,
    QUERY,
    REGISTER,
    SECRET,
    TEXT,
    TOKEN,
    USER_TOKEN,
    args,
    current,
    legacy,
    legacy_args,
)
from tests.support import tokens
from tests.support.scenario import CORS, Scenario, play, scenarios

TRANSPORT = [
    Scenario("no operationID", "/v3.8" + CHECK, b"", args("header must have operationID")),
    Scenario("no operationID, legacy", "/v3.4" + CHECK, b"", legacy_args("header must have operationID")),
    Scenario(
        "an empty operationID",
        "/v3.8" + CHECK,
        b"",
        args("header must have operationID"),
        headers={"operationID": "", "token": ADMIN},
    ),
    Scenario("operationID in the body only", "/v3" + CHECK, OP, args("header must have operationID")),
    Scenario("no token", "/v3.8" + CHECK, b"", args("header must have token"), headers=OP),
    Scenario("no token, legacy", "/v3.4" + CHECK, b"", legacy_args("header must have token"), headers=OP),
    Scenario("an empty token", CHECK, b"", args("header must have token"), headers={**OP, "token": ""}),
    Scenario(
        "no token is reported before a bad body", REGISTER, b"{", args("header must have token"), headers=OP
    ),
    Scenario(
        "unknown path: operationID is required first",
        "/v3.8/user/nothing",
        b"",
        args("header must have operationID"),
    ),
    Scenario(
        "unknown path: then the token", "/v3/user/nothing", b"", args("header must have token"), headers=OP
    ),
    Scenario(
        "unknown path: the token is checked",
        "/v3/user/nothing",
        b"",
        current(1503, "TokenMalformedError", "TokenMalformedError"),
        headers={**OP, "token": tokens.jwt({"UserID": "u", "exp": 10**400}, "anybody")},
    ),
    Scenario(
        "unknown path, legacy: operationID is required first",
        "/v3.4/user/nothing",
        b"",
        legacy_args("header must have operationID"),
    ),
]


def bad_token(name: str, token: str, answer: dict[str, object], old: dict[str, object]) -> list[Scenario]:
    headers = {**OP, "token": token}
    return [
        Scenario(name, "/v3.8" + CHECK, b"", answer, headers=headers),
        Scenario(f"{name}, legacy", "/v3.4" + CHECK, b"", old, headers=headers),
    ]


BAD_TOKENS = [
    row
    for rows in (
        bad_token(
            "no JWT", "garbage", current(1503, "TokenMalformedError", "TokenMalformedError"), LEGACY_UNKNOWN
        ),
        bad_token(
            "an oversized number",
            tokens.jwt({"UserID": "imAdmin", "PlatformID": 10, "exp": 10**400, "iat": 1}, "anybody"),
            current(1503, "TokenMalformedError", "TokenMalformedError"),
            LEGACY_UNKNOWN,
        ),
        bad_token(
            "a lone surrogate",
            tokens.jwt('{"UserID":"\\ud800","PlatformID":1,"exp":9999999999,"iat":1}', tokens.V3_KEY),
            current(1507, "TokenNotExistError", "TokenNotExistError"),
            legacy(1507, "TokenNotExistError", ""),
        ),
        bad_token(
            "Bearer prefix",
            "Bearer " + ADMIN,
            current(1503, "TokenMalformedError", "TokenMalformedError"),
            LEGACY_UNKNOWN,
        ),
        bad_token(
            "expired",
            tokens.v3_8("imAdmin", 10, NOW - 90 * 86400),
            current(1501, "TokenExpiredError", "TokenExpiredError"),
            LEGACY_UNKNOWN,
        ),
        bad_token(
            "forged is reported before expired",
            tokens.v3_8("imAdmin", 10, 5, key="forged"),
            current(1505, "signature is invalid", "TokenUnknownError"),
            LEGACY_UNKNOWN,
        ),
        bad_token(
            "not valid yet",
            tokens.v3_4("openIMAdmin", 1, NOW + 400),
            current(1504, "TokenNotValidYetError", "TokenNotValidYetError"),
            LEGACY_UNKNOWN,
        ),
        bad_token(
            "forged",
            tokens.v3_8("imAdmin", 10, NOW, key="forged"),
            current(1505, "signature is invalid", "TokenUnknownError"),
            LEGACY_UNKNOWN,
        ),
        bad_token(
            "issued in the future",
            tokens.v3_8("imAdmin", 10, NOW + 60),
            current(1505, "token used before issued", "TokenUnknownError"),
            LEGACY_UNKNOWN,
        ),
        bad_token(
            "an unknown algorithm",
            tokens.jwt({"UserID": "imAdmin", "exp": 5}, tokens.V3_KEY, {"alg": "XX"}),
            current(1505, "signing method (alg) is unavailable.", "TokenUnknownError"),
            LEGACY_UNKNOWN,
        ),
        bad_token(
            "not issued by this server",
            tokens.v3_8("imAdmin", 9, NOW),
            current(1507, "TokenNotExistError", "TokenNotExistError"),
            legacy(1507, "TokenNotExistError", ""),
        ),
        bad_token(
            "kicked",
            tokens.v3_8("bob", 1, NOW),
            current(1506, "TokenKickedError", "TokenKickedError"),
            legacy(1506, "TokenKickedError", ""),
        ),
        bad_token(
            "RongCloud token",
            "WyJsaXZlIl0@x",
            current(1503, "TokenMalformedError", "TokenMalformedError"),
            LEGACY_UNKNOWN,
        ),
    )
    for row in rows
]


def bad_body(name: str, path: str, body: Any, text: str, headers: dict[str, str]) -> Scenario:
    return Scenario(name, path, body, args(text), headers=headers)


BAD_BODIES = [
    bad_body("empty body", REGISTER, b"", "unexpected end of JSON input", AS_ADMIN),
    bad_body("truncated", REGISTER, b'{"users":[', "unexpected end of JSON input", AS_ADMIN),
    bad_body(
        "syntax error",
        REGISTER,
        b"{b}",
        "invalid character 'b' looking for beginning of object key string",
        AS_ADMIN,
    ),
    bad_body(
        "text after the body", REGISTER, b"{} x", "invalid character 'x' after top-level value", AS_ADMIN
    ),
    bad_body(
        "array",
        REGISTER,
        b"[]",
        "json: cannot unmarshal array into Go value of type user.UserRegisterReq",
        AS_ADMIN,
    ),
    bad_body(
        "users as an object",
        REGISTER,
        {"users": {}},
        FIELD.format("object", "UserRegisterReq.users", "[]*sdkws.UserInfo"),
        AS_ADMIN,
    ),
    bad_body(
        "a nickname as a number",
        REGISTER,
        {"users": [{"nickname": 1}]},
        FIELD.format("number", "UserInfo.users.nickname", "string"),
        AS_ADMIN,
    ),
    bad_body(
        "a level beyond int32",
        REGISTER,
        {"users": [{"appMangerLevel": 2147483648}]},
        FIELD.format("number 2147483648", "UserInfo.users.appMangerLevel", "int32"),
        AS_ADMIN,
    ),
    bad_body(
        "platformID as a string",
        "/v3.8" + TOKEN,
        {"platformID": "1"},
        FIELD.format("string", "UserTokenReq.platformID", "int32"),
        OP,
    ),
    bad_body(
        "platformID as a string, get_user_token",
        USER_TOKEN,
        {"platformID": "1"},
        FIELD.format("string", "GetUserTokenReq.platformID", "int32"),
        AS_ADMIN,
    ),
    Scenario(
        "legacy: empty body",
        "/v3.4" + TOKEN,
        b"",
        current(1001, "ArgsError", "EOF"),
        400,
        OP,
    ),
    Scenario(
        "legacy: syntax error",
        "/v3.4" + TOKEN,
        b"x",
        current(1001, "ArgsError", "invalid character 'x' looking for beginning of value"),
        400,
        OP,
    ),
    Scenario(
        "legacy: wrong type",
        TOKEN,
        {**SECRET, "platformID": "1", "userID": "alice"},
        current(1001, "ArgsError", FIELD.format("string", "UserTokenReq.platformID", "int32")),
        400,
        OP,
    ),
]


@scenarios([*TRANSPORT, *BAD_TOKENS, *BAD_BODIES])
def test_answers_match_v3_byte_for_byte(client: FlaskClient, scenario: Scenario) -> None:
    play(client, scenario, JSON, CORS)


@scenarios(
    [
        Scenario("GET", CHECK, b"", "404 page not found", 404, method="GET"),
        Scenario("GET under a prefix", "/v3.8" + CHECK, b"", "404 page not found", 404, method="GET"),
        Scenario("unknown bare path", "/user/nothing", b"", "404 page not found", 404),
        Scenario("legacy: unknown path", "/v3.4/user/nothing", b"", "404 page not found", 404, OP),
        Scenario("unknown path", "/v3.8/user/nothing", b"", "404 page not found", 404, AS_ADMIN),
        Scenario("unknown path, GET", "/v3.8/user/nothing", b"", "404 page not found", 404, method="GET"),
        Scenario(
            "another dialect's path", "/v3/auth/user_register", b"{}", "404 page not found", 404, AS_ADMIN
        ),
        Scenario("an unknown generation", "/v3.9" + CHECK, b"{}", "404 page not found", 404, AS_ADMIN),
    ]
)
def test_an_unknown_path_or_method_gets_gins_404(client: FlaskClient, scenario: Scenario) -> None:
    play(client, scenario, TEXT, CORS)


@pytest.mark.parametrize("path", [CHECK, "/v3.8" + CHECK, "/v3.4/nothing"])
def test_options_is_answered_on_every_path_without_headers(client: FlaskClient, path: str) -> None:
    play(client, Scenario("", path, b"", '"Options Request!"', method="OPTIONS"), JSON, CORS)


@scenarios(
    [
        Scenario("parse_token", "/v3.8/auth/parse_token_and_more", b"", "404 page not found", 404, OP),
        Scenario("get_admin_token", "/v3/auth/get_admin_token/x", b"", "404 page not found", 404, OP),
    ]
)
def test_a_path_that_begins_like_a_public_one_needs_no_token(client: FlaskClient, scenario: Scenario) -> None:
    play(client, scenario, TEXT, CORS)


@pytest.mark.parametrize(
    ("path", "headers", "accepted", "encoding"),
    [
        (CHECK, AS_ADMIN, "gzip", "gzip"),
        (CHECK, AS_ADMIN, "deflate, gzip;q=0.5", "gzip"),
        (CHECK, AS_ADMIN, "*", "gzip"),
        (CHECK, AS_ADMIN, "gzip;q=0", None),
        (CHECK, AS_ADMIN, "identity", None),
        (CHECK, AS_ADMIN, "", None),
        (CHECK, AS_LEGACY_ADMIN, "gzip", None),
        ("/v3.8" + CHECK, OP, "gzip", "gzip"),
        ("/v3.4" + CHECK, OP, "gzip", None),
    ],
)
def test_only_current_clients_that_accept_gzip_get_compressed_answers(
    client: FlaskClient, path: str, headers: dict[str, str], accepted: str, encoding: str | None
) -> None:
    plain = client.post(path, json=QUERY, headers=headers)
    response = client.post(path, json=QUERY, headers={**headers, "Accept-Encoding": accepted})
    body = gzip.decompress(response.data) if encoding else response.data
    assert body == plain.data
    assert response.headers.get("Content-Encoding") == encoding
    assert response.headers.get("Vary") == ("Accept-Encoding" if encoding else None)
    assert response.headers["Content-Length"] == str(len(response.data))
    assert {name: response.headers.get(name) for name in CORS} == CORS
    assert plain.headers.get("Content-Encoding") is None
