"""What is remembered of valid tokens, and what is not."""

from __future__ import annotations

import pytest

from app.domain import valid_tokens
from app.domain.valid_tokens import ValidTokens
from app.models import Token, TokenState


def token(user_id: str, iat: int = 1) -> Token:
    return Token(user_id, 1, "style", "", iat, 100, "key")


class Record:
    """What a database would say, and how often it was asked."""

    def __init__(self, state: TokenState | None = TokenState.NORMAL) -> None:
        self.state = state
        self.asked = 0

    def __call__(self) -> TokenState | None:
        self.asked += 1
        return self.state


@pytest.fixture
def valid() -> ValidTokens:
    return ValidTokens()


def test_a_valid_token_is_looked_up_once(valid: ValidTokens) -> None:
    record = Record()
    assert [valid.state(token("u"), record) for _ in range(3)] == [TokenState.NORMAL] * 3
    assert record.asked == 1
    valid.state(token("u", iat=2), record)
    valid.state(token("v"), record)
    assert record.asked == 3


@pytest.mark.parametrize("state", [TokenState.KICKED, None])
def test_what_is_not_valid_is_looked_up_every_time(valid: ValidTokens, state: TokenState | None) -> None:
    record = Record(state)
    assert [valid.state(token("u"), record) for _ in range(3)] == [state] * 3
    assert record.asked == 3


def test_a_doubted_users_tokens_are_looked_up_again_and_nobody_elses(valid: ValidTokens) -> None:
    mine, yours = Record(), Record()
    valid.state(token("u"), mine)
    valid.state(token("v"), yours)
    mine.state = TokenState.KICKED
    valid.forget("u")
    assert valid.state(token("u"), mine) is TokenState.KICKED
    valid.state(token("v"), yours)
    assert yours.asked == 1


def test_what_was_looked_up_before_a_cancelling_is_not_remembered_after_it(valid: ValidTokens) -> None:
    """The look-up sees the old state, the cancelling commits and forgets, then the look-up returns."""
    record = Record()

    def overtaken() -> TokenState | None:
        state = record()
        record.state = TokenState.KICKED
        valid.forget("u")
        return state

    assert valid.state(token("u"), overtaken) is TokenState.NORMAL
    assert valid.state(token("u"), record) is TokenState.KICKED


def test_so_much_is_remembered_and_no_more(valid: ValidTokens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valid_tokens, "MAX_USERS", 2)
    monkeypatch.setattr(valid_tokens, "MAX_PER_USER", 2)
    record = Record()
    for user_id in ("a", "b", "c"):
        valid.state(token(user_id), record)
    assert list(valid._by_user) == ["b", "c"]
    for iat in (2, 3):
        valid.state(token("c", iat), record)
    assert valid._by_user["c"] == {token("c", 3)}
