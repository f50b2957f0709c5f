"""OpenIM v3: every answer of its calls, whole, in both generations."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import MakeApp
from tests.dialects.conftest import NOW
from tests.support import seeds, tokens
from tests.support.clock import FakeClock
from tests.support.scenario import CORS, Scenario, play, scenarios

JSON, TEXT = "application/json", "text/plain"
REGISTER, CHECK = "/user/user_register", "/user/account_check"
TOKEN, ADMIN_TOKEN, USER_TOKEN = "/auth/user_token", "/auth/get_admin_token", "/auth/get_user_token"

OP = {"operationID": "1"}
ALICE_LEGACY, ALICE = tokens.v3_4("alice", 1, NOW), tokens.v3_8("alice", 1, NOW)
ADMIN_LEGACY, ADMIN = tokens.v3_4("openIMAdmin", 1, NOW), tokens.v3_8("imAdmin", 10, NOW)
ALICE_V2 = tokens.v2("alice", "IOS", NOW)
AS_ADMIN, AS_LEGACY_ADMIN = {**OP, "token": ADMIN}, {**OP, "token": ADMIN_LEGACY}
DONE = {"errCode": 0, "errMsg": "", "errDlt": ""}
FIELD = "json: cannot unmarshal {} into Go struct field {} of type {}"


def current(code: int, name: str, detail: str) -> dict[str, object]:
    return {"errCode": code, "errMsg": name, "errDlt": detail}


def legacy(code: int, name: str, message: str) -> dict[str, object]:
    return {"errCode": code, "errMsg": name, "errDlt": f"{message}: {code} {name}"}


def args(message: str) -> dict[str, object]:
    return current(1001, "ArgsError", message)


def legacy_args(message: str) -> dict[str, object]:
    return legacy(1001, "ArgsError", message)


def users(*user_ids: str) -> dict[str, Any]:
    return {"users": [{"userID": user_id, "nickname": "N"} for user_id in user_ids]}


SECRET = {"secret": "openIM123"}

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
        "a bad body and no token: the token", REGISTER, b"{", args("header must have token"), headers=OP
    ),
    Scenario(
        "an unknown path: operationID first",
        "/v3.8/user/nothing",
        b"",
        args("header must have operationID"),
    ),
    Scenario(
        "an unknown path: then the token", "/v3/user/nothing", b"", args("header must have token"), headers=OP
    ),
    Scenario(
        "an unknown path: the token is looked at",
        "/v3/user/nothing",
        b"",
        current(1503, "TokenMalformedError", "TokenMalformedError"),
        headers={**OP, "token": tokens.jwt({"UserID": "u", "exp": 10**400}, "anybody")},
    ),
    Scenario(
        "an unknown path, legacy: operationID first",
        "/v3.4/user/nothing",
        b"",
        legacy_args("header must have operationID"),
    ),
]


def bad_token(name: str, token: str, now: dict[str, object], then: dict[str, object]) -> list[Scenario]:
    headers = {**OP, "token": token}
    return [
        Scenario(name, "/v3.8" + CHECK, b"", now, headers=headers),
        Scenario(f"{name}, legacy", "/v3.4" + CHECK, b"", then, headers=headers),
    ]


LEGACY_UNKNOWN = legacy(1505, "TokenUnknownError", "")
BAD_TOKENS = [
    row
    for rows in (
        bad_token(
            "garbage", "garbage", current(1503, "TokenMalformedError", "TokenMalformedError"), LEGACY_UNKNOWN
        ),
        bad_token(
            "a number without end",
            tokens.jwt({"UserID": "imAdmin", "PlatformID": 10, "exp": 10**400, "iat": 1}, "anybody"),
            current(1503, "TokenMalformedError", "TokenMalformedError"),
            LEGACY_UNKNOWN,
        ),
        bad_token(
            "half a surrogate",
            tokens.jwt('{"UserID":"\\ud800","PlatformID":1,"exp":9999999999,"iat":1}', tokens.V3_KEY),
            current(1507, "TokenNotExistError", "TokenNotExistError"),
            legacy(1507, "TokenNotExistError", ""),
        ),
        bad_token(
            "a Bearer",
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
            "expired and forged: expired",
            tokens.v3_8("imAdmin", 10, 5, key="forged"),
            current(1501, "TokenExpiredError", "TokenExpiredError"),
            LEGACY_UNKNOWN,
        ),
        bad_token(
            "not begun",
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
            "from the future",
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
            "never issued here",
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
            "RongCloud's",
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
        "more after the body", REGISTER, b"{} x", "invalid character 'x' after top-level value", AS_ADMIN
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
        "platformID as text",
        "/v3.8" + TOKEN,
        {"platformID": "1"},
        FIELD.format("string", "UserTokenReq.platformID", "int32"),
        OP,
    ),
    bad_body(
        "platformID as text, get_user_token",
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

CHECKED = [
    *(
        Scenario(name, REGISTER, body, args("users are empty"), headers=AS_ADMIN)
        for name, body in (
            ("no users", {}),
            ("null", b"null"),
            ("null users", {"users": None}),
            ("[]", {"users": []}),
        )
    ),
    Scenario("a null user", REGISTER, {"users": [None]}, args("user is empty"), headers=AS_ADMIN),
    *(
        Scenario(
            f"userID {user_id!r}", REGISTER, users("fine", user_id), args("userID is legal"), headers=AS_ADMIN
        )
        for user_id in ("a-b", "a.b", "a@b", "a:b", "a b", "a\0", "½", "🦜", "a\u0300")
    ),
    Scenario(
        "legality before nicknames",
        REGISTER,
        {"users": [{"userID": "fine"}, {"userID": "a-b"}]},
        args("userID is legal"),
        headers=AS_ADMIN,
    ),
    Scenario(
        "no nickname", REGISTER, {"users": [{"userID": "u2"}]}, args("user name is empty"), headers=AS_ADMIN
    ),
    Scenario(
        "a user as the caller",
        REGISTER,
        users("u1"),
        current(1002, "NoPermissionError", "user alice is not admin userID"),
        headers={**OP, "token": ALICE},
    ),
    Scenario("repeated", REGISTER, users("a", "b", "a"), args("userID repeated"), headers=AS_ADMIN),
    Scenario(
        "no userID", REGISTER, {"users": [{"nickname": "N"}]}, args("userID is empty"), headers=AS_ADMIN
    ),
    Scenario(
        "userID too long", REGISTER, users("x" * 65), args("userID has over 64 characters"), headers=AS_ADMIN
    ),
    Scenario(
        "existing",
        REGISTER,
        users("new", "alice"),
        current(1102, "RegisteredAlreadyError", "userID registered already"),
        headers=AS_ADMIN,
    ),
    Scenario(
        "an administrator exists from the start",
        REGISTER,
        users("imAdmin"),
        current(1102, "RegisteredAlreadyError", "userID registered already"),
        headers=AS_ADMIN,
    ),
    Scenario(
        "with an admin token the secret does not matter",
        REGISTER,
        {"secret": "wrong", **users("alice")},
        current(1102, "RegisteredAlreadyError", "userID registered already"),
        headers=AS_ADMIN,
    ),
    # Legacy
    Scenario("legacy: no secret", "/v3.4" + REGISTER, users("a"), legacy_args("Secret is empty"), headers=OP),
    Scenario(
        "legacy: with a token but without a secret",
        REGISTER,
        users("a"),
        legacy_args("Secret is empty"),
        headers=AS_LEGACY_ADMIN,
    ),
    *(
        Scenario(f"legacy: {name}", REGISTER, body, legacy_args("Users is empty"), headers=OP)
        for name, body in (("no users", SECRET), ("[]", {**SECRET, "users": []}))
    ),
    Scenario(
        "legacy: a null user", REGISTER, {**SECRET, "users": [None]}, legacy_args("user is empty"), headers=OP
    ),
    Scenario(
        "legacy: wrong secret",
        REGISTER,
        {"secret": "x", **users("a", "a")},
        legacy(1002, "NoPermissionError", "secret invalid"),
        headers=OP,
    ),
    Scenario(
        "legacy: repeated",
        REGISTER,
        {**SECRET, **users("a", "a")},
        legacy_args("userID repeated"),
        headers=OP,
    ),
    Scenario(
        "legacy: no userID", REGISTER, {**SECRET, "users": [{}]}, legacy_args("userID is empty"), headers=OP
    ),
    Scenario(
        "legacy: a colon",
        REGISTER,
        {**SECRET, **users("a:b")},
        legacy_args("userID contains ':' is invalid userID"),
        headers=OP,
    ),
    Scenario(
        "legacy: a control character",
        REGISTER,
        {**SECRET, **users("a\nb")},
        legacy_args("userID holds a control character or is not valid Unicode"),
        headers=OP,
    ),
    Scenario(
        "legacy: existing",
        REGISTER,
        {**SECRET, **users("alice")},
        legacy(1102, "RegisteredAlreadyError", "userID registered already"),
        headers=OP,
    ),
]

USER_TOKENS = [
    Scenario("legacy: no userID", TOKEN, SECRET, legacy_args("userID is empty"), headers=OP),
    *(
        Scenario(
            f"legacy: platformID {platform_id}",
            TOKEN,
            {**SECRET, "platformID": platform_id, "userID": "alice"},
            legacy_args("platform is invalidate"),
            headers=OP,
        )
        for platform_id in (0, -1, 12)
    ),
    Scenario(
        "legacy: wrong secret",
        TOKEN,
        {"secret": "x", "platformID": 1, "userID": "nobody"},
        legacy(1002, "NoPermissionError", "secret invalid"),
        headers=OP,
    ),
    Scenario(
        "legacy: unknown user",
        TOKEN,
        {**SECRET, "platformID": 1, "userID": "nobody"},
        {
            "errCode": 1004,
            "errMsg": "RecordNotFoundError",
            "errDlt": ": 1004 RecordNotFoundError userID not found: 1004 RecordNotFoundError",
        },
        headers=OP,
    ),
    Scenario(
        "without a secret it is the newest generation that refuses",
        TOKEN,
        {"platformID": 1, "userID": "alice"},
        current(1002, "NoPermissionError", "secret invalid"),
        headers=OP,
    ),
    Scenario("get_admin_token: no userID", ADMIN_TOKEN, SECRET, args("userID is empty"), headers=OP),
    Scenario(
        "get_admin_token: wrong secret",
        ADMIN_TOKEN,
        {"secret": "x", "userID": "imAdmin"},
        current(1002, "NoPermissionError", "secret invalid"),
        headers=OP,
    ),
    *(
        Scenario(
            f"get_admin_token: {user_id}",
            ADMIN_TOKEN,
            {**SECRET, "userID": user_id},
            args(f"userID is error., userID={user_id}, adminUserID=[imAdmin]"),
            headers=OP,
        )
        for user_id in ("bob", "openIMAdmin", "nobody")
    ),
    Scenario(
        "get_admin_token: wrong secret before the wrong user",
        ADMIN_TOKEN,
        {"secret": "x", "userID": "bob"},
        current(1002, "NoPermissionError", "secret invalid"),
        headers=OP,
    ),
    Scenario("get_user_token: no token", USER_TOKEN, b"{}", args("header must have token"), headers=OP),
    Scenario(
        "get_user_token: a user as the caller",
        USER_TOKEN,
        {"platformID": 10, "userID": "nobody"},
        current(1002, "NoPermissionError", "user alice is not admin userID"),
        headers={**OP, "token": ALICE},
    ),
    Scenario(
        "get_user_token: the administrators' platform",
        USER_TOKEN,
        {"platformID": 10, "userID": "imAdmin"},
        current(1002, "NoPermissionError", "platformID invalid. platformID must not be adminPlatformID"),
        headers=AS_ADMIN,
    ),
    *(
        Scenario(
            f"get_user_token: {user_id}",
            USER_TOKEN,
            {"platformID": 1, "userID": user_id},
            current(1002, "NoPermissionError", "don't get Admin token"),
            headers=AS_ADMIN,
        )
        for user_id in ("imAdmin", "openIM333")
    ),
    *(
        Scenario(
            f"get_user_token: user {user_id!r}",
            USER_TOKEN,
            {"platformID": 1, "userID": user_id},
            current(1004, "RecordNotFoundError", "record not found"),
            headers=AS_ADMIN,
        )
        for user_id in ("nobody", "", "a\0b")
    ),
    Scenario(
        "get_user_token: an application's account",
        USER_TOKEN,
        {"platformID": 1, "userID": "app"},
        args("app account can`t get token"),
        headers=AS_ADMIN,
    ),
]

ASK = {"checkUserIDs": ["nobody", "alice"]}
ACCOUNT_CHECKS = [
    *(
        Scenario(name, CHECK, body, args("CheckUserIDs is empty"), headers=AS_ADMIN)
        for name, body in (("no ids", {}), ("null", {"checkUserIDs": None}), ("[]", {"checkUserIDs": []}))
    ),
    Scenario(
        "repeated ids before the permission",
        CHECK,
        {"checkUserIDs": ["a", "a"]},
        args("userID repeated"),
        headers={**OP, "token": ALICE},
    ),
    Scenario(
        "a user as the caller",
        CHECK,
        ASK,
        current(1002, "NoPermissionError", "user alice is not admin userID"),
        headers={**OP, "token": ALICE},
    ),
    Scenario(
        "legacy: a user as the caller",
        CHECK,
        ASK,
        legacy(1002, "NoPermissionError", "user alice is not admin userID"),
        headers={**OP, "token": ALICE_LEGACY},
    ),
    Scenario(
        "a v2 token is an old client's",
        CHECK,
        ASK,
        legacy(1002, "NoPermissionError", "user alice is not admin userID"),
        headers={**OP, "token": ALICE_V2},
    ),
    Scenario(
        "numbers",
        CHECK,
        ASK,
        {
            **DONE,
            "data": {
                "results": [{"userID": "nobody", "accountStatus": 0}, {"userID": "alice", "accountStatus": 1}]
            },
        },
        headers=AS_ADMIN,
    ),
    Scenario(
        "legacy: words",
        CHECK,
        ASK,
        {
            **DONE,
            "data": {
                "results": [
                    {"userID": "nobody", "accountStatus": "unregistered"},
                    {"userID": "alice", "accountStatus": "registered"},
                ]
            },
        },
        headers=AS_LEGACY_ADMIN,
    ),
    Scenario(
        "the prefix wins over the token",
        "/v3.4" + CHECK,
        {"CHECKUSERIDS": ["ALICE"]},
        {**DONE, "data": {"results": [{"userID": "ALICE", "accountStatus": "unregistered"}]}},
        headers=AS_ADMIN,
    ),
]


@scenarios(
    [*TRANSPORT, *BAD_TOKENS, *BAD_BODIES, *CHECKED, *USER_TOKENS, *ACCOUNT_CHECKS],
)
def test_an_answer_is_v3s_to_the_byte(client: FlaskClient, scenario: Scenario) -> None:
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
def test_what_is_no_call_is_gins_404(client: FlaskClient, scenario: Scenario) -> None:
    play(client, scenario, TEXT, CORS)


@pytest.mark.parametrize("path", [CHECK, "/v3.8" + CHECK, "/v3.4/nothing"])
def test_options_is_answered_anywhere_and_asks_for_nothing(client: FlaskClient, path: str) -> None:
    play(client, Scenario("", path, b"", '"Options Request!"', method="OPTIONS"), JSON, CORS)


def granted(token: str) -> dict[str, object]:
    return {**DONE, "data": {"token": token, "expireTimeSeconds": 7776000}}


def test_seed_002_word_for_word(make_app: MakeApp, clock: FakeClock) -> None:
    clock.wall = 1698819340.5
    client = make_app().test_client()
    headers = {"operationID": "1646445464564"}
    body = {
        "secret": "openIM123",
        "users": [{"userID": "11111112", "nickname": "yourNickname", "faceURL": "yourFaceURL"}],
    }
    play(client, Scenario("", REGISTER, body, DONE, headers=headers), JSON, CORS)
    ask = {"secret": "openIM123", "platformID": 1, "userID": "11111112"}
    token = seeds.V3_USER
    play(client, Scenario("", TOKEN, ask, granted(token), headers=headers), JSON, CORS)
    # The seed checks with this user's token; the server that it describes says no, as the seed's own table
    # ("Admin token") does.
    check = {"checkUserIDs": ["11111111", "11111112"]}
    refusal = legacy(1002, "NoPermissionError", "user 11111112 is not admin userID")
    play(client, Scenario("", CHECK, check, refusal, headers={**headers, "token": token}), JSON, CORS)
    clock.wall = 1795212821.0
    play(client, Scenario("", CHECK, check, LEGACY_UNKNOWN, headers={**headers, "token": token}), JSON, CORS)


def test_seed_004_word_for_word(make_app: MakeApp, clock: FakeClock) -> None:
    """The page says openIM123; the token on it was signed by a server whose secret was tuoyun."""
    clock.wall = 1688978805.5
    client = make_app(openim_secret="tuoyun").test_client()
    ask = {"secret": "tuoyun", "platformID": 1, "userID": "openIMAdmin"}
    token = seeds.V3_ADMIN
    play(
        client, Scenario("", TOKEN, ask, granted(token), headers={"operationID": "1646445464564"}), JSON, CORS
    )
    ask["userID"] = "111111"
    refusal = {
        "errCode": 1004,
        "errMsg": "RecordNotFoundError",
        "errDlt": ": 1004 RecordNotFoundError userID not found: 1004 RecordNotFoundError",
    }
    play(client, Scenario("", TOKEN, ask, refusal, headers={"operationID": "1646445464564"}), JSON, CORS)


@pytest.mark.parametrize("platform_id", range(1, 12))
def test_a_legacy_token_of_every_platform(make_app: MakeApp, platform_id: int) -> None:
    client = make_app().test_client()
    body = {**SECRET, "platformID": platform_id, "userID": "openIMAdmin", "platform": 3}
    answer = granted(tokens.v3_4("openIMAdmin", platform_id, NOW))
    play(client, Scenario("", TOKEN, body, answer, headers=OP), JSON, CORS)


@pytest.mark.parametrize("platform_id", [*range(10), 11, 12, -1])
def test_a_current_token_of_every_platform_and_none(make_app: MakeApp, platform_id: int) -> None:
    client = make_app().test_client()
    admin = {**SECRET, "userID": "imAdmin", "platformID": 1}
    play(client, Scenario("", ADMIN_TOKEN, admin, granted(ADMIN), headers=OP), JSON, CORS)
    play(client, Scenario("", REGISTER, users("u1"), DONE, headers=AS_ADMIN), JSON, CORS)
    body = {"platformID": platform_id, "userID": "u1", "secret": "ignored"}
    answer = granted(tokens.v3_8("u1", platform_id, NOW))
    play(client, Scenario("", USER_TOKEN, body, answer, headers=AS_ADMIN), JSON, CORS)


def test_a_legacy_administrator_may_have_any_users_token(make_app: MakeApp) -> None:
    """What get_user_token refuses was added with 3.8.1 and 3.8.3; an administrator's token it never gave."""
    app = make_app()
    client = app.test_client()
    client.post(TOKEN, json={**SECRET, "platformID": 1, "userID": "openIMAdmin"}, headers=OP)
    register = {**SECRET, "users": [{"userID": "app", "appMangerLevel": 3}]}
    client.post(REGISTER, json=register, headers=OP)
    body: dict[str, Any] = {"platformID": 10, "userID": "app"}
    answer = granted(tokens.v3_4("app", 10, NOW))
    play(client, Scenario("", USER_TOKEN, body, answer, headers=AS_LEGACY_ADMIN), JSON, CORS)
    refusal = legacy(1002, "NoPermissionError", "don't get Admin token")
    body["userID"] = "imAdmin"
    play(client, Scenario("", USER_TOKEN, body, refusal, headers=AS_LEGACY_ADMIN), JSON, CORS)


