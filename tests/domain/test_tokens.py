"""Tokens: issue, verification, expiry and revocation."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from rollcall_server.errors import (
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
from rollcall_server.models import DecodedToken, Token, TokenFormat, TokenRequest, User
from rollcall_server.services import Services

from tests.conftest import MakeApp
from tests.support.clock import START, FakeClock

FORMAT = TokenFormat("format", lifetime=100)
OTHER_FORMAT = TokenFormat("other", lifetime=100, iat_offset=5)
OPAQUE = TokenFormat("opaque", lifetime=100, iat_per_second=1000)
NOW = int(START)


@pytest.fixture(autouse=True)
def user(services: Services) -> None:
    services.users.register([User("u")])


def request(
    user_id: str = "u", platform_id: int = 1, format: TokenFormat = FORMAT, issuer: str = ""
) -> TokenRequest:
    return TokenRequest(user_id, platform_id, format, ("key",), issuer)


def decoded(token: Token) -> DecodedToken:
    iat_per_second = OPAQUE.iat_per_second if token.format == OPAQUE.name else 1
    return DecodedToken(token.format, token.iat / iat_per_second, None, token.exp, None, token)


def rows(services: Services) -> list[tuple[object, ...]]:
    sql = "SELECT platform_id, format, issued_at, state FROM tokens ORDER BY issued_at, format"
    return services.storage.database.read(lambda connection: connection.execute(sql).fetchall())


@pytest.mark.parametrize(
    ("format", "iat"), [(FORMAT, NOW), (OTHER_FORMAT, NOW - 5), (OPAQUE, int(START * 1000))]
)
def test_the_format_sets_the_issue_time_of_a_token(services: Services, format: TokenFormat, iat: int) -> None:
    token = services.tokens.issue(request(format=format))
    assert token == Token("u", 1, format.name, "", iat, NOW + 100, "key")
    assert rows(services) == [(1, format.name, int(START * 1000), 0)]


def test_an_unknown_user_gets_no_token(services: Services) -> None:
    with pytest.raises(UserNotFound):
        services.tokens.issue(request("nobody"))
    assert rows(services) == []


def test_an_issued_token_is_valid_until_its_expiry_time(services: Services, clock: FakeClock) -> None:
    token = services.tokens.issue(request())
    assert services.tokens.verify(decoded(token)) == token
    clock.wall = token.exp - 0.001
    assert services.tokens.verify(decoded(token)) == token
    clock.wall = token.exp
    with pytest.raises(TokenExpired):
        services.tokens.verify(decoded(token))


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
def test_the_checks_of_a_token_run_in_openims_order(
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


def test_a_correctly_signed_token_that_was_not_issued_is_refused(services: Services) -> None:
    token = services.tokens.issue(request())
    with pytest.raises(TokenNotIssued):
        services.tokens.verify(decoded(token._replace(platform_id=2)))


def test_a_repeated_request_in_the_same_second_returns_the_same_token_and_writes_nothing(
    services: Services, clock: FakeClock
) -> None:
    first = services.tokens.issue(request())
    before = rows(services)
    clock.advance(0.5)
    assert services.tokens.issue(request()) == first
    assert services.tokens.issue(request(), kicks=True) == first
    assert rows(services) == before
    clock.advance(0.5)
    assert services.tokens.issue(request()) != first


def test_without_kicks_older_tokens_stay_valid(services: Services, clock: FakeClock) -> None:
    tokens = []
    for _ in range(3):
        tokens.append(services.tokens.issue(request()))
        clock.advance(1)
    assert [services.tokens.verify(decoded(token)) for token in tokens] == tokens


def test_kicks_revoke_the_platforms_tokens_of_every_format_and_end_presence_there(
    services: Services, clock: FakeClock
) -> None:
    old, other_format = services.tokens.issue(request()), services.tokens.issue(request(format=OTHER_FORMAT))
    other_platform = services.tokens.issue(request(platform_id=2))
    of_issuer = services.tokens.issue(request(format=OPAQUE, issuer="app"))
    services.presence.touch("u", 1, 60)
    services.presence.touch("u", 2, 60)
    clock.advance(1)
    new = services.tokens.issue(request(), kicks=True)
    for token in (old, other_format):
        with pytest.raises(TokenKicked):
            services.tokens.verify(decoded(token))
    for token in (new, other_platform, of_issuer):
        assert services.tokens.verify(decoded(token)) == token
    assert [one.platform_id for one in services.presence.connections(["u"])[0]] == [2]


def test_a_kicked_token_is_refused_as_kicked_until_the_next_issue(
    services: Services, clock: FakeClock
) -> None:
    first = services.tokens.issue(request())
    clock.advance(1)
    services.tokens.issue(request(), kicks=True)
    with pytest.raises(TokenKicked):
        services.tokens.verify(decoded(first))
    clock.advance(1)
    services.tokens.issue(request())
    with pytest.raises(TokenNotIssued):
        services.tokens.verify(decoded(first))


def test_issue_deletes_the_expired_tokens_of_that_platform(services: Services, clock: FakeClock) -> None:
    services.tokens.issue(request())
    services.tokens.issue(request(platform_id=2))
    clock.advance(101)
    services.tokens.issue(request())
    assert [(row[0], row[2]) for row in rows(services)] == [
        (2, int(START * 1000)),
        (1, int((START + 101) * 1000)),
    ]


def test_a_revoked_token_that_is_reissued_in_the_same_second_is_valid_again(
    services: Services, clock: FakeClock
) -> None:
    first = services.tokens.issue(request())
    services.tokens.issue(request(format=OTHER_FORMAT), kicks=True)
    with pytest.raises(TokenKicked):
        services.tokens.verify(decoded(first))
    clock.advance(0.5)
    assert services.tokens.issue(request()) == first
    assert services.tokens.verify(decoded(first)) == first


def test_registration_with_a_token_does_both_or_neither(services: Services) -> None:
    token = services.registration.register_with_token(User("new"), request("new"))
    assert services.tokens.verify(decoded(token)) == token
    with pytest.raises(UserExists):
        services.registration.register_with_token(User("new"), request("new"))
    with pytest.raises(UserNotFound):
        services.registration.register_with_token(User("other"), request("not the same"))
    assert services.users.existing_ids(["other"]) == frozenset()


def test_get_or_register_updates_the_profile_and_keeps_an_omitted_face(
    services: Services, clock: FakeClock
) -> None:
    services.registration.get_or_register(
        User("new", "one", "face"), request("new", 0, OPAQUE, "app"), once=False
    )
    created_at = services.users.get("new").created_at
    clock.advance(10)
    services.registration.get_or_register(User("new", "two"), request("new", 0, OPAQUE, "app"), once=False)
    assert services.users.get("new") == User("new", "two", "face", created_at=created_at)


def test_the_limit_of_one_token_is_per_issuer_and_ends_when_the_token_expires(
    services: Services, clock: FakeClock
) -> None:
    def get_token(issuer: str) -> Token:
        return services.registration.get_or_register(
            User("u", "n"), request("u", 0, OPAQUE, issuer), once=True
        )

    services.tokens.issue(request())
    get_token("app")
    get_token("another app")
    with pytest.raises(TokenAlreadyIssued):
        get_token("app")
    clock.advance(100)
    get_token("app")


def test_a_token_signed_with_a_removed_key_does_not_block_a_new_one(services: Services) -> None:
    def get_token(*keys: str) -> Token:
        with_keys = TokenRequest("u", 0, OPAQUE, keys, "app")
        return services.registration.get_or_register(User("u", "n"), with_keys, once=True)

    get_token("old")
    with pytest.raises(TokenAlreadyIssued):
        get_token("new", "old")
    assert get_token("new").signing_key == "new"


def test_the_dialects_new_id_error_does_not_apply_to_an_existing_user(
    services: Services,
) -> None:
    def get_token(user_id: str) -> Token:
        wanted = request(user_id, 0, OPAQUE, "app")
        user = User(user_id)
        return services.registration.get_or_register(user, wanted, once=False, new_id_error="is ugly")

    assert get_token("u").user_id == "u"
    with pytest.raises(UserIDInvalid, match="userID is ugly"):
        get_token("new")
    assert services.users.existing_ids(["new"]) == frozenset()


def test_revoke_affects_one_platform_at_once_and_is_idempotent(services: Services, clock: FakeClock) -> None:
    revoked = []
    for format in (FORMAT, OTHER_FORMAT):
        revoked.append(services.tokens.issue(request(format=format)))
        clock.advance(1)
    others = [
        services.tokens.issue(request(platform_id=2)),
        services.tokens.issue(request(format=OPAQUE, issuer="app", platform_id=1)),
    ]
    for platform_id in (1, 2):
        services.presence.touch("u", platform_id, 60)
    assert [services.tokens.verify(decoded(token)) for token in revoked] == revoked
    for _ in range(2):
        services.tokens.revoke("u", 1)
        for token in revoked:
            with pytest.raises(TokenKicked):
                services.tokens.verify(decoded(token))
        assert [services.tokens.verify(decoded(token)) for token in others] == others
        assert [one.platform_id for one in services.presence.connections(["u"])[0]] == [2]
    services.tokens.revoke("nobody", 1)


@pytest.mark.parametrize(
    ("policy", "left", "still_online"),
    [(0, [2, 3, 4, 5], [1, 2, 3, 5]), (1, [2, 3, 4], [1, 3, 5]), (4, [3, 4], [3, 5]), (5, [3], [3])],
)
def test_the_multi_login_policy_decides_which_tokens_and_connections_end(
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
    older = []
    for platform_id in (2, 2, 1, 3, 5, 2):
        older.append(services.tokens.issue(request(platform_id=platform_id)))
        services.presence.touch("u", platform_id, 60)
        clock.advance(1)
    new = services.tokens.issue(request(platform_id=2), kicks=True)
    assert services.tokens.verify(decoded(new)) == new
    valid = []
    for place, token in enumerate(older):
        with contextlib.suppress(TokenKicked):
            services.tokens.verify(decoded(token))
            valid.append(place)
    online = [connection.platform_id for connection in services.presence.connections(["u"])[0]]
    assert (valid, online) == (left, still_online)


def test_active_tokens_are_the_valid_ones_newest_first(
    make_app: MakeApp, tmp_path: Path, clock: FakeClock
) -> None:
    services = make_app(instance=tmp_path / "another", openim_max_num_one_end=2).extensions["rollcall"]
    services.start()
    services.users.register([User("u"), User("v"), User("w")])
    services.tokens.issue(request())
    clock.advance(60)
    web = services.tokens.issue(request(platform_id=5, format=OTHER_FORMAT))
    services.tokens.issue(request(platform_id=2))
    services.tokens.revoke("u", 2)
    services.tokens.issue(request(format=OPAQUE, issuer="app"))
    others = [services.tokens.issue(request("v"))]
    clock.advance(40)
    others.append(services.tokens.issue(request("v")))
    clock.advance(1)
    others.append(services.tokens.issue(request("v")))
    assert services.tokens.active_tokens(["u", "v", "w", "nobody"]) == {
        "u": {5: [web]},
        "v": {1: [others[2], others[1]]},
        "w": {},
        "nobody": {},
    }
