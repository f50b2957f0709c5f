"""Registration: all or nothing, exactly one winner, invalid ids."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from rollcall_server.errors import UserExists, UserIDInvalid, UserNotFound
from rollcall_server.models import User
from rollcall_server.services import Services

from tests.support.clock import START, FakeClock


def test_a_registered_user_is_stored_as_given_with_the_servers_creation_time(services: Services) -> None:
    user = User("u", "nick", "face", 1, "123", 1640692941, "a@b", "{}", 2, 1, created_at=5)
    services.users.register([user])
    assert services.users.get("u") == user._replace(created_at=int(START * 1000))


def test_an_unknown_user_is_not_found(services: Services) -> None:
    with pytest.raises(UserNotFound) as refusal:
        services.users.get("nobody")
    assert refusal.value.user_id == "nobody"


@pytest.mark.parametrize(
    "user_id",
    ["", "x" * 65, "a\0b", "a\nb", "a\x7fb", "a\x85b", "a\ud800b", "a\ufffdb"],
    ids=["empty", "too long", "NUL", "newline", "DEL", "NEL", "surrogate", "replacement"],
)
def test_an_invalid_id_is_refused(services: Services, user_id: str) -> None:
    with pytest.raises(UserIDInvalid):
        services.users.register([User("fine"), User(user_id)])
    assert services.users.existing_ids(["fine"]) == frozenset()


@pytest.mark.parametrize("user_id", ["x" * 64, "名" * 64, "a b", "a@b.c", "🦜", "A", "a\u200bb", "'; DROP"])
def test_any_other_id_is_valid(services: Services, user_id: str) -> None:
    services.users.register([User(user_id)])
    assert services.users.get(user_id).user_id == user_id
    assert services.users.existing_ids([user_id, user_id.swapcase() + "?"]) == {user_id}


def test_ids_are_compared_byte_by_byte(services: Services) -> None:
    """Ids that differ in case, normalisation or trailing blanks are different."""
    ids = ["a", "A", "a ", "é", "e\u0301", "a\u200b"]
    services.users.register([User(user_id) for user_id in ids])
    assert services.users.existing_ids(ids) == frozenset(ids)


def test_a_batch_with_one_existing_user_registers_no_user(services: Services) -> None:
    services.users.register([User("b")])
    with pytest.raises(UserExists) as refusal:
        services.users.register([User("a"), User("b"), User("c")])
    assert refusal.value.user_id == "b"
    assert services.users.existing_ids(["a", "b", "c"]) == {"b"}


@pytest.mark.parametrize("user_id", ["a\0b", "a\0"])
def test_a_lookup_does_not_stop_at_a_nul(services: Services, user_id: str) -> None:
    services.users.register([User("a")])
    assert user_id not in services.users.existing_ids([user_id])


def test_exactly_one_of_many_concurrent_registrations_of_an_id_succeeds(services: Services) -> None:
    start = Barrier(32)

    def register(number: int) -> bool:
        start.wait(10)
        try:
            services.users.register([User("one", nickname=str(number))])
        except UserExists:
            return False
        return True

    with ThreadPoolExecutor(32) as pool:
        won = list(pool.map(register, range(32)))
    assert won.count(True) == 1
    assert services.users.get("one").nickname == str(won.index(True))


def test_administrators_are_registered_at_start_and_not_changed_later(
    services: Services, clock: FakeClock
) -> None:
    admins = services.settings.admins
    assert services.users.existing_ids(admins) == frozenset(admins)
    before = services.users.get("imAdmin")
    assert before.nickname == "imAdmin"
    clock.advance(60)
    services.users.register_administrators()
    assert services.users.get("imAdmin") == before
    assert services.users.is_administrator("imAdmin")
    assert not services.users.is_administrator("imadmin")