def test_a_current_issue_kicks_the_older_token_of_that_platform_and_a_legacy_one_does_not(
    make_app: MakeApp, clock: FakeClock
) -> None:
    app = make_app()
    client = app.test_client()
    client.post(ADMIN_TOKEN, json={**SECRET, "userID": "imAdmin"}, headers=OP)
    client.post(REGISTER, json=users("u1"), headers=AS_ADMIN)

    def caller_is(token: str) -> dict[str, object]:
        response = client.post("/v3.8" + CHECK, json=ASK, headers={**OP, "token": token})
        answer: dict[str, object] = response.get_json()
        return answer

    def grant(path: str, **body: object) -> str:
        headers = AS_ADMIN if path == USER_TOKEN else OP
        token: str = client.post(path, json={"userID": "u1", **body}, headers=headers).get_json()["data"][
            "token"
        ]
        clock.advance(1)
        return token

    old = grant(TOKEN, secret="openIM123", platformID=1)
    older_still = grant(TOKEN, secret="openIM123", platformID=1)
    web = grant(USER_TOKEN, platformID=5)
    no_admin = current(1002, "NoPermissionError", "user u1 is not admin userID")
    assert [caller_is(token) for token in (old, older_still, web)] == [no_admin] * 3
    new = grant(USER_TOKEN, platformID=1)
    kicked = current(1506, "TokenKickedError", "TokenKickedError")
    assert [caller_is(token) for token in (old, older_still, web, new)] == [
        kicked,
        kicked,
        no_admin,
        no_admin,
    ]
    newest = grant(USER_TOKEN, platformID=1)
    gone = current(1507, "TokenNotExistError", "TokenNotExistError")
    assert [caller_is(token) for token in (old, new, newest)] == [gone, kicked, no_admin]


