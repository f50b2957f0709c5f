"""Blocks: they expire, survive a restart, and memory and database agree."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from rollcall_server.errors import AdministratorProtected, UserIDInvalid
from rollcall_server.models import User
from rollcall_server.services import Services

from tests.support.clock import START, FakeClock

NOW = int(START)


def stored(services: Services) -> dict[str, int]:
    sql = "SELECT user_id, until FROM blocks"
    return dict(services.storage.database.read(lambda connection: connection.execute(sql).fetchall()))


def test_a_block_disconnects_the_user_and_expires(services: Services, clock: FakeClock) -> None:
    services.users.register([User("a")])
    services.presence.touch("a", 1, 100)
    services.blocks.block(["a", "nobody"], 60)
    assert services.presence.connections(["a"]) == [()]
    assert services.blocks.active() == [("a", NOW + 60), ("nobody", NOW + 60)]
    clock.advance(59.74)
    assert services.blocks.is_blocked("a")
    clock.advance(0.01)
    assert not services.blocks.is_blocked("a")
    assert services.blocks.active() == []


def test_a_later_block_replaces_a_longer_one(services: Services) -> None:
    services.blocks.block(["a", "b"], 600)
    services.blocks.block(["a"], 60)
    assert services.blocks.active() == [("b", NOW + 600), ("a", NOW + 60)]
    services.blocks.unblock(["b", "nobody"])
    assert services.blocks.active() == [("a", NOW + 60)]


def test_blocks_survive_a_restart_and_expired_blocks_are_deleted(
    services: Services, clock: FakeClock
) -> None:
    services.blocks.block(["a"], 60)
    services.blocks.block(["b"], 600)
    services.stop()
    services.start()
    assert services.blocks.active() == [("b", NOW + 600), ("a", NOW + 60)]
    clock.advance(60)
    services.blocks.block(["c"], 1)
    assert stored(services) == {"b": NOW + 600, "c": NOW + 61}


@pytest.mark.parametrize(
    ("user_id", "error"), [("imAdmin", AdministratorProtected), ("a" * 65, UserIDInvalid)]
)
def test_a_batch_with_a_user_who_cannot_be_blocked_blocks_no_user(
    services: Services, user_id: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        services.blocks.block(["a", user_id], 60)
    assert (services.blocks.active(), stored(services)) == ([], {})


def test_memory_and_database_agree_after_concurrent_changes(services: Services) -> None:
    def change(number: int) -> None:
        if number % 3:
            services.blocks.block([f"u{number % 4}"], 60 + number)
        else:
            services.blocks.unblock([f"u{number % 4}"])

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(change, range(400)))
    assert dict(services.blocks.active()) == stored(services)
