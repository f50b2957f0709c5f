"""OpenIM v3: online status and subscriptions, in both generations."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rollcall_server.models import User

from tests.conftest import MakeApp
from tests.dialects.conftest import NOW
from tests.dialects.openim_v3.expected import (
    ADMIN,
    ADMIN_LEGACY,
    AS_ADMIN,
    AS_ALICE,
    AS_LEGACY_ADMIN,
    AS_LEGACY_ALICE,
    DONE,
    FIELD,
    JSON,
    OP,
    args,
    current,
    data,
    legacy_args,
    legacy_no_permission,
    no_permission,
)
from tests.support import tokens
from tests.support.clock import FakeClock
from tests.support.scenario import CORS, Scenario, play, scenarios

ONLINE, DETAIL = "/user/get_users_online_status", "/user/get_users_online_token_detail"
STATUS, FOLLOWED = "/user/get_users_status", "/user/get_subscribe_users_status"
SUBSCRIBE, UNSUBSCRIBE = "/user/subscribe_users_status", "/user/unsubscribe_users_status"
QUERY = {"userIDs": ["alice"]}
NO_DATA = data(None)


def offline(*user_ids: str) -> list[dict[str, Any]]:
    return [{"userID": user_id, "status": 0, "platformIDs": None} for user_id in user_ids]


REFUSED = [
    *(
        Scenario(f"online: no ids, not a manager: {body}", ONLINE, body, data(None), headers=headers)
        for body in ({}, {"userIDs": []}, {"userIDs": None})
        for headers in (AS_ALICE, AS_LEGACY_ALICE)
    ),
    Scenario("online: not a manager", ONLINE, QUERY, no_permission("only app manager"), headers=AS_ALICE),
    Scenario(
        "legacy: online: not a manager",
        ONLINE,
        QUERY,
        legacy_no_permission("only app manager"),
        headers=AS_LEGACY_ALICE,
    ),
    Scenario("online: no token", ONLINE, QUERY, args("header must have token"), headers=OP),
    Scenario("detail: no token", DETAIL, QUERY, args("header must have token"), headers=OP),
    *(
        Scenario(
            f"{path}: {name}", prefix + path, body, current(1001, "ArgsError", text), 400, headers=headers
        )
        for path in (ONLINE, DETAIL)
        for prefix, headers in (("/v3.8", AS_ADMIN), ("/v3.4", AS_LEGACY_ADMIN))
        for name, body, text in (
            ("no body" + prefix, b"", "EOF"),
            ("truncated body" + prefix, b"{", "unexpected EOF"),
            (
                "a wrong type" + prefix,
                {"userIDs": "alice"},
                FIELD.format("string", "GetUsersOnlineStatusReq.userIDs", "[]string"),
            ),
        )
    ),
    Scenario("online: text after the body", "/v3.8" + ONLINE, b"{} x", NO_DATA, headers=AS_ADMIN),
    *(
        Scenario(f"{path}: {name}", "/v3" + path, body, NO_DATA, headers=headers)
        for path in (ONLINE, DETAIL)
        for name, body, headers in (
            ("no userIDs", {}, AS_ADMIN),
            ("null", {"userIDs": None}, AS_ADMIN),
            ("[]", {"userIDs": []}, AS_ADMIN),
            ("legacy: no userIDs", {}, AS_LEGACY_ADMIN),
        )
    ),
    Scenario("detail: empty for a user", DETAIL, QUERY, NO_DATA, headers=AS_ALICE),
    Scenario("detail: no user is online", DETAIL, QUERY, NO_DATA, headers=AS_ADMIN),
    *(
        Scenario(f"status: {name}", STATUS, body, args("UserIDs is empty"), headers=AS_ALICE)
        for name, body in (("no userIDs", {}), ("null", {"userIDs": None}), ("[]", {"userIDs": []}))
    ),
    Scenario(
        "legacy: status: no userID", STATUS, QUERY, legacy_args("UserID is empty"), headers=AS_LEGACY_ALICE
    ),
    Scenario(
        "legacy: status: no userIDs",
        STATUS,
        {"userID": "alice", "userIDs": []},
        legacy_args("user-list is empty"),
        headers=AS_LEGACY_ALICE,
    ),
    Scenario(
        "legacy: status: 501 users",
        STATUS,
        {"userID": "alice", "userIDs": ["u"] * 501},
        legacy_args("user-list is Limit Exceeded"),
        headers=AS_LEGACY_ALICE,
    ),
    Scenario(
        "legacy: status: 500 users",
        STATUS,
        {"userID": "alice", "userIDs": ["u"] * 500},
        data({"statusList": offline(*["u"] * 500)}),
        headers=AS_LEGACY_ALICE,
    ),
    Scenario(
        "status: 3000 users in request order, with repeated and unknown ones",
        STATUS,
        {"userIDs": ["bob", "nobody", "bob"] * 1000},
        data({"statusList": offline(*["bob", "nobody", "bob"] * 1000)}),
        headers=AS_ALICE,
    ),
    *(
        row
        for path in (SUBSCRIBE, UNSUBSCRIBE)
        for name, body, message in (
            ("no userID", {"userIDs": ["bob"], "genre": 1}, "UserID is empty"),
            ("no userIDs", {"userID": "alice", "genre": 1}, "subscription User-list is empty"),
            ("[]", {"userID": "alice", "userIDs": [], "genre": 1}, "subscription User-list is empty"),
            ("no genre", {"userID": "alice", "userIDs": ["bob"]}, "invalid subscription type parameter"),
            (
                "genre 3",
                {"userID": "alice", "userIDs": ["bob"], "genre": 3},
                "invalid subscription type parameter",
            ),
        )
        for row in (
            Scenario(f"{path}: {name}", path, body, args(message), headers=AS_ALICE),
            Scenario(f"legacy: {path}: {name}", path, body, legacy_args(message), headers=AS_LEGACY_ALICE),
        )
    ),
    Scenario("following: no userID", FOLLOWED, {}, args("UserID is empty"), headers=AS_ALICE),
    Scenario(
        "legacy: following: no userID", FOLLOWED, {}, legacy_args("UserID is empty"), headers=AS_LEGACY_ALICE
    ),
    Scenario(
        "following: no subscriptions",
        FOLLOWED,
        {"userID": "bob"},
        data({"statusList": None}),
        headers=AS_ALICE,
    ),
]


TOO_MANY = args("the list has over 10000 entries")
REFUSED += [
    Scenario(
        f"{path}: 10001", "/v3.8" + path, {**body, "userIDs": ["u"] * 10_001}, TOO_MANY, headers=AS_ADMIN
    )
    for path, body in (
        (ONLINE, {}),
        (DETAIL, {}),
        (STATUS, {}),
        (SUBSCRIBE, {"userID": "u", "genre": 1}),
        (SUBSCRIBE, {"userID": "u", "genre": 2}),
    )
]


@scenarios(REFUSED)
def test_answers_match_v3_byte_for_byte(client: FlaskClient, scenario: Scenario) -> None:
    play(client, scenario, JSON, CORS)


IOS = tokens.v3_8("alice", 1, NOW)
OLD_WEB, WEB = tokens.v3_4("alice", 5, NOW), tokens.v3_4("alice", 5, NOW + 1)


@pytest.fixture(name="app")
def _app(make_app: MakeApp, clock: FakeClock) -> Flask:
    """Return an app in which alice is online on iOS, twice on Web and on a platform without a token."""
    app = make_app()
    services = app.extensions["rollcall"]
    services.start()
    services.users.register([User("alice"), User("bob")])
    issue, codecs = services.tokens.issue, services.codecs
    for format, user_id, platform_id in (
        ("v3.8", "imAdmin", 10),
        ("v3.4", "openIMAdmin", 1),
        ("v3.8", "alice", 1),
        ("v3.4", "alice", 5),
        ("v3.4", "alice", 2),
    ):
        issue(codecs[format].request(user_id, platform_id))
    clock.advance(1)
    issue(codecs["v3.4"].request("alice", 5))
    touch = services.presence.touch
    touch("alice", 5, 60, "tab 1", True)
    touch("alice", 1, 60)
    touch("alice", 5, 60, "tab 2")
    touch("alice", 11, 60)
    return app


def test_online_status_lists_connections_of_each_requested_user(app: Flask) -> None:
    client = app.test_client()
    query = {"userIDs": ["bob", "alice", "bob"]}
    bob = {"userID": "bob", "status": 0, "detailPlatformStatus": None}
    connections = [
        {"platformID": 1, "connID": "", "isBackground": False, "token": IOS},
        {"platformID": 5, "connID": "tab 1", "isBackground": True, "token": WEB},
        {"platformID": 5, "connID": "tab 2", "isBackground": False, "token": WEB},
        {"platformID": 11, "connID": "", "isBackground": False, "token": ""},
    ]
    alice = {"userID": "alice", "status": 1, "detailPlatformStatus": connections}
    play(client, Scenario("", ONLINE, query, data([bob, alice, bob]), headers=AS_ADMIN), JSON, CORS)


def test_legacy_online_status_lists_connections_by_platform_name(app: Flask) -> None:
    client = app.test_client()
    names = {"bob": {"userID": "bob", "status": "offline", "detailPlatformStatus": None}}
    connections = [
        {"platform": platform, "status": "online", "connID": conn_id, "isBackground": back, "token": token}
        for platform, conn_id, back, token in (
            ("IOS", "", False, IOS),
            ("Web", "tab 1", True, WEB),
            ("Web", "tab 2", False, WEB),
            ("HarmonyOS", "", False, ""),
        )
    ]
    alice = {"userID": "alice", "status": "online", "detailPlatformStatus": connections}
    play(
        client,
        Scenario(
            "", ONLINE, {"userIDs": ["alice", "bob"]}, data([alice, names["bob"]]), headers=AS_LEGACY_ADMIN
        ),
        JSON,
        CORS,
    )


def test_token_detail_lists_tokens_of_online_users(app: Flask) -> None:
    client = app.test_client()
    query = {"userIDs": ["bob", "alice"]}
    details = [
        {"platformID": 1, "total": 1, "token": [IOS]},
        {"platformID": 5, "total": 2, "token": [WEB, OLD_WEB]},
        {"platformID": 11, "total": 0, "token": None},
    ]
    alice = {"userID": "alice", "status": 1, "singlePlatformToken": details}
    play(client, Scenario("", DETAIL, query, data([alice]), headers=AS_ADMIN), JSON, CORS)
    legacy_alice = {
        "userID": "alice",
        "status": "online",
        "singlePlatformToken": [
            {"platform": name, "total": row["total"], "token": row["token"]}
            for name, row in zip(("IOS", "Web", "HarmonyOS"), details, strict=True)
        ],
    }
    play(client, Scenario("", DETAIL, query, data([legacy_alice]), headers=AS_LEGACY_ADMIN), JSON, CORS)


def test_token_detail_is_empty_for_a_user(app: Flask) -> None:
    client = app.test_client()
    for token in (IOS, WEB):
        scenario = Scenario("", DETAIL, QUERY, NO_DATA, headers={**OP, "token": token})
        play(client, scenario, JSON, CORS)


ALICE_STATUS = {"userID": "alice", "status": 1, "platformIDs": [1, 5, 11]}


@pytest.mark.parametrize("token", [ADMIN, ADMIN_LEGACY])
def test_users_status_lists_each_requested_user(app: Flask, token: str) -> None:
    client = app.test_client()
    query = {"userID": "bob", "userIDs": ["alice", "bob"]}
    answer = data({"statusList": [ALICE_STATUS, *offline("bob")]})
    play(client, Scenario("", STATUS, query, answer, headers={**OP, "token": token}), JSON, CORS)


@pytest.mark.parametrize("headers", [AS_ADMIN, AS_LEGACY_ADMIN], ids=["current", "legacy"])
def test_subscriptions_survive_a_restart(app: Flask, make_app: MakeApp, headers: dict[str, str]) -> None:
    client = app.test_client()

    def send(path: str, rows: list[dict[str, Any]] | None, **body: Any) -> None:
        answer = data({"statusList": rows})
        play(client, Scenario("", path, {"userID": "bob", **body}, answer, headers=headers), JSON, CORS)

    app.extensions["rollcall"].users.register([User(user_id) for user_id in ("nadia", "carol", "dora")])
    send(
        SUBSCRIBE,
        [*offline("nadia"), ALICE_STATUS, *offline("nadia")],
        userIDs=["nadia", "alice", "nadia"],
        genre=1,
    )
    send(SUBSCRIBE, offline("carol"), userIDs=["carol"], genre=1)
    send(SUBSCRIBE, [ALICE_STATUS], userIDs=["alice"], genre=1)
    send(FOLLOWED, [*offline("nadia"), ALICE_STATUS, *offline("carol")])
    send(UNSUBSCRIBE, offline("dora"), userIDs=["dora"], genre=1)
    send(SUBSCRIBE, None, userIDs=["nadia", "stranger"], genre=2)
    app.extensions["rollcall"].stop()
    client = make_app().test_client()
    send(FOLLOWED, offline("alice", "carol", "dora"))
    send(UNSUBSCRIBE, None, userIDs=["alice", "carol", "dora"], genre=2)
    send(FOLLOWED, None)


def test_a_user_keeps_the_3000_latest_subscriptions(app: Flask) -> None:
    client = app.test_client()
    many = [f"u{number}" for number in range(3000)]
    app.extensions["rollcall"].users.register([User(user_id) for user_id in ("first", *many, "one more")])
    body = {"userID": "bob", "userIDs": ["first", *many], "genre": 1}
    answer = data({"statusList": offline("first", *many)})
    play(client, Scenario("", SUBSCRIBE, body, answer, headers=AS_ADMIN), JSON, CORS)
    followed = data({"statusList": offline(*many)})
    play(client, Scenario("", FOLLOWED, {"userID": "bob"}, followed, headers=AS_ADMIN), JSON, CORS)
    one_more = {"userID": "bob", "userIDs": ["u0", "one more"], "genre": 1}
    answer = data({"statusList": offline("u0", "one more")})
    play(client, Scenario("", SUBSCRIBE, one_more, answer, headers=AS_ADMIN), JSON, CORS)
    followed = data({"statusList": offline(*many[1:], "one more")})
    play(client, Scenario("", FOLLOWED, {"userID": "bob"}, followed, headers=AS_ADMIN), JSON, CORS)


def test_ids_with_nul_characters_are_compared_in_full(app: Flask) -> None:
    """SQLite's JSON functions would cut an id at its first NUL."""
    client = app.test_client()
    app.extensions["rollcall"].users.register([User("carol"), User("dora")])
    for genre, user_ids in ((1, ["alice", "carol"]), (2, ["alice\0", "carol\0x", "dora"])):
        body = {"userID": "bob", "userIDs": user_ids, "genre": genre}
        assert client.post(SUBSCRIBE, json=body, headers=AS_ADMIN).get_json()["errCode"] == 0
    followed = data({"statusList": [ALICE_STATUS, *offline("carol")]})
    play(client, Scenario("", FOLLOWED, {"userID": "bob"}, followed, headers=AS_ADMIN), JSON, CORS)