def test_an_administrators_login_never_cancels_anothers(make_app: MakeApp, clock: FakeClock) -> None:
    client = make_app().test_client()
    first = client.post(ADMIN_TOKEN, json={**SECRET, "userID": "imAdmin"}, headers=OP).get_json()
    clock.advance(60)
    client.post(ADMIN_TOKEN, json={**SECRET, "userID": "imAdmin"}, headers=OP)
    client.post("/v3.8" + TOKEN, json={**SECRET, "userID": "imAdmin", "platformID": 10}, headers=OP)
    headers = {**OP, "token": first["data"]["token"]}
    answer = {**DONE, "data": {"results": [{"userID": "imAdmin", "accountStatus": 1}]}}
    play(client, Scenario("", CHECK, {"checkUserIDs": ["imAdmin"]}, answer, headers=headers), JSON, CORS)


def test_a_registered_user_is_as_given_and_dated_by_the_server(make_app: MakeApp) -> None:
    app = make_app()
    client = app.test_client()
    info = {
        "userID": "名前_1",
        "nickname": "N",
        "faceURL": "F",
        "ex": "{}",
        "createTime": 1,
        "appMangerLevel": 2,
        "globalRecvMsgOpt": 1,
    }
    body = {**SECRET, "users": [info, {"userID": "a.b-c@d"}]}
    play(client, Scenario("", REGISTER, body, DONE, headers=OP), JSON, CORS)
    get = app.extensions["rollcall"].users.get
    empty = {"gender": 0, "phone_number": "", "birth": 0, "email": "", "created_at": 1_700_000_000_250}
    assert get("名前_1")._asdict() == {
        **empty,
        "user_id": "名前_1",
        "nickname": "N",
        "face_url": "F",
        "ex": "{}",
        "level": 2,
        "global_recv_msg_opt": 1,
    }
    assert get("a.b-c@d").nickname == ""


