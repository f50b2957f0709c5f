"""OpenIM v3: who is online, and who follows whom, in both generations."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models import User
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
ASK = {"userIDs": ["alice"]}
NOBODY = data(None)


def offline(*user_ids: str) -> list[dict[str, Any]]:
    return [{"userID": user_id, "status": 0, "platformIDs": None} for user_id in user_ids]


REFUSED = [
    Scenario("online: no manager", ONLINE, ASK, no_permission("only app manager"), headers=AS_ALICE),
    Scenario(
        "legacy: online: no manager",
        ONLINE,
        ASK,
        legacy_no_permission("only app manager"),
        headers=AS_LEGACY_ALICE,
    ),
    Scenario("online: no token", ONLINE, ASK, args("header must have token"), headers=OP),
    Scenario("detail: no token", DETAIL, ASK, args("header must have token"), headers=OP),
    *(
        Scenario(
            f"{path}: {name}", prefix + path, body, current(1001, "ArgsError", text), 400, headers=headers
        )
        for path in (ONLINE, DETAIL)
        for prefix, headers in (("/v3.8", AS_ADMIN), ("/v3.4", AS_LEGACY_ADMIN))
        for name, body, text in (
            ("no body" + prefix, b"", "EOF"),
            ("half a body" + prefix, b"{", "unexpected EOF"),
            (
                "a wrong type" + prefix,
                {"userIDs": "alice"},
                FIELD.format("string", "GetUsersOnlineStatusReq.userIDs", "[]string"),
            ),
        )
    ),
    Scenario("online: text behind the body", "/v3.8" + ONLINE, b"{} x", NOBODY, headers=AS_ADMIN),
    *(
        Scenario(f"{path}: {name}", "/v3" + path, body, NOBODY, headers=headers)
        for path in (ONLINE, DETAIL)
        for name, body, headers in (
            ("nothing asked", {}, AS_ADMIN),
            ("null", {"userIDs": None}, AS_ADMIN),
            ("[]", {"userIDs": []}, AS_ADMIN),
            ("legacy: nothing asked", {}, AS_LEGACY_ADMIN),
        )
    ),
    Scenario("detail: to a user, nobody", DETAIL, ASK, NOBODY, headers=AS_ALICE),
    Scenario("detail: nobody is online", DETAIL, ASK, NOBODY, headers=AS_ADMIN),
    *(
        Scenario(f"status: {name}", STATUS, body, args("UserIDs is empty"), headers=AS_ALICE)
        for name, body in (("nothing", {}), ("null", {"userIDs": None}), ("[]", {"userIDs": []}))
    ),
    Scenario(
        "legacy: status: nobody asks", STATUS, ASK, legacy_args("UserID is empty"), headers=AS_LEGACY_ALICE
    ),
    Scenario(
        "legacy: status: of nobody",
        STATUS,
        {"userID": "alice", "userIDs": []},
        legacy_args("user-list is empty"),
        headers=AS_LEGACY_ALICE,
    ),
    Scenario(
        "legacy: status: of 501",
        STATUS,
        {"userID": "alice", "userIDs": ["u"] * 501},
        legacy_args("user-list is Limit Exceeded"),
        headers=AS_LEGACY_ALICE,
    ),
    Scenario(
        "legacy: status: of 500",
        STATUS,
        {"userID": "alice", "userIDs": ["u"] * 500},
        data({"statusList": offline(*["u"] * 500)}),
        headers=AS_LEGACY_ALICE,
    ),
    Scenario(
        "status: of 3000, in the order asked, repeated, nobody too",
        STATUS,
        {"userIDs": ["bob", "nobody", "bob"] * 1000},
        data({"statusList": offline(*["bob", "nobody", "bob"] * 1000)}),
        headers=AS_ALICE,
    ),
    *(
        row
        for path in (SUBSCRIBE, UNSUBSCRIBE)
        for name, body, message in (
            ("nobody", {"userIDs": ["bob"], "genre": 1}, "UserID is empty"),
            ("to nobody", {"userID": "alice", "genre": 1}, "subscription User-list is empty"),
            ("to []", {"userID": "alice", "userIDs": [], "genre": 1}, "subscription User-list is empty"),
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
    Scenario("followed: nobody", FOLLOWED, {}, args("UserID is empty"), headers=AS_ALICE),
    Scenario(
        "legacy: followed: nobody", FOLLOWED, {}, legacy_args("UserID is empty"), headers=AS_LEGACY_ALICE
    ),
    Scenario(
        "followed: who follows nobody",
        FOLLOWED,
        {"userID": "bob"},
        data({"statusList": None}),
        headers=AS_ALICE,
    ),
]


TOO_MANY = args("the list has over 10000 entries")
REFUSED += [
    Scenario(
        f"{path}: of 10001", "/v3.8" + path, {**body, "userIDs": ["u"] * 10_001}, TOO_MANY, headers=AS_ADMIN
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
def test_an_answer_is_v3s_to_the_byte(client: FlaskClient, scenario: Scenario) -> None:
    play(client, scenario, JSON, CORS)


IOS = tokens.v3_8("alice", 1, NOW)
OLD_WEB, WEB = tokens.v3_4("alice", 5, NOW), tokens.v3_4("alice", 5, NOW + 1)


@pytest.fixture(name="here")
def _here(make_app: MakeApp, clock: FakeClock) -> Flask:
    """A Rollcall in which alice is online on iOS, twice on Web and once where no token of OpenIM's is."""
    app = make_app()
    services = app.extensions["rollcall"]
    services.start()
    services.users.register([User("alice"), User("bob")])
    issue, order = services.tokens.issue, services.codecs.request
    for format, user_id, platform_id in (
        ("v3.8", "imAdmin", 10),
        ("v3.4", "openIMAdmin", 1),
        ("v3.8", "alice", 1),
        ("v3.4", "alice", 5),
        ("v3.4", "alice", 2),
    ):
        issue(order(format, user_id, platform_id))
    clock.advance(1)
    issue(order("v3.4", "alice", 5))
    touch = services.presence.touch
    touch("alice", 5, 60, "tab 1", True)
    touch("alice", 1, 60)
    touch("alice", 5, 60, "tab 2")
    touch("alice", 11, 60)
    return app