@pytest.mark.parametrize(
    ("subscriber", "user_id"),
    [("x" * 65, "alice"), ("stranger", "alice"), ("bob", "x" * 65), ("bob", "stranger"), ("bob", "")],
)
def test_a_subscription_of_or_to_an_unknown_user_is_answered_but_not_stored(
    app: Flask, subscriber: str, user_id: str
) -> None:
    client = app.test_client()
    body = {"userID": subscriber, "userIDs": [user_id], "genre": 1}
    status = [ALICE_STATUS] if user_id == "alice" else offline(user_id)
    play(client, Scenario("", SUBSCRIBE, body, data({"statusList": status}), headers=AS_ADMIN), JSON, CORS)
    followed = data({"statusList": None})
    play(client, Scenario("", FOLLOWED, {"userID": subscriber}, followed, headers=AS_ADMIN), JSON, CORS)


def test_a_forced_logout_takes_effect_at_once_on_its_platform(app: Flask) -> None:
    client = app.test_client()
    body = {"platformID": 5, "userID": "alice"}
    status = {"userID": "alice", "status": 1, "platformIDs": [1, 11]}
    for _ in range(2):
        play(client, Scenario("", "/auth/force_logout", body, DONE, headers=AS_ADMIN), JSON, CORS)
        answer = data({"statusList": [status]})
        play(client, Scenario("", STATUS, QUERY, answer, headers=AS_ADMIN), JSON, CORS)
        for token in (OLD_WEB, WEB):
            refusal = current(1506, "TokenKickedError", "TokenKickedError")
            play(
                client,
                Scenario("", "/v3.8" + STATUS, QUERY, refusal, headers={**OP, "token": token}),
                JSON,
                CORS,
            )
    play(
        client,
        Scenario("", STATUS, QUERY, data({"statusList": [status]}), headers={**OP, "token": IOS}),
        JSON,
        CORS,
    )
