"""OpenIM v3: user_register and account_check, in both generations."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.conftest import MakeApp
from tests.dialects.openim_v3.expected import (
    ADMIN_TOKEN,
    ALICE,
    ALICE_LEGACY,
    ALICE_V2,
    AS_ADMIN,
    AS_LEGACY_ADMIN,
    CHECK,
    DONE,
    JSON,
    OP,
    QUERY,
    REGISTER,
    SECRET,
    args,
    current,
    legacy,
    legacy_args,
    users,
)
from tests.support.scenario import CORS, Scenario, play, scenarios

REGISTRATIONS = [
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
        for user_id in ("a-b", "a.b", "a@b", "a:b", "a b", "a\0", "½", "²", "🦜", "a\u0300")
    ),
    Scenario(
        "illegal ids are reported before missing nicknames",
        REGISTER,
        {"users": [{"userID": "fine"}, {"userID": "a-b"}]},
        args("userID is legal"),
        headers=AS_ADMIN,
    ),
    Scenario(
        "no nickname", REGISTER, {"users": [{"userID": "u2"}]}, args("user name is empty"), headers=AS_ADMIN
    ),
    Scenario(
        "the caller is a user",
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
        "administrators exist from the start",
        REGISTER,
        users("imAdmin"),
        current(1102, "RegisteredAlreadyError", "userID registered already"),
        headers=AS_ADMIN,
    ),
    Scenario(
        "the secret is ignored if an administrator's token is sent",
        REGISTER,
        {"secret": "wrong", **users("alice")},
        current(1102, "RegisteredAlreadyError", "userID registered already"),
        headers=AS_ADMIN,
    ),
    # Legacy
    Scenario(
        "legacy: no secret",
        "/v3.4" + REGISTER,
        users("a"),
        legacy(1002, "NoPermissionError", "secret invalid"),
        headers=OP,
    ),
    Scenario(
        "legacy: with a token but without a secret",
        REGISTER,
        users("a"),
        legacy(1002, "NoPermissionError", "secret invalid"),
        headers=AS_LEGACY_ADMIN,
    ),
    *(
        Scenario(f"legacy: {name}", "/v3.4" + REGISTER, body, legacy_args("Users is empty"), headers=OP)
        for name, body in (("{}", {}), ("no users", SECRET), ("[]", {**SECRET, "users": []}))
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
        "legacy: the first invalid user is reported",
        REGISTER,
        {**SECRET, **users("", "a:b")},
        legacy_args("userID is empty"),
        headers=OP,
    ),
    Scenario(
        "legacy: the first invalid user is reported, reverse order",
        REGISTER,
        {**SECRET, **users("a:b", "")},
        legacy_args("userID contains ':' is invalid userID"),
        headers=OP,
    ),
    Scenario(
        "legacy: 10001 users",
        REGISTER,
        {**SECRET, **users(*map(str, range(10_001)))},
        legacy_args("the list has over 10000 entries"),
        headers=OP,
    ),
    Scenario(
        "an oversized profile",
        REGISTER,
        {"users": [{"userID": "fat", "nickname": "N", "faceURL": "x" * 65_536}]},
        args("the texts have over 65536 characters"),
        headers=AS_ADMIN,
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


ACCOUNT_CHECKS = [
    *(
        Scenario(name, CHECK, body, args("CheckUserIDs is empty"), headers=AS_ADMIN)
        for name, body in (("no ids", {}), ("null", {"checkUserIDs": None}), ("[]", {"checkUserIDs": []}))
    ),
    Scenario(
        "repeated ids are reported before the permission",
        CHECK,
        {"checkUserIDs": ["a", "a"]},
        args("userID repeated"),
        headers={**OP, "token": ALICE},
    ),
    Scenario(
        "the caller is a user",
        CHECK,
        QUERY,
        current(1002, "NoPermissionError", "user alice is not admin userID"),
        headers={**OP, "token": ALICE},
    ),
    Scenario(
        "legacy: the caller is a user",
        CHECK,
        QUERY,
        legacy(1002, "NoPermissionError", "user alice is not admin userID"),
        headers={**OP, "token": ALICE_LEGACY},
    ),
    Scenario(
        "a v2 token selects the legacy generation",
        CHECK,
        QUERY,
        legacy(1002, "NoPermissionError", "user alice is not admin userID"),
        headers={**OP, "token": ALICE_V2},
    ),
    Scenario(
        "accountStatus as a number",
        CHECK,
        QUERY,
        {
            **DONE,
            "data": {
                "results": [{"userID": "nobody", "accountStatus": 0}, {"userID": "alice", "accountStatus": 1}]
            },
        },
        headers=AS_ADMIN,
    ),
    Scenario(
        "legacy: accountStatus as a string",
        CHECK,
        QUERY,
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
        "the path prefix overrides the token",
        "/v3.4" + CHECK,
        {"CHECKUSERIDS": ["ALICE"]},
        {**DONE, "data": {"results": [{"userID": "ALICE", "accountStatus": "unregistered"}]}},
        headers=AS_ADMIN,
    ),
]


@scenarios([*REGISTRATIONS, *ACCOUNT_CHECKS])
def test_answers_match_v3_byte_for_byte(client: FlaskClient, scenario: Scenario) -> None:
    play(client, scenario, JSON, CORS)


def test_registration_stores_the_given_fields_and_the_servers_time(make_app: MakeApp) -> None:
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


def test_a_refused_batch_registers_no_user(make_app: MakeApp) -> None:
    app = make_app()
    client = app.test_client()
    client.post(REGISTER, json={**SECRET, **users("b")}, headers=OP)
    refusal = legacy(1102, "RegisteredAlreadyError", "userID registered already")
    batch = {**SECRET, **users("a", "b", "c")}
    play(client, Scenario("", REGISTER, batch, refusal, headers=OP), JSON, CORS)
    assert app.extensions["rollcall"].users.existing_ids(["a", "b", "c"]) == {"b"}


def test_1000_users_can_be_registered_in_one_call(make_app: MakeApp) -> None:
    client = make_app().test_client()
    ids = [f"u{number}" for number in range(1000)]
    play(client, Scenario("", REGISTER, {**SECRET, **users(*ids)}, DONE, headers=OP), JSON, CORS)
    client.post(ADMIN_TOKEN, json={**SECRET, "userID": "imAdmin"}, headers=OP)
    results = [{"userID": user_id, "accountStatus": 1} for user_id in ids]
    answer = {**DONE, "data": {"results": results}}
    play(client, Scenario("", CHECK, {"checkUserIDs": ids}, answer, headers=AS_ADMIN), JSON, CORS)


@pytest.mark.parametrize("user_id", ["٣", "名_9", "Ünï", "_"])
def test_letters_and_digits_of_any_script_are_legal_in_a_user_id(make_app: MakeApp, user_id: str) -> None:
    client = make_app().test_client()
    client.post(ADMIN_TOKEN, json={**SECRET, "userID": "imAdmin"}, headers=OP)
    play(client, Scenario("", REGISTER, users(user_id), DONE, headers=AS_ADMIN), JSON, CORS)


@pytest.mark.parametrize("token", ["", "undefined", "null", "Bearer x"])
def test_an_invalid_token_header_does_not_prevent_registration_by_secret(
    make_app: MakeApp, token: str
) -> None:
    client = make_app().test_client()
    headers = {**OP, "token": token}
    play(client, Scenario("", REGISTER, {**SECRET, **users("a.b")}, DONE, headers=headers), JSON, CORS)