def test_a_refused_batch_registers_nobody(make_app: MakeApp) -> None:
    app = make_app()
    client = app.test_client()
    client.post(REGISTER, json={**SECRET, **users("b")}, headers=OP)
    refusal = legacy(1102, "RegisteredAlreadyError", "userID registered already")
    batch = {**SECRET, **users("a", "b", "c")}
    play(client, Scenario("", REGISTER, batch, refusal, headers=OP), JSON, CORS)
    assert app.extensions["rollcall"].users.known(["a", "b", "c"]) == {"b"}


def test_a_thousand_users_are_one_call(make_app: MakeApp) -> None:
    client = make_app().test_client()
    ids = [f"u{number}" for number in range(1000)]
    play(client, Scenario("", REGISTER, {**SECRET, **users(*ids)}, DONE, headers=OP), JSON, CORS)
    client.post(ADMIN_TOKEN, json={**SECRET, "userID": "imAdmin"}, headers=OP)
    results = [{"userID": user_id, "accountStatus": 1} for user_id in ids]
    answer = {**DONE, "data": {"results": results}}
    play(client, Scenario("", CHECK, {"checkUserIDs": ids}, answer, headers=AS_ADMIN), JSON, CORS)


@pytest.mark.parametrize(
    ("pinned", "path", "body", "headers", "answer"),
    [
        ("3.4", CHECK, b"", OP, legacy_args("header must have token")),
        ("3.8", CHECK, b"", OP, args("header must have token")),
        ("3.4", "/v3.8" + CHECK, b"", OP, args("header must have token")),
        ("3.8", "/v3.4" + CHECK, b"", OP, legacy_args("header must have token")),
        (
            "3.8",
            TOKEN,
            {"secret": "x", "platformID": 1, "userID": "u"},
            OP,
            current(1002, "NoPermissionError", "secret invalid"),
        ),
        (
            "3.4",
            ADMIN_TOKEN,
            {"secret": "x", "userID": "u"},
            OP,
            legacy(1002, "NoPermissionError", "secret invalid"),
        ),
        ("3.4", CHECK, b"", {**OP, "token": tokens.v3_8("u", 1, 5)}, LEGACY_UNKNOWN),
    ],
)
def test_a_setting_pins_a_generation_and_a_prefix_wins_over_it(
    make_app: MakeApp, pinned: str, path: str, body: Any, headers: dict[str, str], answer: dict[str, Any]
) -> None:
    client = make_app(openim_v3_generation=pinned).test_client()
    play(client, Scenario("", path, body, answer, headers=headers), JSON, CORS)


