"""OpenIM v3: issuing, parsing and revoking tokens, in both generations."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import MakeApp
from tests.dialects.conftest import NOW
from tests.dialects.openim_v3.expected import (
    ADMIN,
    ADMIN_TOKEN,
    ALICE,
    ALICE_LEGACY,
    ALICE_V2,
    AS_ADMIN,
    AS_ALICE,
    AS_LEGACY_ADMIN,
    AS_LEGACY_ALICE,
    CHECK,
    DONE,
    FIELD,
    JSON,
    LEGACY_UNKNOWN,
    OP,
    QUERY,
    REGISTER,
    SECRET,
    TOKEN,
    USER_TOKEN,
    args,
    current,
    data,
    issued,
    legacy,
    legacy_args,
    no_permission,
    users,
)
from tests.support import seeds, tokens
from tests.support.clock import FakeClock
from tests.support.scenario import CORS, Scenario, play, scenarios

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
        "no secret: refused by the current generation",
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
        "get_admin_token: a wrong secret is reported before a wrong user",
        ADMIN_TOKEN,
        {"secret": "x", "userID": "bob"},
        current(1002, "NoPermissionError", "secret invalid"),
        headers=OP,
    ),
    Scenario("get_user_token: no token", USER_TOKEN, b"{}", args("header must have token"), headers=OP),
    Scenario(
        "get_user_token: the caller is a user",
        USER_TOKEN,
        {"platformID": 10, "userID": "nobody"},
        current(1002, "NoPermissionError", "user alice is not admin userID"),
        headers={**OP, "token": ALICE},
    ),
    Scenario(
        "get_user_token: the administrator platform",
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
        "get_user_token: an app account",
        USER_TOKEN,
        {"platformID": 1, "userID": "app"},
        args("app account can`t get token"),
        headers=AS_ADMIN,
    ),
]


PARSE, LOGOUT = "/auth/parse_token", "/auth/force_logout"
EXPIRED_3_4, EXPIRED_3_8 = (encode("alice", 1, NOW - 90 * 86400) for encode in (tokens.v3_4, tokens.v3_8))
EARLY = tokens.v3_4("alice", 1, NOW + 400)
FORGED_3_4, FORGED_3_8 = (encode("alice", 1, NOW, key="forged") for encode in (tokens.v3_4, tokens.v3_8))
FORGED_EXPIRED_3_4, FORGED_EXPIRED_3_8 = (
    encode("alice", 1, NOW - 90 * 86400, key="forged") for encode in (tokens.v3_4, tokens.v3_8)
)
NOT_ISSUED_3_4, NOT_ISSUED_3_8 = (encode("alice", 9, NOW) for encode in (tokens.v3_4, tokens.v3_8))
KICKED = tokens.v3_8("bob", 1, NOW)


def errors(code: int, name: str) -> tuple[dict[str, object], dict[str, object]]:
    """Return an error of the current and of the legacy generation."""
    return current(code, name, name), legacy(code, name, "")


PARSED = [
    *(
        row
        for body in ({}, {"token": ""}, {"token": None})
        for row in (
            Scenario(f"parse: {body}", "/v3.8" + PARSE, body, args("userID is empty"), headers=OP),
            Scenario(
                f"legacy: parse: {body}", "/v3.4" + PARSE, body, legacy_args("userID is empty"), headers=OP
            ),
        )
    ),
    Scenario(
        "parse: a number",
        PARSE,
        {"token": 1},
        args(FIELD.format("number", "ParseTokenReq.token", "string")),
        headers=OP,
    ),
    Scenario("parse: no operationID", PARSE, {"token": ALICE}, args("header must have operationID")),
    Scenario(
        "parse",
        PARSE,
        {"token": ALICE},
        data({"userID": "alice", "platformID": 1, "expireTimeSeconds": NOW + 90 * 86400}),
        headers=OP,
    ),
    Scenario(
        "legacy: parse: the token selects the generation",
        PARSE,
        {"token": ALICE_LEGACY},
        data({"userID": "alice", "platform": "IOS", "expireTimeSeconds": NOW + 90 * 86400}),
        headers={**OP, "token": ALICE},
    ),
    Scenario(
        "parse: the token of the body selects the generation, even if malformed",
        PARSE,
        {"token": "x"},
        current(1503, "TokenMalformedError", "TokenMalformedError"),
        headers=AS_LEGACY_ALICE,
    ),
    Scenario(
        "parse: a v2 token",
        PARSE,
        {"token": ALICE_V2},
        data({"userID": "alice", "platform": "IOS", "expireTimeSeconds": NOW + 7 * 86400}),
        headers=OP,
    ),
    *(
        Scenario(f"parse: {case}", path, {"token": token}, answer, headers=OP)
        for case, path, token, answer in (
            ("expired", PARSE, EXPIRED_3_8, errors(1501, "TokenExpiredError")[0]),
            ("legacy: expired", PARSE, EXPIRED_3_4, errors(1501, "TokenExpiredError")[1]),
            ("over 8 KiB", PARSE, f"{ALICE}.{'x' * 8192}", errors(1503, "TokenMalformedError")[0]),
            ("malformed", PARSE, "garbage", errors(1503, "TokenMalformedError")[0]),
            ("legacy: malformed", "/v3.4" + PARSE, "garbage", errors(1503, "TokenMalformedError")[1]),
            ("RongCloud token", PARSE, "WyJsaXZlIl0@x", errors(1503, "TokenMalformedError")[0]),
            ("not valid yet", "/v3.8" + PARSE, EARLY, errors(1504, "TokenNotValidYetError")[0]),
            ("legacy: not valid yet", PARSE, EARLY, errors(1504, "TokenNotValidYetError")[1]),
            ("forged", PARSE, FORGED_3_8, current(1505, "signature is invalid", "TokenUnknownError")),
            ("legacy: forged", PARSE, FORGED_3_4, LEGACY_UNKNOWN),
            (
                "forged and expired",
                PARSE,
                FORGED_EXPIRED_3_8,
                current(1505, "signature is invalid", "TokenUnknownError"),
            ),
            (
                "legacy: forged and expired",
                PARSE,
                FORGED_EXPIRED_3_4,
                errors(1501, "TokenExpiredError")[1],
            ),
            ("kicked", PARSE, KICKED, errors(1506, "TokenKickedError")[0]),
            ("not issued", PARSE, NOT_ISSUED_3_8, errors(1507, "TokenNotExistError")[0]),
            ("legacy: not issued", PARSE, NOT_ISSUED_3_4, errors(1507, "TokenNotExistError")[1]),
        )
    ),
]

LOGOUTS = [
    Scenario("logout: no token", "/v3.8" + LOGOUT, b"{}", args("header must have token"), headers=OP),
    Scenario("logout: no user", LOGOUT, {}, args("userID is empty"), headers=AS_ALICE),
    Scenario("legacy: logout: no user", LOGOUT, {}, legacy_args("userID is empty"), headers=AS_LEGACY_ALICE),
    *(
        row
        for platform_id in (0,)
        for row in (
            Scenario(
                f"logout: platform {platform_id}",
                LOGOUT,
                {"userID": "u", "platformID": platform_id},
                args("platformID is invalidate"),
                headers=AS_ALICE,
            ),
            Scenario(
                f"legacy: logout: platform {platform_id}",
                LOGOUT,
                {"userID": "u", "platformID": platform_id},
                legacy_args("platformID is invalidate"),
                headers=AS_LEGACY_ALICE,
            ),
        )
    ),
    Scenario(
        "logout: not an administrator",
        LOGOUT,
        {"userID": "alice", "platformID": 1},
        no_permission("user alice is not admin userID"),
        headers=AS_ALICE,
    ),
    *(
        Scenario(
            f"logout: {user_id!r} without a token of the platform",
            LOGOUT,
            {"userID": user_id, "platformID": platform_id},
            DONE,
            headers=headers,
        )
        for user_id, platform_id, headers in (
            ("nobody", 10, AS_ADMIN),
            ("bob", 3, AS_LEGACY_ADMIN),
            ("x" * 1000, 1, AS_ADMIN),
            ("a\0", 1, AS_ADMIN),
        )
    ),
]


@scenarios([*USER_TOKENS, *PARSED, *LOGOUTS])
def test_answers_match_v3_byte_for_byte(client: FlaskClient, scenario: Scenario) -> None:
    play(client, scenario, JSON, CORS)


def test_the_requests_of_seed_002_get_its_answers(make_app: MakeApp, clock: FakeClock) -> None:
    clock.wall = 1698819340.5
    client = make_app().test_client()
    headers = {"operationID": "1646445464564"}
    body = {
        "secret": "openIM123",
        "users": [{"userID": "11111112", "nickname": "yourNickname", "faceURL": "yourFaceURL"}],
    }
    play(client, Scenario("", REGISTER, body, DONE, headers=headers), JSON, CORS)
    query = {"secret": "openIM123", "platformID": 1, "userID": "11111112"}
    token = seeds.V3_USER
    play(client, Scenario("", TOKEN, query, issued(token), headers=headers), JSON, CORS)
    # The seed's example sends this user's token. The server that it describes refuses it, and so does the
    # seed's own table ("Admin token").
    check = {"checkUserIDs": ["11111111", "11111112"]}
    refusal = legacy(1002, "NoPermissionError", "user 11111112 is not admin userID")
    play(client, Scenario("", CHECK, check, refusal, headers={**headers, "token": token}), JSON, CORS)
    clock.wall = 1795212821.0
    play(client, Scenario("", CHECK, check, LEGACY_UNKNOWN, headers={**headers, "token": token}), JSON, CORS)


def test_the_requests_of_seed_004_get_its_answers(make_app: MakeApp, clock: FakeClock) -> None:
    """The page names the secret openIM123, but its token is signed with tuoyun."""
    clock.wall = 1688978805.5
    client = make_app(openim_secret="tuoyun").test_client()
    query = {"secret": "tuoyun", "platformID": 1, "userID": "openIMAdmin"}
    token = seeds.V3_ADMIN
    play(
        client,
        Scenario("", TOKEN, query, issued(token), headers={"operationID": "1646445464564"}),
        JSON,
        CORS,
    )
    query["userID"] = "111111"
    refusal = {
        "errCode": 1004,
        "errMsg": "RecordNotFoundError",
        "errDlt": ": 1004 RecordNotFoundError userID not found: 1004 RecordNotFoundError",
    }
    play(client, Scenario("", TOKEN, query, refusal, headers={"operationID": "1646445464564"}), JSON, CORS)


@pytest.mark.parametrize("platform_id", range(1, 12))
def test_a_legacy_token_can_be_issued_for_every_platform(make_app: MakeApp, platform_id: int) -> None:
    client = make_app().test_client()
    body = {**SECRET, "platformID": platform_id, "userID": "openIMAdmin", "platform": 3}
    answer = issued(tokens.v3_4("openIMAdmin", platform_id, NOW))
    play(client, Scenario("", TOKEN, body, answer, headers=OP), JSON, CORS)


@pytest.mark.parametrize("platform_id", [*range(10), 11, 12, -1, 2**31 - 1, -(2**31)])
def test_a_current_token_can_be_issued_for_any_platform_but_10(make_app: MakeApp, platform_id: int) -> None:
    client = make_app().test_client()
    admin = {**SECRET, "userID": "imAdmin", "platformID": 1}
    play(client, Scenario("", ADMIN_TOKEN, admin, issued(ADMIN), headers=OP), JSON, CORS)
    play(client, Scenario("", REGISTER, users("u1"), DONE, headers=AS_ADMIN), JSON, CORS)
    body = {"platformID": platform_id, "userID": "u1", "secret": "ignored"}
    token = tokens.v3_8("u1", platform_id, NOW)
    play(client, Scenario("", USER_TOKEN, body, issued(token), headers=AS_ADMIN), JSON, CORS)
    parsed = data({"userID": "u1", "platformID": platform_id, "expireTimeSeconds": NOW + 90 * 86400})
    play(client, Scenario("", PARSE, {"token": token}, parsed, headers=OP), JSON, CORS)


def test_a_legacy_administrator_gets_any_token_but_that_of_an_administrator(make_app: MakeApp) -> None:
    """The other refusals came with 3.8.1 and 3.8.3; tokens of administrators were always refused."""
    app = make_app()
    client = app.test_client()
    client.post(TOKEN, json={**SECRET, "platformID": 1, "userID": "openIMAdmin"}, headers=OP)
    register = {**SECRET, "users": [{"userID": "app", "appMangerLevel": 3}]}
    client.post(REGISTER, json=register, headers=OP)
    body: dict[str, Any] = {"platformID": 10, "userID": "app"}
    answer = issued(tokens.v3_4("app", 10, NOW))
    play(client, Scenario("", USER_TOKEN, body, answer, headers=AS_LEGACY_ADMIN), JSON, CORS)
    refusal = legacy(1002, "NoPermissionError", "don't get Admin token")
    body["userID"] = "imAdmin"
    play(client, Scenario("", USER_TOKEN, body, refusal, headers=AS_LEGACY_ADMIN), JSON, CORS)


def test_a_current_token_revokes_older_ones_of_its_platform_and_a_legacy_one_does_not(
    make_app: MakeApp, clock: FakeClock
) -> None:
    app = make_app()
    client = app.test_client()
    client.post(ADMIN_TOKEN, json={**SECRET, "userID": "imAdmin"}, headers=OP)
    client.post(REGISTER, json=users("u1"), headers=AS_ADMIN)

    def reply_to(token: str) -> dict[str, object]:
        response = client.post("/v3.8" + CHECK, json=QUERY, headers={**OP, "token": token})
        answer: dict[str, object] = response.get_json()
        return answer

    def issue(path: str, **body: object) -> str:
        headers = AS_ADMIN if path == USER_TOKEN else OP
        token: str = client.post(path, json={"userID": "u1", **body}, headers=headers).get_json()["data"][
            "token"
        ]
        clock.advance(1)
        return token

    first = issue(TOKEN, secret="openIM123", platformID=1)
    second = issue(TOKEN, secret="openIM123", platformID=1)
    web = issue(USER_TOKEN, platformID=5)
    no_admin = current(1002, "NoPermissionError", "user u1 is not admin userID")
    kicked = current(1506, "TokenKickedError", "TokenKickedError")
    # The policy keeps only the newest token of every other platform.
    assert [reply_to(token) for token in (first, second, web)] == [kicked, no_admin, no_admin]
    third = issue(USER_TOKEN, platformID=1)
    unknown = current(1507, "TokenNotExistError", "TokenNotExistError")
    assert [reply_to(token) for token in (first, second, web, third)] == [unknown, kicked, no_admin, no_admin]
    fourth = issue(USER_TOKEN, platformID=1)
    assert [reply_to(token) for token in (second, third, fourth)] == [unknown, kicked, no_admin]


@pytest.mark.parametrize("platform_id", [0, 12, -1, 100])
def test_tokens_for_a_platform_without_a_name_do_not_revoke_each_other_but_can_be_logged_out(
    make_app: MakeApp, clock: FakeClock, platform_id: int
) -> None:
    client = make_app().test_client()
    client.post(ADMIN_TOKEN, json={**SECRET, "userID": "imAdmin"}, headers=OP)
    client.post(REGISTER, json=users("u1"), headers=AS_ADMIN)
    body = {"userID": "u1", "platformID": platform_id}
    all_tokens = []
    for _ in range(2):
        answer = client.post(USER_TOKEN, json=body, headers=AS_ADMIN).get_json()
        all_tokens.append(answer["data"]["token"])
        clock.advance(1)
    valid = no_permission("user u1 is not admin userID")
    for token in all_tokens:
        play(client, Scenario("", "/v3.8" + CHECK, QUERY, valid, headers={**OP, "token": token}), JSON, CORS)
    if platform_id == 0:
        v2 = {"operationID": "1", "platform": 12, "fromUserID": "u1"}
        headers = {"token": ADMIN}
        logout = Scenario("", LOGOUT, v2, {"errCode": 0, "errMsg": ""}, headers=headers)
    else:
        logout = Scenario("", LOGOUT, body, DONE, headers=AS_ADMIN)
    play(client, logout, JSON, CORS)
    kicked = current(1506, "TokenKickedError", "TokenKickedError")
    for token in all_tokens:
        play(client, Scenario("", "/v3.8" + CHECK, QUERY, kicked, headers={**OP, "token": token}), JSON, CORS)


@pytest.mark.parametrize("policy", [0, 1, 4, 5])
def test_a_token_of_an_administrator_never_revokes_another(
    make_app: MakeApp, clock: FakeClock, policy: int
) -> None:
    app = make_app(openim_multi_login_policy=policy, openim_max_num_one_end=1)
    client = app.test_client()
    all_tokens = []
    for path, body in (
        (ADMIN_TOKEN, {}),
        ("/v3.8" + TOKEN, {"platformID": 1}),
        ("/v3.8" + TOKEN, {"platformID": 1}),
        (ADMIN_TOKEN, {}),
        ("/v3.8" + TOKEN, {"platformID": 10}),
        ("/v3.8" + TOKEN, {"platformID": 2}),
    ):
        answer = client.post(path, json={**SECRET, "userID": "imAdmin", **body}, headers=OP).get_json()
        all_tokens.append(answer["data"]["token"])
        clock.advance(1)
    results = data({"results": [{"userID": "imAdmin", "accountStatus": 1}]})
    for token in all_tokens:
        headers = {**OP, "token": token}
        query = {"checkUserIDs": ["imAdmin"]}
        play(client, Scenario("", CHECK, query, results, headers=headers), JSON, CORS)


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
def test_a_setting_pins_the_generation_and_a_path_prefix_overrides_it(
    make_app: MakeApp, pinned: str, path: str, body: Any, headers: dict[str, str], answer: dict[str, Any]
) -> None:
    client = make_app(openim_v3_generation=pinned).test_client()
    play(client, Scenario("", path, body, answer, headers=headers), JSON, CORS)


@pytest.mark.parametrize(("pinned", "token"), [("3.4", tokens.v3_4), ("3.8", tokens.v3_8)])
def test_a_pinned_generation_issues_its_own_token_format(make_app: MakeApp, pinned: str, token: Any) -> None:
    client = make_app(openim_v3_generation=pinned).test_client()
    body = {**SECRET, "platformID": 1, "userID": "imAdmin"}
    play(client, Scenario("", TOKEN, body, issued(token("imAdmin", 1, NOW)), headers=OP), JSON, CORS)
    play(client, Scenario("", ADMIN_TOKEN, body, issued(token("imAdmin", 10, NOW)), headers=OP), JSON, CORS)


def test_the_administrators_are_configurable(make_app: MakeApp) -> None:
    app = make_app(admins="root,boss", openim_v3_admins="root,boss", openim_v3_token_days=1)
    client = app.test_client()
    body = {**SECRET, "userID": "imAdmin"}
    refusal = args("userID is error., userID=imAdmin, adminUserID=[root boss]")
    play(client, Scenario("", ADMIN_TOKEN, body, refusal, headers=OP), JSON, CORS)
    answer = {**DONE, "data": {"token": tokens.v3_8("boss", 10, NOW, days=1), "expireTimeSeconds": 86400}}
    play(client, Scenario("", ADMIN_TOKEN, {**body, "userID": "boss"}, answer, headers=OP), JSON, CORS)


def test_a_deleted_administrator_gets_no_token(make_app: MakeApp) -> None:
    app = make_app()
    services = app.extensions["rollcall"]
    services.start()
    services.storage.database.write(lambda transaction: transaction.execute("DELETE FROM users"))
    body = {**SECRET, "userID": "imAdmin"}
    refusal = current(1004, "RecordNotFoundError", "user not found")
    play(app.test_client(), Scenario("", ADMIN_TOKEN, body, refusal, headers=OP), JSON, CORS)


@pytest.mark.parametrize("platform_id", range(1, 12))
def test_a_forced_logout_revokes_tokens_of_every_format(
    make_app: MakeApp, clock: FakeClock, platform_id: int
) -> None:
    """OpenIM v2 tokens are revoked too."""
    client = make_app().test_client()
    client.post(ADMIN_TOKEN, json={**SECRET, "userID": "imAdmin"}, headers=OP)
    client.post(REGISTER, json=users("u"), headers=AS_ADMIN)
    query = {"secret": "tuoyun", "platform": platform_id, "userID": "u", "operationID": "1"}
    v2_token = client.post("/auth/user_token", json=query).get_json()["data"]["token"]
    body = {**SECRET, "platformID": platform_id, "userID": "u"}
    legacy_token = client.post(TOKEN, json=body, headers=OP).get_json()["data"]["token"]
    play(client, Scenario("", LOGOUT, body, DONE, headers=AS_ADMIN), JSON, CORS)
    refusal = legacy(1506, "TokenKickedError", "")
    # OpenIM v2 does not know platform 11, its tokens are for none.
    for token in (v2_token, legacy_token) if platform_id < 11 else (legacy_token,):
        play(client, Scenario("", CHECK, QUERY, refusal, headers={**OP, "token": token}), JSON, CORS)
    clock.advance(1)
    new_token = client.post(TOKEN, json=body, headers=OP).get_json()["data"]["token"]
    answer = legacy(1002, "NoPermissionError", "user u is not admin userID")
    play(client, Scenario("", CHECK, QUERY, answer, headers={**OP, "token": new_token}), JSON, CORS)


@pytest.mark.parametrize(("policy", "valid"), [(0, [0, 1]), (1, [1]), (4, []), (5, [])])
def test_the_multi_login_policy_is_configurable(
    make_app: MakeApp, clock: FakeClock, policy: int, valid: list[int]
) -> None:
    client = make_app(openim_multi_login_policy=policy).test_client()
    client.post(ADMIN_TOKEN, json={**SECRET, "userID": "imAdmin"}, headers=OP)
    client.post(REGISTER, json=users("u"), headers=AS_ADMIN)

    def issue(platform_id: int) -> str:
        body = {"platformID": platform_id, "userID": "u"}
        token: str = client.post(USER_TOKEN, json=body, headers=AS_ADMIN).get_json()["data"]["token"]
        clock.advance(1)
        return token

    pair = [issue(1), issue(2)]
    issue(1)
    kept = no_permission("user u is not admin userID")
    kicked, unknown = errors(1506, "TokenKickedError")[0], errors(1507, "TokenNotExistError")[0]
    for index, token in enumerate(pair):
        response = client.post("/v3.8" + CHECK, json=QUERY, headers={**OP, "token": token})
        # Under policies 4 and 5 the second token revokes the first, and the third removes its record.
        refusal = unknown if index == 0 and policy in (4, 5) else kicked
        assert response.get_json() == (kept if index in valid else refusal)
