"""ValidTokens caches the states of valid tokens only."""

from __future__ import annotations

import pytest
from rollcall_server.domain import valid_tokens
from rollcall_server.domain.valid_tokens import ValidTokens
from rollcall_server.models import Token, TokenState


def token(user_id: str, iat: int = 1) -> Token:
    return Token(user_id, 1, "style", "", iat, 100, "key")


class FakeDatabase:
    """Answers with a token state, and counts the look-ups."""

    def __init__(self, state: TokenState | None = TokenState.NORMAL) -> None:
        self.state = state
        self.lookups = 0

    def __call__(self) -> TokenState | None:
        self.lookups += 1
        return self.state


@pytest.fixture
def cache() -> ValidTokens:
    return ValidTokens()


def test_a_valid_token_is_looked_up_once(cache: ValidTokens) -> None:
    database = FakeDatabase()
    assert [cache.state(token("u"), database) for _ in range(3)] == [TokenState.NORMAL] * 3
    assert database.lookups == 1
    cache.state(token("u", iat=2), database)
    cache.state(token("v"), database)
    assert database.lookups == 3


@pytest.mark.parametrize("state", [TokenState.KICKED, None])
def test_the_state_of_an_invalid_token_is_not_cached(cache: ValidTokens, state: TokenState | None) -> None:
    database = FakeDatabase(state)
    assert [cache.state(token("u"), database) for _ in range(3)] == [state] * 3
    assert database.lookups == 3


def test_forget_drops_the_cached_tokens_of_one_user_only(cache: ValidTokens) -> None:
    first, second = FakeDatabase(), FakeDatabase()
    cache.state(token("u"), first)
    cache.state(token("v"), second)
    first.state = TokenState.KICKED
    cache.forget("u")
    assert cache.state(token("u"), first) is TokenState.KICKED
    cache.state(token("v"), second)
    assert second.lookups == 1


def test_a_look_up_that_a_revocation_overtakes_is_not_cached(cache: ValidTokens) -> None:
    """The look-up reads the old state, the revocation commits and calls forget, the look-up returns."""
    database = FakeDatabase()

    def overtaken() -> TokenState | None:
        state = database()
        database.state = TokenState.KICKED
        cache.forget("u")
        return state

    assert cache.state(token("u"), overtaken) is TokenState.NORMAL
    assert cache.state(token("u"), database) is TokenState.KICKED


def test_the_cache_is_bounded(cache: ValidTokens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valid_tokens, "MAX_USERS", 2)
    monkeypatch.setattr(valid_tokens, "MAX_PER_USER", 2)
    database = FakeDatabase()
    for user_id in ("a", "b", "c"):
        cache.state(token(user_id), database)
    assert list(cache._by_user) == ["b", "c"]
    for iat in (2, 3):
        cache.state(token("c", iat), database)
    assert cache._by_user["c"] == {token("c", 3)}
