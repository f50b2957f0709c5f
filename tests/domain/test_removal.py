"""Removal: whoever goes, goes with all that is kept with them; administrators stay."""

from __future__ import annotations

import pytest

from app.domain.removal import SHORTEST_DEACTIVATION
from app.errors import TooEarly, UserExists, UserNotFound
from app.models import Page, TokenOrder, TokenStyle, User
from app.services import Services
from tests.support.clock import FakeClock

STYLE = TokenStyle("style", lifetime=100)


@pytest.fixture(autouse=True)
def user(services: Services) -> None:
    """Register a user with a token, a presence, a note and a subscription."""
    services.users.register([User("u", "Name")])
    services.tokens.grant(TokenOrder("u", 1, STYLE, ("key",), ""))
    services.presence.touch("u", 1, 100)
    services.notes.put("kind", "u", {"a": "1"})
    services.subscriptions.add("u", ["v"], 60)


def left(services: Services) -> dict[str, int]:
    """Count what there is of u in every table."""
    tables = {"users": "user_id", "tokens": "user_id", "notes": "user_id", "subscriptions": "subscriber_id"}
    counts = {table: f"SELECT count(*) FROM {table} WHERE {column} = 'u'" for table, column in tables.items()}
    return services.database.read(
        lambda connection: {table: connection.execute(sql).fetchone()[0] for table, sql in counts.items()}
    )


def test_deleting(services: Services) -> None:
    assert left(services) == {"users": 1, "tokens": 1, "notes": 1, "subscriptions": 1}
    assert services.removal.delete(["nobody", "u", "imAdmin", "nobody"]) == ["nobody", "imAdmin"]
    assert left(services) == {"users": 0, "tokens": 0, "notes": 0, "subscriptions": 0}
    assert services.presence.connections(["u"]) == [()]
    services.users.register([User("u")])


def test_deactivating_and_back(services: Services, clock: FakeClock) -> None:
    services.removal.deactivate(["u", "nobody", "imAdmin"])
    assert left(services) == {"users": 0, "tokens": 0, "notes": 0, "subscriptions": 0}
    assert services.removal.deactivated(Page(0, 10)) == ["u"]
    with pytest.raises(UserExists):
        services.users.register([User("u")])
    clock.advance(SHORTEST_DEACTIVATION - 1)
    services.users.register([User("v")])
    services.removal.deactivate(["v"])
    clock.advance(1)
    with pytest.raises(TooEarly):
        services.removal.reactivate(["u", "v"])
    assert services.removal.deactivated(Page(0, 10)) == ["u", "v"]
    with pytest.raises(UserNotFound):
        services.users.get("u")
    services.removal.reactivate(["u", "nobody"])
    assert services.removal.deactivated(Page(0, 10)) == ["v"]
    assert services.users.get("u").nickname == ""
    with pytest.raises(UserNotFound):
        services.users.get("nobody")
