"""Deletion removes a user with all the data stored for the user; administrators cannot be deleted."""

from __future__ import annotations

import pytest
from rollcall_server.domain.deletion import MIN_DEACTIVATION_SECONDS
from rollcall_server.errors import ReactivationTooEarly, UserExists, UserNotFound
from rollcall_server.models import Page, TokenFormat, TokenRequest, User
from rollcall_server.services import Services

from tests.support.clock import FakeClock

FORMAT = TokenFormat("style", lifetime=100)


@pytest.fixture(autouse=True)
def user(services: Services) -> None:
    """Register a user with a token, a connection, an attribute and a subscription."""
    services.users.register([User("u", "Name")])
    services.tokens.issue(TokenRequest("u", 1, FORMAT, ("key",), ""))
    services.presence.touch("u", 1, 100)
    services.user_attributes.put("kind", "u", {"a": "1"})
    services.subscriptions.add("u", ["imAdmin"], 60)


def row_counts(services: Services) -> dict[str, int]:
    """Count the rows of user `u` in each table."""
    tables = {
        "users": "user_id",
        "tokens": "user_id",
        "user_attributes": "user_id",
        "subscriptions": "subscriber_id",
    }
    counts = {table: f"SELECT count(*) FROM {table} WHERE {column} = 'u'" for table, column in tables.items()}
    return services.storage.database.read(
        lambda connection: {table: connection.execute(sql).fetchone()[0] for table, sql in counts.items()}
    )


def test_deletion_removes_all_data_of_a_user_and_frees_the_id(services: Services) -> None:
    assert row_counts(services) == {"users": 1, "tokens": 1, "user_attributes": 1, "subscriptions": 1}
    assert services.deletion.delete(["nobody", "u", "imAdmin", "nobody"]) == ["nobody", "imAdmin"]
    assert row_counts(services) == {"users": 0, "tokens": 0, "user_attributes": 0, "subscriptions": 0}
    assert services.presence.connections(["u"]) == [()]
    services.users.register([User("u")])


def test_a_deactivated_user_keeps_the_id_and_can_be_reactivated_after_the_minimum_time(
    services: Services, clock: FakeClock
) -> None:
    services.deletion.deactivate(["u", "nobody", "imAdmin"])
    assert row_counts(services) == {"users": 0, "tokens": 0, "user_attributes": 0, "subscriptions": 0}
    assert services.deletion.deactivated(Page(0, 10)) == ["u"]
    with pytest.raises(UserExists):
        services.users.register([User("u")])
    clock.advance(MIN_DEACTIVATION_SECONDS - 1)
    services.users.register([User("v")])
    services.deletion.deactivate(["v"])
    clock.advance(1)
    with pytest.raises(ReactivationTooEarly):
        services.deletion.reactivate(["u", "v"])
    assert services.deletion.deactivated(Page(0, 10)) == ["u", "v"]
    with pytest.raises(UserNotFound):
        services.users.get("u")
    services.deletion.reactivate(["u", "nobody"])
    assert services.deletion.deactivated(Page(0, 10)) == ["v"]
    assert services.users.get("u").nickname == ""
    with pytest.raises(UserNotFound):
        services.users.get("nobody")