@pytest.mark.parametrize(("pinned", "token"), [("3.4", tokens.v3_4), ("3.8", tokens.v3_8)])
def test_a_pinned_generation_mints_its_own_tokens(make_app: MakeApp, pinned: str, token: Any) -> None:
    client = make_app(openim_v3_generation=pinned).test_client()
    body = {**SECRET, "platformID": 1, "userID": "imAdmin"}
    play(client, Scenario("", TOKEN, body, granted(token("imAdmin", 1, NOW)), headers=OP), JSON, CORS)
    play(client, Scenario("", ADMIN_TOKEN, body, granted(token("imAdmin", 10, NOW)), headers=OP), JSON, CORS)


def test_the_administrators_are_settings(make_app: MakeApp) -> None:
    app = make_app(admins="root,boss", openim_v3_admins="root,boss", openim_v3_token_days=1)
    client = app.test_client()
    body = {**SECRET, "userID": "imAdmin"}
    refusal = args("userID is error., userID=imAdmin, adminUserID=[root boss]")
    play(client, Scenario("", ADMIN_TOKEN, body, refusal, headers=OP), JSON, CORS)
    answer = {**DONE, "data": {"token": tokens.v3_8("boss", 10, NOW, days=1), "expireTimeSeconds": 86400}}
    play(client, Scenario("", ADMIN_TOKEN, {**body, "userID": "boss"}, answer, headers=OP), JSON, CORS)


def test_an_administrator_who_has_gone_is_not_found(make_app: MakeApp) -> None:
    app = make_app()
    services = app.extensions["rollcall"]
    services.start()
    services.database.write(lambda transaction: transaction.execute("DELETE FROM users"))
    body = {**SECRET, "userID": "imAdmin"}
    refusal = current(1004, "RecordNotFoundError", "user not found")
    play(app.test_client(), Scenario("", ADMIN_TOKEN, body, refusal, headers=OP), JSON, CORS)
