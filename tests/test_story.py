"""One user base: who is registered in one dialect is the same user in every other."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from flask import Flask

from tests.support.drivers import DRIVERS, Driver, OpenIMv2, RongCloud

PAIRS = list(permutations(DRIVERS, 2))


def status_of(app: Flask, *user_ids: str) -> list[dict[str, Any]]:
    """Ask for the online status as an administrator, in v2's words."""
    client = app.test_client()
    token = OpenIMv2(client).token("openIMAdmin")
    body = {"operationID": "op", "userIDList": list(user_ids)}
    answer = client.post(
        "/user/get_users_online_status", json=body, headers={"token": token or ""}
    ).get_json()
    assert (answer["errCode"], answer["errMsg"]) == (0, "")
    statuses: list[dict[str, Any]] = answer["data"]
    return statuses


@pytest.mark.parametrize(("first", "second"), PAIRS, ids=[f"{a.name}-{b.name}" for a, b in PAIRS])
def test_a_user_of_one_dialect_is_the_same_user_in_the_other(app: Flask, first: Any, second: Any) -> None:
    client = app.test_client()
    here: Driver = first(client)
    there: Driver = second(client)
    offline = {"userID": "user1", "status": "offline"}

    # Before: nobody knows the user. (RongCloud has no way to ask without registering.)
    if second is not RongCloud:
        assert there.token("user1") is None
    assert status_of(app, "user1") == [offline]

    # Registered here, known there: a token there, and registering again is refused on both sides.
    # (A user from elsewhere gets a RongCloud app's first token, which registers nobody twice.)
    assert here.register("user1") == "done"
    token = there.token("user1")
    assert token is not None
    assert here.register("user1") == "exists"
    assert there.register("user1") == ("done" if second is RongCloud else "exists")
    assert there.register("user1") == "exists"
    assert len(app.extensions["rollcall"].users.existing_ids(["user1"])) == 1

    # Online with the token from there, seen by everybody, and offline again.
    heartbeat = client.post("/presence/heartbeat", json={}, headers={"token": token}).get_json()
    assert heartbeat["errCode"] == 0
    online = {
        "userID": "user1",
        "status": "online",
        "detailPlatformStatus": [{"platform": second.online_as, "status": "online"}],
    }
    assert status_of(app, "user1", "nobody") == [online, {"userID": "nobody", "status": "offline"}]
    client.post("/presence/leave", json={}, headers={"token": token})
    assert status_of(app, "user1") == [offline]
