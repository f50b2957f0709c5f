"""Which older tokens a new token revokes, for every policy, pair of platforms and count."""

from __future__ import annotations

import pytest
from rollcall_server.domain.multi_login import POLICIES, class_of, tokens_to_revoke
from rollcall_server.models import Token

#: OpenIM's platforms, and two unknown ones.
PLATFORMS = (*range(12), 77)
CLASSES = {
    1: "Mobile",
    2: "Mobile",
    3: "PC",
    4: "PC",
    5: "Web",
    6: "MiniWeb",
    7: "PC",
    8: "Pad",
    9: "Pad",
    10: "Admin",
    11: "HarmonyOS",
}
MAX_PER_PLATFORM = 3


def token(platform_id: int, iat: int) -> Token:
    return Token("u", platform_id, "style", "", iat, 100, "key")


def revoked_indexes(policy: int, active: list[int], new: int) -> list[int]:
    """Return the indexes of the revoked tokens; `active` lists the tokens' platforms, oldest first."""
    tokens = [token(platform_id, place) for place, platform_id in enumerate(active)]
    return sorted(each.iat for each in tokens_to_revoke(policy, MAX_PER_PLATFORM, tokens, new))


@pytest.mark.parametrize("platform_id", PLATFORMS)
def test_each_platform_has_its_class(platform_id: int) -> None:
    assert class_of(platform_id) == CLASSES.get(platform_id, "")


def expected(policy: int, old: int, count: int, new: int) -> list[int]:
    """Derive from the rules which of `count` tokens on one platform a new token revokes."""
    everything, all_but_the_newest = list(range(count)), list(range(count - 1))
    # Of platforms without a name, no token is looked for.
    if old == 10 or old not in CLASSES:
        return []
    if policy == 0:
        return list(range(max(count + (old == new) - MAX_PER_PLATFORM, 0)))
    if policy == 1:
        return everything if old == new else all_but_the_newest
    if policy == 4:
        return everything if CLASSES.get(old, "") == CLASSES.get(new, "") else all_but_the_newest
    if CLASSES.get(old) == "PC":
        return []
    return all_but_the_newest if CLASSES.get(new) == "PC" else everything


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("count", [1, MAX_PER_PLATFORM, MAX_PER_PLATFORM + 2])
@pytest.mark.parametrize("new", PLATFORMS)
def test_a_new_token_revokes_tokens_of_one_other_platform_by_the_rules(
    policy: int, count: int, new: int
) -> None:
    for old in PLATFORMS:
        assert revoked_indexes(policy, [old] * count, new) == expected(policy, old, count, new), old


@pytest.mark.parametrize(
    ("policy", "active", "new", "left"),
    [
        (0, [1, 1, 1, 2, 2, 2, 2], 1, [1, 2, 4, 5, 6]),
        (1, [1, 2, 1, 2, 5, 10, 10], 1, [3, 4, 5, 6]),
        # Each other class keeps its newest token, whatever the platform.
        (4, [8, 3, 9, 4, 5, 1, 2, 10], 7, [2, 4, 6, 7]),
        (4, [1, 2, 3, 5], 2, [2, 3]),
        (4, [0, 77, 1], 55, [0, 1, 2]),
        (1, [0, 0, 12, 1, 1], 0, [0, 1, 2, 4]),
        # A new PC token keeps all PC tokens and one other: the newest Android one, else the newest.
        (5, [2, 3, 2, 1, 4, 5, 10], 7, [1, 2, 4, 6]),
        (5, [1, 5, 3, 9], 3, [2, 3]),
        (5, [3, 4], 7, [0, 1]),
        (5, [2, 3, 1, 4, 10], 5, [1, 3, 4]),
        (5, [], 7, []),
        (1, [], 1, []),
    ],
)
def test_a_new_token_revokes_tokens_of_several_platforms_by_the_rules(
    policy: int, active: list[int], new: int, left: list[int]
) -> None:
    assert revoked_indexes(policy, active, new) == sorted(set(range(len(active))) - set(left))
