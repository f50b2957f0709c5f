"""Tokens: who may hold one, until when, and what cancels it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from app.errors import (
    TokenAlreadyIssued,
    TokenExpired,
    TokenKicked,
    TokenNotIssued,
    TokenNotYetValid,
    TokenRefused,
    TokenSignatureInvalid,
    UserExists,
    UserIDInvalid,
    UserNotFound,
)
from app.models import DecodedToken, Token, TokenFormat, TokenRequest, User
from app.services import Services
from tests.conftest import MakeApp
from tests.support.clock import START, FakeClock

FORMAT = TokenFormat("format", lifetime=100)
OTHER_STYLE = TokenFormat("other", lifetime=100, iat_offset=5)
OPAQUE = TokenFormat("opaque", lifetime=100, iat_per_second=1000)
NOW = int(START)


@pytest.fixture(autouse=True)
def user(services: Services) -> None:
    services.users.register([User("u")])


def order(
    user_id: str = "u", platform_id: int = 1, format: TokenFormat = FORMAT, issuer: str = ""
) -> TokenRequest:
    return TokenRequest(user_id, platform_id, format, ("key",), issuer)


def shown(token: Token) -> DecodedToken:
    iat_per_second = OPAQUE.iat_per_second if token.format == OPAQUE.name else 1
    return DecodedToken(token.format, token.iat / iat_per_second, None, token.exp, None, token)


def rows(services: Services) -> list[tuple[object, ...]]:
    sql = "SELECT platform_id, format, issued_at, state FROM tokens ORDER BY issued_at, format"
    return services.database.read(lambda connection: connection.execute(sql).fetchall())


@pytest.mark.parametrize(
    ("format", "iat"), [(FORMAT, NOW), (OTHER_STYLE, NOW - 5), (OPAQUE, int(START * 1000))]
)
def test_a_token_is_dated_by_its_style(services: Services, format: TokenFormat, iat: int) -> None:
    token = services.tokens.issue(order(format=format))
    assert token == Token("u", 1, format.name, "", iat, NOW + 100, "key")
    assert rows(services) == [(1, format.name, int(START * 1000), 0)]


def test_an_unknown_user_gets_none(services: Services) -> None:
    with pytest.raises(UserNotFound):
        services.tokens.issue(order("nobody"))
    assert rows(services) == []


def test_an_issued_token_is_valid_to_the_second_of_its_end(services: Services, clock: FakeClock) -> None:
    token = services.tokens.issue(order())
    assert services.tokens.verify(shown(token)) == token
    clock.wall = token.exp - 0.001
    assert services.tokens.verify(shown(token)) == token
    clock.wall = token.exp
    with pytest.raises(TokenExpired):
        services.tokens.verify(shown(token))


PAST, FUTURE = START - 10, START + 10


@pytest.mark.parametrize(
    ("iat", "nbf", "exp", "signature_error", "refusal"),
    [
        (None, None, None, None, TokenNotIssued),
        (PAST, PAST, FUTURE, None, TokenNotIssued),
        (START, START, FUTURE, None, TokenNotIssued),
        (PAST, PAST, FUTURE, "bad", TokenSignatureInvalid),
        (FUTURE, None, FUTURE, None, TokenSignatureInvalid),
        (PAST, FUTURE, FUTURE, None, TokenNotYetValid),
        (PAST, FUTURE, FUTURE, "bad", TokenNotYetValid),
        (FUTURE, FUTURE, PAST, "bad", TokenExpired),
        (None, None, START, None, TokenExpired),
    ],
)
def test_what_is_wrong_with_a_token_is_told_in_openims_order(
    services: Services,
    iat: float | None,
    nbf: float | None,
    exp: float | None,
    signature_error: str | None,
    refusal: type[TokenRefused],
) -> None:
    with pytest.raises(TokenRefused) as refused:
        services.tokens.verify(DecodedToken("format", iat, nbf, exp, signature_error, None))
    assert type(refused.value) is refusal


def test_a_genuine_token_that_was_not_issued_here_is_unknown(services: Services) -> None:
    token = services.tokens.issue(order())
    with pytest.raises(TokenNotIssued):
        services.tokens.verify(shown(token._replace(platform_id=2)))


def test_the_same_order_in_the_same_second_is_the_same_token_and_writes_nothing(
    services: Services, clock: FakeClock
) -> None:
    first = services.tokens.issue(order())
    before = rows(services)
    clock.advance(0.5)
    assert services.tokens.issue(order()) == first
    assert services.tokens.issue(order(), kicks=True) == first
    assert rows(services) == before
    clock.advance(0.5)
    assert services.tokens.issue(order()) != first


def test_without_kicking_older_tokens_stay(services: Services, clock: FakeClock) -> None:
    tokens = []
    for _ in range(3):
        tokens.append(services.tokens.issue(order()))
        clock.advance(1)
    assert [services.tokens.verify(shown(token)) for token in tokens] == tokens


def test_kicking_cancels_that_platforms_tokens_of_every_style_and_ends_presence_there(
    services: Services, clock: FakeClock
) -> None:
    old, other_style = services.tokens.issue(order()), services.tokens.issue(order(format=OTHER_STYLE))
    elsewhere = services.tokens.issue(order(platform_id=2))
    apps = services.tokens.issue(order(format=OPAQUE, issuer="app"))
    services.presence.touch("u", 1, 60)
    services.presence.touch("u", 2, 60)
    clock.advance(1)
    new = services.tokens.issue(order(), kicks=True)
    for token in (old, other_style):
        with pytest.raises(TokenKicked):
            services.tokens.verify(shown(token))
    for token in (new, elsewhere, apps):
        assert services.tokens.verify(shown(token)) == token
    assert [one.platform_id for one in services.presence.connections(["u"])[0]] == [2]


def test_a_kicked_token_is_known_as_kicked_until_the_next_one_is_issued(
    services: Services, clock: FakeClock
) -> None:
    first = services.tokens.issue(order())
    clock.advance(1)
    services.tokens.issue(order(), kicks=True)
    with pytest.raises(TokenKicked):
        services.tokens.verify(shown(first))
    clock.advance(1)
    services.tokens.issue(order())
    with pytest.raises(TokenNotIssued):
        services.tokens.verify(shown(first))


def test_issuing_drops_the_expired_tokens_of_that_platform(services: Services, clock: FakeClock) -> None:
    services.tokens.issue(order())
    services.tokens.issue(order(platform_id=2))
    clock.advance(101)
    services.tokens.issue(order())
    assert [(row[0], row[2]) for row in rows(services)] == [
        (2, int(START * 1000)),
        (1, int((START + 101) * 1000)),
    ]


def test_a_cancelled_token_that_is_issued_again_in_its_second_is_valid_again(
    services: Services, clock: FakeClock
) -> None:
    first = services.tokens.issue(order())
    services.tokens.issue(order(format=OTHER_STYLE), kicks=True)
    with pytest.raises(TokenKicked):
        services.tokens.verify(shown(first))
    clock.advance(0.5)
    assert services.tokens.issue(order()) == first
    assert services.tokens.verify(shown(first)) == first


def test_enrolling_registers_and_grants_or_does_neither(services: Services) -> None:
    token = services.registration.register_with_token(User("new"), order("new"))
    assert services.tokens.verify(shown(token)) == token
    with pytest.raises(UserExists):
        services.registration.register_with_token(User("new"), order("new"))
    with pytest.raises(UserNotFound):
        services.registration.register_with_token(User("other"), order("not the same"))
    assert services.users.existing_ids(["other"]) == frozenset()


def test_admitting_writes_the_profile_and_keeps_the_face_that_is_not_given(
    services: Services, clock: FakeClock
) -> None:
    services.registration.get_or_register(
        User("new", "one", "face"), order("new", 0, OPAQUE, "app"), once=False
    )
    created_at = services.users.get("new").created_at
    clock.advance(10)
    services.registration.get_or_register(User("new", "two"), order("new", 0, OPAQUE, "app"), once=False)
    assert services.users.get("new") == User("new", "two", "face", created_at=created_at)


def test_one_token_at_a_time_is_per_issuer_and_ends_with_the_token(
    services: Services, clock: FakeClock
) -> None:
    def admit(issuer: str) -> Token:
        return services.registration.get_or_register(User("u", "n"), order("u", 0, OPAQUE, issuer), once=True)

    services.tokens.issue(order())
    admit("app")
    admit("another app")
    with pytest.raises(TokenAlreadyIssued):
        admit("app")
    clock.advance(100)
    admit("app")


def test_a_token_whose_key_is_out_of_use_does_not_count(services: Services) -> None:
    def admit(*keys: str) -> Token:
        with_keys = TokenRequest("u", 0, OPAQUE, keys, "app")
        return services.registration.get_or_register(User("u", "n"), with_keys, once=True)

    admit("old")
    with pytest.raises(TokenAlreadyIssued):
        admit("new", "old")
    assert admit("new").signing_key == "new"


def test_what_a_dialect_has_against_a_new_id_does_not_matter_for_one_that_is_there(
    services: Services,
) -> None:
    def admit(user_id: str) -> Token:
        wanted = order(user_id, 0, OPAQUE, "app")
        user = User(user_id)
        return services.registration.get_or_register(user, wanted, once=False, new_id_error="is ugly")

    assert admit("u").user_id == "u"
    with pytest.raises(UserIDInvalid, match="userID is ugly"):
        admit("new")
    assert services.users.existing_ids(["new"]) == frozenset()


def test_cancelling_is_for_one_platform_is_effective_at_once_and_can_be_repeated(
    services: Services, clock: FakeClock
) -> None:
    cancelled = []
    for format in (FORMAT, OTHER_STYLE):
        cancelled.append(services.tokens.issue(order(format=format)))
        clock.advance(1)
    others = [
        services.tokens.issue(order(platform_id=2)),
        services.tokens.issue(order(format=OPAQUE, issuer="app", platform_id=1)),
    ]
    for platform_id in (1, 2):
        services.presence.touch("u", platform_id, 60)
    assert [services.tokens.verify(shown(token)) for token in cancelled] == cancelled
    for _ in range(2):
        services.tokens.revoke("u", 1)
        for token in cancelled:
            with pytest.raises(TokenKicked):
                services.tokens.verify(shown(token))
        assert [services.tokens.verify(shown(token)) for token in others] == others
        assert [one.platform_id for one in services.presence.connections(["u"])[0]] == [2]
    services.tokens.revoke("nobody", 1)


@pytest.mark.parametrize(
    ("policy", "left", "still_online"),
    [(0, [2, 3, 4, 5], [1, 2, 3, 5]), (1, [2, 3, 4], [1, 3, 5]), (4, [3, 4], [3, 5]), (5, [3], [3])],
)
def test_the_policy_says_who_is_kicked_and_who_of_them_is_offline_then(
    make_app: MakeApp,
    tmp_path: Path,
    clock: FakeClock,
    policy: int,
    left: list[int],
    still_online: list[int],
) -> None:
    settings = {"openim_multi_login_policy": policy, "openim_max_num_one_end": 2}
    services = make_app(instance=tmp_path / "another", **settings).extensions["rollcall"]
    services.start()
    services.users.register([User("u")])
    held = []
    for platform_id in (2, 2, 1, 3, 5, 2):
        held.append(services.tokens.issue(order(platform_id=platform_id)))
        services.presence.touch("u", platform_id, 60)
        clock.advance(1)
    new = services.tokens.issue(order(platform_id=2), kicks=True)
    assert services.tokens.verify(shown(new)) == new
    valid = []
    for place, token in enumerate(held):
        with contextlib.suppress(TokenKicked):
            services.tokens.verify(shown(token))
            valid.append(place)
    online = [connection.platform_id for connection in services.presence.connections(["u"])[0]]
    assert (valid, online) == (left, still_online)


def test_held_tokens_are_those_that_are_valid_the_newest_first(
    make_app: MakeApp, tmp_path: Path, clock: FakeClock
) -> None:
    services = make_app(instance=tmp_path / "another", openim_max_num_one_end=2).extensions["rollcall"]
    services.start()
    services.users.register([User("u"), User("v"), User("w")])
    services.tokens.issue(order())
    clock.advance(60)
    web = services.tokens.issue(order(platform_id=5, format=OTHER_STYLE))
    services.tokens.issue(order(platform_id=2))
    services.tokens.revoke("u", 2)
    services.tokens.issue(order(format=OPAQUE, issuer="app"))
    others = [services.tokens.issue(order("v"))]
    clock.advance(40)
    others.append(services.tokens.issue(order("v")))
    clock.advance(1)
    others.append(services.tokens.issue(order("v")))
    assert services.tokens.active_tokens(["u", "v", "w", "nobody"]) == {
        "u": {5: [web]},
        "v": {1: [others[2], others[1]]},
        "w": {},
        "nobody": {},
    }