def test_the_connections_of_everybody_asked_about(here: Flask) -> None:
    client = here.test_client()
    ask = {"userIDs": ["bob", "alice", "bob"]}
    bob = {"userID": "bob", "status": 0, "detailPlatformStatus": None}
    connections = [
        {"platformID": 1, "connID": "", "isBackground": False, "token": IOS},
        {"platformID": 5, "connID": "tab 1", "isBackground": True, "token": WEB},
        {"platformID": 5, "connID": "tab 2", "isBackground": False, "token": WEB},
        {"platformID": 11, "connID": "", "isBackground": False, "token": ""},
    ]
    alice = {"userID": "alice", "status": 1, "detailPlatformStatus": connections}
    play(client, Scenario("", ONLINE, ask, data([bob, alice, bob]), headers=AS_ADMIN), JSON, CORS)


def test_the_connections_as_the_elder_generation_has_them(here: Flask) -> None:
    client = here.test_client()
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


def test_the_tokens_of_those_who_are_online(here: Flask) -> None:
    client = here.test_client()
    ask = {"userIDs": ["bob", "alice"]}
    details = [
        {"platformID": 1, "total": 1, "token": [IOS]},
        {"platformID": 5, "total": 2, "token": [WEB, OLD_WEB]},
        {"platformID": 11, "total": 0, "token": None},
    ]
    alice = {"userID": "alice", "status": 1, "singlePlatformToken": details}
    play(client, Scenario("", DETAIL, ask, data([alice]), headers=AS_ADMIN), JSON, CORS)
    elder = {
        "userID": "alice",
        "status": "online",
        "singlePlatformToken": [
            {"platform": name, "total": row["total"], "token": row["token"]}
            for name, row in zip(("IOS", "Web", "HarmonyOS"), details, strict=True)
        ],
    }
    play(client, Scenario("", DETAIL, ask, data([elder]), headers=AS_LEGACY_ADMIN), JSON, CORS)


def test_nobodys_tokens_are_shown_to_a_user(here: Flask) -> None:
    client = here.test_client()
    for token in (IOS, WEB):
        scenario = Scenario("", DETAIL, ASK, NOBODY, headers={**OP, "token": token})
        play(client, scenario, JSON, CORS)


ALICE_STATUS = {"userID": "alice", "status": 1, "platformIDs": [1, 5, 11]}


