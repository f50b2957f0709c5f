"""OpenIM v2: exact answers of user_register, user_token and get_users_online_status."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import MakeApp
from tests.dialects.conftest import NOW
from tests.dialects.openim_v2.expected import (
    ALICE,
    CAUSES,
    JSON,
    OP,
    REGISTER,
    SECRET,
    STATUS,
    TEXT,
    TOKEN,
    bind_error,
    invalid,
)
from tests.support import seeds, tokens
from tests.support.clock import FakeClock
from tests.support.scenario import CORS, Scenario, play, scenarios


def register_error(*fields: tuple[str, str]) -> dict[str, object]:
    return bind_error(invalid("UserRegisterReq", *fields))


def token_error(*fields: tuple[str, str]) -> dict[str, object]:
    return bind_error(invalid("UserTokenReq", *fields))


def type_error(value: str, field: str, type_: str, struct: str = "UserRegisterReq") -> dict[str, object]:
    return bind_error(f"json: cannot unmarshal {value} into Go struct field {struct}.{field} of type {type_}")


def user_body(**fields: Any) -> dict[str, Any]:
    return {**SECRET, "platform": 1, "userID": "never", **fields}


REGISTER_REFUSED = [
    Scenario("empty body", REGISTER, b"", bind_error("EOF"), 400),
    Scenario("white space", REGISTER, b" \n", bind_error("EOF"), 400),
    Scenario("truncated", REGISTER, b'{"secret":"tuoyun"', bind_error("unexpected EOF"), 400),
    Scenario(
        "trailing comma",
        REGISTER,
        b'{"secret":"tuoyun",}',
        bind_error("invalid character '}' looking for beginning of object key string"),
        400,
    ),
    Scenario(
        "form instead of JSON",
        REGISTER,
        b"secret=tuoyun&platform=1",
        bind_error("invalid character 's' looking for beginning of value"),
        400,
    ),
    Scenario(
        "array",
        REGISTER,
        b"[]",
        bind_error("json: cannot unmarshal array into Go value of type base_info.UserRegisterReq"),
        400,
    ),
    Scenario(
        "too deep", REGISTER, b"[" * 20_000, bind_error("invalid character '[' exceeded max depth"), 400
    ),
    *(
        Scenario(
            name,
            REGISTER,
            body,
            register_error(
                ("Secret", "required"),
                ("Platform", "required"),
                ("ApiUserInfo.UserID", "required"),
                ("OperationID", "required"),
            ),
            400,
        )
        for name, body in (
            ("empty object", b"{}"),
            ("null", b"null"),
            ("all null", {"secret": None, "platform": None, "userID": None, "operationID": None}),
            ("all zero", {"secret": "", "platform": 0, "userID": "", "operationID": ""}),
        )
    ),
    Scenario(
        "missing operationID",
        REGISTER,
        {"secret": "tuoyun", "platform": 1, "userID": "never"},
        register_error(("OperationID", "required")),
        400,
    ),
    Scenario(
        "platform too small",
        REGISTER,
        user_body(platform=-1),
        register_error(("Platform", "min")),
        400,
    ),
    Scenario(
        "platform too large",
        REGISTER,
        user_body(platform=13),
        register_error(("Platform", "max")),
        400,
    ),
    Scenario(
        "everything too long, in the struct's order",
        REGISTER,
        user_body(
            ex="x" * 1025,
            email="x" * 65,
            phoneNumber="x" * 33,
            gender=3,
            faceURL="x" * 1025,
            nickname="名" * 65,
            userID="x" * 65,
            secret="x" * 33,
        ),
        register_error(
            ("Secret", "max"),
            ("ApiUserInfo.UserID", "max"),
            ("ApiUserInfo.Nickname", "max"),
            ("ApiUserInfo.FaceURL", "max"),
            ("ApiUserInfo.Gender", "oneof"),
            ("ApiUserInfo.PhoneNumber", "max"),
            ("ApiUserInfo.Email", "max"),
            ("ApiUserInfo.Ex", "max"),
        ),
        400,
    ),
    Scenario(
        "phoneNum too long",
        REGISTER,
        user_body(phoneNum="x" * 33),
        register_error(("ApiUserInfo.PhoneNumber", "max")),
        400,
    ),
    Scenario(
        "platform as a string",
        REGISTER,
        user_body(platform="1"),
        type_error("string", "platform", "int32"),
        400,
    ),
    Scenario(
        "platform as a fraction",
        REGISTER,
        user_body(platform=1.0),
        type_error("number 1.0", "platform", "int32"),
        400,
    ),
    Scenario(
        "platform as a boolean",
        REGISTER,
        user_body(platform=True),
        type_error("bool", "platform", "int32"),
        400,
    ),
    Scenario(
        "userID as a number", REGISTER, user_body(userID=123), type_error("number", "userID", "string"), 400
    ),
    Scenario(
        "operationID as a number",
        REGISTER,
        user_body(operationID=1),
        type_error("number", "operationID", "string"),
        400,
    ),
    Scenario(
        "birth in milliseconds",
        REGISTER,
        user_body(birth=1640692941000),
        type_error("number 1640692941000", "birth", "uint32"),
        400,
    ),
    Scenario(
        "birth before 1970", REGISTER, user_body(birth=-1), type_error("number -1", "birth", "uint32"), 400
    ),
    Scenario("birth as string", REGISTER, user_body(birth="1"), type_error("string", "birth", "uint32"), 400),
    Scenario(
        "wrong secret",
        REGISTER,
        user_body(secret="wrong"),
        {"errCode": 401, "errMsg": " params.Secret != config.Config.Secret "},
        400,
    ),
    Scenario(
        "secret in another case",
        REGISTER,
        user_body(secret="Tuoyun"),
        {"errCode": 401, "errMsg": " params.Secret != config.Config.Secret "},
        400,
    ),
    Scenario(
        "non-ASCII secret",
        REGISTER,
        user_body(secret="tüoyun"),
        {"errCode": 401, "errMsg": " params.Secret != config.Config.Secret "},
        400,
    ),
    Scenario(
        "a bad body is reported before a wrong secret",
        REGISTER,
        user_body(secret="wrong", platform=0),
        register_error(("Platform", "required")),
        400,
    ),
    Scenario(
        "userID with a control character",
        REGISTER,
        user_body(userID="a\nb"),
        bind_error("userID holds a control character or is not valid Unicode"),
        400,
    ),
    Scenario(
        "userID with a lone surrogate",
        REGISTER,
        b'{"secret":"tuoyun","platform":1,"operationID":"op","userID":"a\\ud800"}',
        bind_error("userID holds a control character or is not valid Unicode"),
        400,
    ),
    Scenario(
        "userID in invalid UTF-8",
        REGISTER,
        b'{"secret":"tuoyun","platform":1,"operationID":"op","userID":"a\xff"}',
        bind_error("userID holds a control character or is not valid Unicode"),
        400,
    ),
    Scenario(
        "birthStr is not a date",
        REGISTER,
        user_body(birthStr="soon"),
        {
            "errCode": 500,
            "errMsg": 'op  UserRegister failed TimeStringToTime failed:parsing time "soon" as "2006-01-02"',
        },
        500,
    ),
    Scenario(
        "birthStr with month 13",
        REGISTER,
        user_body(birthStr="2020-13-01"),
        {
            "errCode": 500,
            "errMsg": "op  UserRegister failed TimeStringToTime failed:"
            'parsing time "2020-13-01" as "2006-01-02"',
        },
        500,
    ),
    Scenario(
        "existing user",
        REGISTER,
        user_body(userID="alice"),
        {
            "errCode": 500,
            "errMsg": "op  UserRegister failed op imdb.UserRegister failed "
            "Error 1062: Duplicate entry 'alice' for key 'PRIMARY'alice",
        },
        500,
    ),
    Scenario(
        "administrators exist from the start",
        REGISTER,
        user_body(userID="openIMAdmin"),
        {
            "errCode": 500,
            "errMsg": "op  UserRegister failed op imdb.UserRegister failed "
            "Error 1062: Duplicate entry 'openIMAdmin' for key 'PRIMARY'openIMAdmin",
        },
        500,
    ),
]

TOKEN_REFUSED = [
    Scenario("empty body", "/v2" + TOKEN, b"", bind_error("EOF"), 400),
    Scenario(
        "empty object",
        "/v2" + TOKEN,
        b"{}",
        token_error(
            ("Secret", "required"),
            ("Platform", "required"),
            ("UserID", "required"),
            ("OperationID", "required"),
        ),
        400,
    ),
    Scenario(
        "platform as a string",
        TOKEN,
        {**SECRET, "platform": "1", "userID": "alice"},
        type_error("string", "platform", "int32", "UserTokenReq"),
        400,
    ),
    Scenario(
        "platform out of range",
        TOKEN,
        {**SECRET, "platform": 13, "userID": "alice"},
        token_error(("Platform", "max")),
        400,
    ),
    Scenario(
        "userID too long",
        TOKEN,
        {**SECRET, "platform": 1, "userID": "x" * 65},
        token_error(("UserID", "max")),
        400,
    ),
    Scenario(
        "wrong secret",
        TOKEN,
        {**SECRET, "secret": "wrong", "platform": 1, "userID": "alice"},
        {"errCode": 401, "errMsg": "op params.Secret != config.Config.Secret "},
        400,
    ),
    Scenario(
        "unknown user",
        TOKEN,
        {**SECRET, "platform": 1, "userID": "nobody"},
        {
            "errCode": 802,
            "errMsg": "record not found",
            "data": {"userID": "nobody", "token": "", "expiredTime": 0},
        },
    ),
    Scenario(
        "user ids are case-sensitive",
        TOKEN,
        {**SECRET, "platform": 1, "userID": "ALICE"},
        {
            "errCode": 802,
            "errMsg": "record not found",
            "data": {"userID": "ALICE", "token": "", "expiredTime": 0},
        },
    ),
    Scenario(
        "an impossible user id",
        TOKEN,
        {**SECRET, "platform": 1, "userID": "a\0b"},
        b'{"errCode":802,"errMsg":"record not found","data":{"userID":"a\\u0000b","token":"",'
        b'"expiredTime":0}}',
    ),
    Scenario(
        "text is escaped as in Go",
        TOKEN,
        {**SECRET, "platform": 1, "userID": "<&>"},
        b'{"errCode":802,"errMsg":"record not found","data":{"userID":"\\u003c\\u0026\\u003e","token":"",'
        b'"expiredTime":0}}',
    ),
]


def token_refused(cause: str) -> dict[str, object]:
    return {"errCode": 500, "errMsg": f"op GetUserIDFromToken failed {cause}"}


MALFORMED = token_refused(CAUSES["malformed"])
EXPIRED = token_refused(CAUSES["expired"])
EARLY = token_refused(CAUSES["early"])
FORGED = token_refused(CAUSES["forged"])
UNKNOWN = token_refused(CAUSES["unknown"])
KICKED = token_refused(CAUSES["kicked"])

BODY = {**OP, "userIDList": ["alice", "nobody"]}
STATUS_REFUSED = [
    Scenario(
        "empty object",
        STATUS,
        b"{}",
        bind_error(
            invalid("GetUsersOnlineStatusReq", ("OperationID", "required"), ("UserIDList", "required")),
            prefix="",
        ),
        400,
    ),
    Scenario(
        "null list",
        STATUS,
        {**OP, "userIDList": None},
        bind_error(invalid("GetUsersOnlineStatusReq", ("UserIDList", "required")), prefix=""),
        400,
        {"token": ALICE},
    ),
    Scenario(
        "201 ids",
        STATUS,
        {**OP, "userIDList": ["x"] * 201},
        bind_error(invalid("GetUsersOnlineStatusReq", ("UserIDList", "lte")), prefix=""),
        400,
        {"token": ALICE},
    ),
    Scenario(
        "an id as a number",
        STATUS,
        {**OP, "userIDList": [1]},
        bind_error(
            "json: cannot unmarshal number into Go struct field "
            "GetUsersOnlineStatusReq.userIDList of type string",
            prefix="",
        ),
        400,
        {"token": ALICE},
    ),
    Scenario(
        "a bad body is reported before a bad token",
        STATUS,
        b"",
        bind_error("EOF", prefix=""),
        400,
        {"token": "garbage"},
    ),
    Scenario("no token", STATUS, BODY, MALFORMED),
    Scenario("an empty token", STATUS, BODY, MALFORMED, headers={"token": ""}),
    Scenario("malformed", STATUS, BODY, MALFORMED, headers={"token": "garbage"}),
    Scenario("Bearer prefix", STATUS, BODY, MALFORMED, headers={"token": "Bearer " + ALICE}),
    Scenario("expired", STATUS, BODY, EXPIRED, headers={"token": tokens.v2("alice", "IOS", NOW - 7 * 86400)}),
    Scenario(
        "expired is reported before forged",
        STATUS,
        BODY,
        EXPIRED,
        headers={"token": tokens.v2("alice", "IOS", 1645675304, key="forged")},
    ),
    Scenario("not valid yet", STATUS, BODY, EARLY, headers={"token": tokens.v2("alice", "IOS", NOW + 60)}),
    Scenario("forged", STATUS, BODY, FORGED, headers={"token": tokens.v2("alice", "IOS", NOW, key="forged")}),
    Scenario(
        "issued in the future",
        STATUS,
        BODY,
        FORGED,
        headers={"token": tokens.jwt({"UID": "alice", "exp": NOW + 9, "iat": NOW + 5}, tokens.V2_KEY)},
    ),
    Scenario(
        "algorithm none",
        STATUS,
        BODY,
        FORGED,
        headers={"token": tokens.jwt({"UID": "alice", "exp": NOW + 9}, "", {"alg": "none"})},
    ),
    Scenario("not issued", STATUS, BODY, UNKNOWN, headers={"token": tokens.v2("alice", "Android", NOW)}),
    Scenario("of an unknown user", STATUS, BODY, UNKNOWN, headers={"token": tokens.v2("nobody", "IOS", NOW)}),
    Scenario("kicked", STATUS, BODY, KICKED, headers={"token": tokens.v3_8("bob", 1, NOW)}),
]

OFFLINE = {
    "errCode": 0,
    "errMsg": "",
    "data": [{"userID": "alice", "status": "offline"}, {"userID": "nobody", "status": "offline"}],
}
STATUS_ANSWERED = [
    Scenario("a v2 token", STATUS, BODY, OFFLINE, headers={"token": ALICE}),
    Scenario("a v3.4 token", STATUS, BODY, OFFLINE, headers={"token": tokens.v3_4("alice", 1, NOW)}),
    Scenario("a v3.8 token", STATUS, BODY, OFFLINE, headers={"token": tokens.v3_8("alice", 1, NOW)}),
    Scenario("an administrator", STATUS, BODY, OFFLINE, headers={"token": tokens.v3_8("imAdmin", 10, NOW)}),
    Scenario("under the prefix", "/v2" + STATUS, BODY, OFFLINE, headers={"token": ALICE}),
    Scenario("trailing slash", STATUS + "/", BODY, OFFLINE, headers={"token": ALICE}),
    Scenario(
        "operationID in the header",
        STATUS,
        {"userIDList": ["alice", "nobody"]},
        OFFLINE,
        headers={"token": ALICE, "operationID": "op"},
    ),
    Scenario(
        "keys in any case, text after the body",
        STATUS,
        b'{"OPERATIONID":"op","useridlist":["alice","nobody"],"other":1} and so on',
        OFFLINE,
        headers={"token": ALICE, "Content-Type": "text/html"},
    ),
    Scenario(
        "no ids",
        STATUS,
        {**OP, "userIDList": []},
        {"errCode": 0, "errMsg": "", "data": []},
        headers={"token": ALICE},
    ),
    Scenario(
        "repeated and empty ids",
        STATUS,
        {**OP, "userIDList": ["x", "x", None]},
        {
            "errCode": 0,
            "errMsg": "",
            "data": [
                {"userID": "x", "status": "offline"},
                {"userID": "x", "status": "offline"},
                {"status": "offline"},
            ],
        },
        headers={"token": ALICE},
    ),
    Scenario(
        "200 ids",
        STATUS,
        {**OP, "userIDList": ["x"] * 200},
        {"errCode": 0, "errMsg": "", "data": [{"userID": "x", "status": "offline"}] * 200},
        headers={"token": ALICE},
    ),
]


@scenarios([*REGISTER_REFUSED, *TOKEN_REFUSED, *STATUS_REFUSED, *STATUS_ANSWERED])
def test_answers_match_v2_byte_for_byte(client: FlaskClient, scenario: Scenario) -> None:
    play(client, scenario, JSON, CORS)


@scenarios(
    [
        Scenario("GET", TOKEN, b"", "404 page not found", 404, method="GET"),
        Scenario("PUT", TOKEN, b"{}", "404 page not found", 404, method="PUT"),
        Scenario("DELETE under the prefix", "/v2" + TOKEN, b"", "404 page not found", 404, method="DELETE"),
        Scenario("unknown path", "/auth/nothing", b"{}", "404 page not found", 404),
        Scenario("unknown path under the prefix", "/v2/auth/nothing", b"{}", "404 page not found", 404),
        Scenario("another dialect's path", "/v2/user/user_register", b"{}", "404 page not found", 404),
        Scenario("another case", "/Auth/user_token", b"{}", "404 page not found", 404),
        Scenario("double slash", "/auth//user_token", b"{}", "404 page not found", 404),
        Scenario("root", "/", b"", "404 page not found", 404, method="GET"),
        Scenario("prefix alone", "/v2", b"", "404 page not found", 404),
    ]
)
def test_an_unknown_path_or_method_gets_gins_404(client: FlaskClient, scenario: Scenario) -> None:
    play(client, scenario, TEXT, CORS)


@pytest.mark.parametrize("path", [TOKEN, "/v2" + TOKEN, "/v2/nothing", "/nothing", "/"])
def test_options_is_answered_on_every_path(client: FlaskClient, path: str) -> None:
    play(client, Scenario("OPTIONS", path, b"", '"Options Request!"', method="OPTIONS"), JSON, CORS)


def test_a_path_with_a_leading_double_slash_is_unknown(client: FlaskClient) -> None:
    response = client.post(TOKEN, data=b"{}", environ_overrides={"PATH_INFO": "//auth/user_token"})
    assert (response.status_code, response.data) == (404, b"404 page not found")


def issued(user_id: str, platform: str, iat: int = NOW) -> dict[str, object]:
    token = tokens.v2(user_id, platform, iat)
    return {
        "errCode": 0,
        "errMsg": "",
        "data": {"userID": user_id, "token": token, "expiredTime": iat + 7 * 86400},
    }


SEED_000_BODY = {
    "secret": "tuoyun",
    "platform": 1,
    "userID": "openIM1111",
    "nickname": "2222",
    "faceURL": "https://oss.com.cn/head",
    "gender": 1,
    "phoneNumber": "18666667777",
    "birth": 1640692941,
    "email": "xxxx@qq.com",
    "ex": "xxx",
    "operationID": "123111111",
}
SEED_001_BODY = {
    {"faceURL": "faceUrl", "phoneNumber": "phoneNum"}.get(key, key): value
    for key, value in SEED_000_BODY.items()
}


@pytest.mark.parametrize("body", [SEED_000_BODY, SEED_001_BODY], ids=["seed 000", "seed 001"])
def test_the_seeds_tokens_are_reproduced_at_the_seeds_times(
    make_app: MakeApp, clock: FakeClock, body: dict[str, Any]
) -> None:
    client = make_app().test_client()
    clock.wall = 1645675304.9
    data = {
        "userID": "openIM1111",
        "token": seeds.V2_REGISTER,
        "expiredTime": 1646280104,
    }
    play(client, Scenario("", REGISTER, body, {"errCode": 0, "errMsg": "", "data": data}), JSON, CORS)
    clock.wall = 1645688859.0
    query = {"secret": "tuoyun", "platform": 1, "userID": "openIM1111", "operationID": "asdfasdfsadf"}
    data = {
        "userID": "openIM1111",
        "token": seeds.V2_TOKEN,
        "expiredTime": 1646293659,
    }
    play(client, Scenario("", TOKEN, query, {"errCode": 0, "errMsg": "", "data": data}), JSON, CORS)


@pytest.mark.parametrize("body", [SEED_000_BODY, SEED_001_BODY], ids=["seed 000", "seed 001"])
def test_registration_stores_every_given_field(make_app: MakeApp, body: dict[str, Any]) -> None:
    app = make_app()
    play(app.test_client(), Scenario("", REGISTER, body, issued("openIM1111", "IOS")), JSON, CORS)
    user = app.extensions["rollcall"].users.get("openIM1111")
    assert user._asdict() == {
        "user_id": "openIM1111",
        "nickname": "2222",
        "face_url": "https://oss.com.cn/head",
        "gender": 1,
        "phone_number": "18666667777",
        "birth": 1640692941,
        "email": "xxxx@qq.com",
        "ex": "xxx",
        "level": 0,
        "global_recv_msg_opt": 0,
        "created_at": 1_700_000_000_250,
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"phoneNumber": "1", "phoneNum": "2"}, {"phone_number": "1"}),
        ({"phoneNumber": "1", "phoneNum": "2" * 40}, {"phone_number": "1"}),
        ({"phoneNum": 18666667777}, {"phone_number": ""}),
        ({"birthStr": "1999-12-31"}, {"birth": 946598400}),
        ({"birthStr": "1965-03-02", "birth": 5}, {"birth": 0}),
        ({"birthStr": "", "birth": 5}, {"birth": 5}),
        ({"birth": None, "nickname": None, "createTime": 7, "loginLimit": 1}, {"birth": 0, "nickname": ""}),
        ({"nickname": "名" * 64, "faceURL": "x" * 1024}, {"nickname": "名" * 64, "face_url": "x" * 1024}),
        ({"nickname": "🦜\ud800"}, {"nickname": "🦜\ufffd"}),
    ],
)
def test_registration_reads_profile_fields_as_upstream_does(
    make_app: MakeApp, fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    app = make_app()
    response = app.test_client().post(REGISTER, json=user_body(**fields))
    assert response.get_json() == issued("never", "IOS")
    user = app.extensions["rollcall"].users.get("never")._asdict()
    assert {name: user[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("platform", "name"),
    [
        (1, "IOS"),
        (2, "Android"),
        (3, "Windows"),
        (4, "OSX"),
        (5, "Web"),
        (6, "MiniWeb"),
        (7, "Linux"),
        (8, "APad"),
        (9, "IPad"),
        (10, "Admin"),
        (11, ""),
        (12, ""),
    ],
)
def test_a_token_carries_the_name_of_its_platform(make_app: MakeApp, platform: int, name: str) -> None:
    client = make_app().test_client()
    body = {**SECRET, "platform": platform, "userID": "openIMAdmin", "loginIp": ""}
    play(client, Scenario("", TOKEN, body, issued("openIMAdmin", name)), JSON, CORS)
    headers = {"token": tokens.v2("openIMAdmin", name, NOW)}
    answer = {"errCode": 0, "errMsg": "", "data": []}
    play(client, Scenario("", STATUS, {**OP, "userIDList": []}, answer, headers=headers), JSON, CORS)


def test_a_new_token_leaves_older_ones_valid(make_app: MakeApp, clock: FakeClock) -> None:
    client = make_app().test_client()
    for _ in range(3):
        body = {**SECRET, "platform": 1, "userID": "openIMAdmin"}
        play(client, Scenario("", TOKEN, body, issued("openIMAdmin", "IOS", int(clock.now()))), JSON, CORS)
        clock.advance(1)
    for age in (1, 2, 3):
        headers = {"token": tokens.v2("openIMAdmin", "IOS", int(clock.now()) - age)}
        response = client.post(STATUS, json={**OP, "userIDList": []}, headers=headers)
        assert response.get_json() == {"errCode": 0, "errMsg": "", "data": []}


def test_online_status_is_listed_per_platform(make_app: MakeApp, clock: FakeClock) -> None:
    app = make_app()
    client = app.test_client()
    services = app.extensions["rollcall"]
    services.start()
    services.tokens.issue(services.codecs["v2"].request("openIMAdmin", 1))
    for platform_id, connection_id, background in (
        (5, "", False),
        (4, "c2", True),
        (4, "c1", False),
        (11, "", False),
    ):
        services.presence.touch("u", platform_id, 60, connection_id, background)
    answer = {
        "errCode": 0,
        "errMsg": "",
        "data": [
            {
                "userID": "u",
                "status": "online",
                "detailPlatformStatus": [
                    {"platform": "OSX", "status": "online", "connID": "c2", "isBackground": True},
                    {"platform": "Web", "status": "online"},
                    {"status": "online"},
                ],
            },
            {"userID": "v", "status": "offline"},
        ],
    }
    headers = {"token": tokens.v2("openIMAdmin", "IOS", NOW)}
    query = {**OP, "userIDList": ["u", "v"]}
    play(client, Scenario("", STATUS, query, answer, headers=headers), JSON, CORS)
    clock.advance(60)
    answer["data"] = [{"userID": "u", "status": "offline"}, {"userID": "v", "status": "offline"}]
    play(client, Scenario("", STATUS, query, answer, headers=headers), JSON, CORS)
