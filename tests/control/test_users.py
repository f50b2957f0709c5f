"""Users, blocks and presence over the control API."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from rollcall_server.services import Services

from tests.control.test_access import assert_problem, send
from tests.support.clock import FakeClock

USERS = "/_rollcall/users"
ALICE = {
    "userID": "alice",
    "nickname": "Alice",
    "faceURL": "",
    "ex": "",
    "createdAt": "2023-11-14T22:13:20.250Z",
    "online": [],
    "blockedUntil": None,
}


def call(app: Flask, method: str, path: str = "", body: Any = None, status: int = 200) -> Any:
    response = send(app, USERS + path, method, **({} if body is None else {"json": body}))
    assert response.status_code == status, response.get_data(as_text=True)
    return response.get_json()


def test_a_user_is_made_changed_and_deleted(app: Flask, clock: FakeClock) -> None:
    assert call(app, "PUT", "/alice", {"nickname": "Alice"}) == ALICE
    clock.advance(1)
    changed = {**ALICE, "faceURL": "f", "ex": "{}"}
    assert call(app, "PUT", "/alice", {"faceURL": "f", "ex": "{}"}) == changed
    assert call(app, "PUT", "/alice", {}) == call(app, "PUT", "/alice") == changed
    assert call(app, "GET", "/alice") == changed
    assert call(app, "PUT", "/alice", {"faceURL": ""})["faceURL"] == ""
    assert call(app, "DELETE", "/alice") == {}
    assert_problem(send(app, f"{USERS}/alice"), "user-not-found", 404, "there is no user alice")
    deleted = send(app, f"{USERS}/alice", "DELETE")
    assert_problem(deleted, "user-not-found", 404, "there is no user alice")


@pytest.mark.parametrize("user_id", ["a/b", "a b", "用户", "a%b", "a?b#c", ".", "x" * 64, "tokens"])
def test_any_id_can_be_named(app: Flask, user_id: str) -> None:
    path = "/" + quote(user_id, safe="")
    assert call(app, "PUT", path, {})["userID"] == user_id
    assert call(app, "GET", path)["userID"] == user_id
    assert call(app, "PUT", path + "/presence/1", {"ttl": 9})["online"][0]["platformID"] == 1
    assert call(app, "DELETE", path) == {}


def test_a_reserved_id_cannot_be_taken(app: Flask, services: Services) -> None:
    call(app, "PUT", "/alice", {})
    services.deletion.deactivate(["alice"])
    detail = "the id alice is reserved: its user was deactivated"
    assert_problem(send(app, f"{USERS}/alice", "PUT"), "user-exists", 409, detail)


def test_users_are_listed_in_pages(app: Flask, clock: FakeClock) -> None:
    for number in range(5):
        call(app, "PUT", f"/user{number}", {"nickname": f"Nick{number % 2}"})
    call(app, "PUT", "/user1/presence/5", {"ttl": 60})
    call(app, "PUT", "/user3/presence/1", {"ttl": 30})
    call(app, "PUT", "/user3/presence/1", {"ttl": 40, "connID": "other"})

    def ids(query: str) -> list[str]:
        found, place = [], ""
        while True:
            page = call(app, "GET", f"?{query}{place}")
            assert len(page["users"]) <= 100
            found += [user["userID"] for user in page["users"]]
            if page["next"] is None:
                return found
            place = f"&after={page['next']}"

    everyone = [f"user{number}" for number in range(5)]
    assert ids("") == ids("limit=1") == ids("limit=2") == ids("limit=5") == everyone
    assert ids("q=USER1") == ["user1"]
    assert ids("q=nick1&limit=1") == ["user1", "user3"]
    assert ids("q=none") == []
    assert ids("online=true") == ids("online=true&limit=1") == ["user1", "user3"]
    assert ids("online=true&q=nick0") == []
    assert ids("platformID=1") == ["user3"]
    assert ids("online=false") == ids("online=0&limit=1") == ["user0", "user2", "user4"]
    (user,) = call(app, "GET", "?platformID=1")["users"]
    assert user["online"] == [{"platformID": 1, "endsAt": "2023-11-14T22:14:00.250Z"}]
    clock.advance(41)
    assert ids("online=true") == ["user1"]


def test_many_users_who_are_online_are_passed_over(app: Flask, services: Services) -> None:
    body = {"generate": {"count": 1}}
    assert send(app, USERS, "POST", json=body).status_code == 405
    for number in range(30):
        call(app, "PUT", f"/user{number}", {})
        services.presence.touch(f"user{number}", 1, 60)
    assert call(app, "GET", "?online=false") == {"users": [], "next": None}


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("limit=0", "limit has to be from 1 to 1000"),
        ("limit=1001", "limit has to be from 1 to 1000"),
        ("after=-1", f"after has to be from 0 to {2**62}"),
        ("after=x", "after has to be a whole number"),
        ("online=maybe", "online has to be true or false"),
        ("online=false&platformID=1", "platformID is for users who are online"),
        ("name=x", "'name' is not a parameter of this call"),
        ("q=a&q=b", "q is given twice"),
    ],
)
def test_wrong_parameters_are_named(app: Flask, query: str, detail: str) -> None:
    assert_problem(send(app, f"{USERS}?{query}"), "request-invalid", 400, detail)


@pytest.mark.parametrize(
    ("method", "path", "body", "name", "status", "detail"),
    [
        ("PUT", "/" + "x" * 65, {}, "request-invalid", 400, "userID has over 64 characters"),
        ("PUT", "/a%00b", {}, "request-invalid", 400, "userID holds a control character or is not valid "),
        ("PUT", "/a%ff", {}, "request-invalid", 400, "userID holds a control character or is not valid "),
        ("PUT", "/a", {"nickname": "x" * 65537}, "request-invalid", 400, "the texts have over 65536 char"),
        ("PUT", "/a", {"nick": "x"}, "request-invalid", 400, "'nick' is not a field of this call"),
        ("PUT", "/a", {"userID": "x"}, "request-invalid", 400, "userID is given twice"),
        ("PUT", "/a?nickname=x", {}, "request-invalid", 400, "'nickname' is not a parameter of this call"),
        ("DELETE", "/imAdmin", None, "administrator-protected", 403, "imAdmin is an administrator"),
        ("PUT", "/imAdmin/block", {"for": 1}, "administrator-protected", 403, "imAdmin is an administrator"),
        ("PUT", "/unknown/block", {"for": 1}, "user-not-found", 404, "there is no user unknown"),
        ("PUT", "/alice/block", {}, "request-invalid", 400, "for is required"),
        ("PUT", "/alice/block", {"for": 0}, "request-invalid", 400, "for has to be from 1 to 3162240000"),
        ("PUT", "/unknown/presence/1", {}, "user-not-found", 404, "there is no user unknown"),
        ("PUT", "/alice/presence/12", {}, "request-invalid", 400, "platformID has to be from 1 to 11"),
        ("PUT", "/alice/presence/1", {"ttl": 0}, "request-invalid", 400, "ttl has to be from 1 to 86400"),
        ("PUT", "/alice/presence/1", {"connID": "x" * 65}, "request-invalid", 400, "connID has over 64 "),
        ("DELETE", "/unknown/presence/1", None, "user-not-found", 404, "there is no user unknown"),
        ("PUT", "/alice/presence/x", {}, "path-not-found", 404, "the control API has no such path"),
    ],
)
def test_what_cannot_be_done_says_why(
    app: Flask, method: str, path: str, body: Any, name: str, status: int, detail: str
) -> None:
    if path.startswith("/alice") and not path.endswith("/x"):
        call(app, "PUT", "/alice", {})
    response = send(app, USERS + path, method, **({} if body is None else {"json": body}))
    answer = response.get_json()
    assert (answer["type"], response.status_code) == (f"urn:rollcall:{name}", status)
    assert answer["detail"].startswith(detail)


def test_presence_is_put_and_taken_away(app: Flask, clock: FakeClock) -> None:
    call(app, "PUT", "/alice", {"nickname": "Alice"})
    online = [{"platformID": 5, "endsAt": "2023-11-14T22:14:20.250Z"}]
    assert call(app, "PUT", "/alice/presence/5", {"ttl": 60, "connID": "c"}) == {**ALICE, "online": online}
    assert call(app, "DELETE", "/alice/presence/5?connID=other") == {**ALICE, "online": online}
    assert call(app, "DELETE", "/alice/presence/5?connID=c") == ALICE
    call(app, "PUT", "/alice/presence/5", {})
    clock.advance(1799)
    assert len(call(app, "GET", "/alice")["online"]) == 1
    assert call(app, "DELETE", "/alice/presence/5") == ALICE


def test_a_platform_has_a_maximum_of_connections(app: Flask) -> None:
    call(app, "PUT", "/alice", {})
    for number in range(30):
        call(app, "PUT", "/alice/presence/5", {"connID": str(number)})
    response = send(app, f"{USERS}/alice/presence/5", "PUT", json={"connID": "one too many"})
    assert_problem(response, "too-many-connections", 409, "more than 30 connections on platform 5")


def test_a_block_ends_presence_and_is_lifted(app: Flask, clock: FakeClock) -> None:
    call(app, "PUT", "/alice", {"nickname": "Alice"})
    call(app, "PUT", "/alice/presence/5", {})
    blocked = {**ALICE, "blockedUntil": "2023-11-14T22:14:20.000Z"}
    assert call(app, "PUT", "/alice/block", {"for": 60}) == blocked
    response = send(app, f"{USERS}/alice/presence/5", "PUT", json={})
    assert_problem(response, "user-blocked", 409, "alice is blocked")
    assert call(app, "DELETE", "/alice/block") == ALICE
    call(app, "PUT", "/alice/block", {"for": 60})
    clock.advance(60)
    assert call(app, "GET", "/alice") == ALICE


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "/alice%2Ftokens", None),
        ("DELETE", "/alice%2Fblock", None),
        ("DELETE", "/alice%2Fpresence%2F1", None),
        ("PUT", "/alice%2Fblock", {"for": 1}),
    ],
)
def test_a_slash_within_an_id_is_not_the_end_of_another(
    app: Flask, method: str, path: str, body: Any
) -> None:
    call(app, "PUT", "/alice", {"nickname": "Alice"})
    call(app, "PUT", "/alice/presence/1", {})
    call(app, "POST", "/alice/tokens", {})
    before = call(app, "GET", "/alice")
    response = send(app, USERS + path, method, **({} if body is None else {"json": body}))
    detail = "the control API has no such path; a slash in an id is written %2F"
    assert_problem(response, "path-not-found", 404, detail)
    assert call(app, "GET", "/alice") == before
    assert call(app, "DELETE", "/alice/tokens") == {"tokens": 1}