@pytest.mark.parametrize("token", [ADMIN, ADMIN_LEGACY])
def test_the_status_of_everybody_asked_about(here: Flask, token: str) -> None:
    client = here.test_client()
    ask = {"userID": "bob", "userIDs": ["alice", "bob"]}
    answer = data({"statusList": [ALICE_STATUS, *offline("bob")]})
    play(client, Scenario("", STATUS, ask, answer, headers={**OP, "token": token}), JSON, CORS)


@pytest.mark.parametrize("headers", [AS_ADMIN, AS_LEGACY_ADMIN], ids=["current", "legacy"])
def test_who_is_followed_is_remembered_over_a_restart(
    here: Flask, make_app: MakeApp, headers: dict[str, str]
) -> None:
    client = here.test_client()

    def send(path: str, rows: list[dict[str, Any]] | None, **body: Any) -> None:
        answer = data({"statusList": rows})
        play(client, Scenario("", path, {"userID": "bob", **body}, answer, headers=headers), JSON, CORS)

    send(
        SUBSCRIBE,
        [*offline("nobody"), ALICE_STATUS, *offline("nobody")],
        userIDs=["nobody", "alice", "nobody"],
        genre=1,
    )
    send(SUBSCRIBE, offline("carol"), userIDs=["carol"], genre=1)
    send(SUBSCRIBE, [ALICE_STATUS], userIDs=["alice"], genre=1)
    send(FOLLOWED, [*offline("nobody"), ALICE_STATUS, *offline("carol")])
    send(UNSUBSCRIBE, offline("dora"), userIDs=["dora"], genre=1)
    send(SUBSCRIBE, None, userIDs=["nobody", "stranger"], genre=2)
    here.extensions["rollcall"].stop()
    client = make_app().test_client()
    send(FOLLOWED, offline("alice", "carol", "dora"))
    send(UNSUBSCRIBE, None, userIDs=["alice", "carol", "dora"], genre=2)
    send(FOLLOWED, None)


def test_nobody_follows_more_than_3000(here: Flask) -> None:
    client = here.test_client()
    many = [f"u{number}" for number in range(3000)]
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


def test_an_id_is_compared_to_its_end(here: Flask) -> None:
    """Even where it holds what SQLite's JSON would end it at."""
    client = here.test_client()
    for genre, user_ids in ((1, ["alice", "carol"]), (2, ["alice\0", "carol\0x", "dora"])):
        body = {"userID": "bob", "userIDs": user_ids, "genre": genre}
        assert client.post(SUBSCRIBE, json=body, headers=AS_ADMIN).get_json()["errCode"] == 0
    followed = data({"statusList": [ALICE_STATUS, *offline("carol")]})
    play(client, Scenario("", FOLLOWED, {"userID": "bob"}, followed, headers=AS_ADMIN), JSON, CORS)


@pytest.mark.parametrize(("subscriber", "user_id"), [("x" * 65, "alice"), ("bob", "x" * 65), ("bob", "")])
def test_what_can_be_nobodys_id_is_answered_and_not_remembered(
    here: Flask, subscriber: str, user_id: str
) -> None:
    client = here.test_client()
    body = {"userID": subscriber, "userIDs": [user_id], "genre": 1}
    status = [ALICE_STATUS] if user_id == "alice" else offline(user_id)
    play(client, Scenario("", SUBSCRIBE, body, data({"statusList": status}), headers=AS_ADMIN), JSON, CORS)
    followed = data({"statusList": None})
    play(client, Scenario("", FOLLOWED, {"userID": subscriber}, followed, headers=AS_ADMIN), JSON, CORS)


def test_a_forced_logout_is_effective_at_once_on_that_platform(here: Flask) -> None:
    client = here.test_client()
    body = {"platformID": 5, "userID": "alice"}
    status = {"userID": "alice", "status": 1, "platformIDs": [1, 11]}
    for _ in range(2):
        play(client, Scenario("", "/auth/force_logout", body, DONE, headers=AS_ADMIN), JSON, CORS)
        answer = data({"statusList": [status]})
        play(client, Scenario("", STATUS, ASK, answer, headers=AS_ADMIN), JSON, CORS)
        for token in (OLD_WEB, WEB):
            refusal = current(1506, "TokenKickedError", "TokenKickedError")
            play(
                client,
                Scenario("", "/v3.8" + STATUS, ASK, refusal, headers={**OP, "token": token}),
                JSON,
                CORS,
            )
    play(
        client,
        Scenario("", STATUS, ASK, data({"statusList": [status]}), headers={**OP, "token": IOS}),
        JSON,
        CORS,
    )
