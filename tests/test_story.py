"""One user base: a user registered in one dialect exists in every other."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from flask import Flask

from tests.support.drivers import DRIVERS, Driver, OpenIMv2, RongCloud

PAIRS = list(permutations(DRIVERS, 2))


def status_of(app: Flask, *user_ids: str) -> list[dict[str, Any]]:
    """Return the online statuses that OpenIM v2 answers to an administrator."""
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
    one: Driver = first(client)
    other: Driver = second(client)
    offline = {"userID": "user1", "status": "offline"}

    # At first the user is unknown. (RongCloud has no query that does not register.)
    if second is not RongCloud:
        assert other.token("user1") is None
    assert status_of(app, "user1") == [offline]

    # After registration in `one`, `other` issues a token, and both refuse to register the user again.
    # (RongCloud's first getToken for an existing user succeeds, as it only issues a token.)
    assert one.register("user1") == "done"
    token = other.token("user1")
    assert token is not None
    assert one.register("user1") == "exists"
    assert other.register("user1") == ("done" if second is RongCloud else "exists")
    assert other.register("user1") == "exists"
    assert len(app.extensions["rollcall"].users.existing_ids(["user1"])) == 1

    # The token puts the user online, and offline again.
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
