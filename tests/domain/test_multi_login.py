"""Which older tokens a new one cancels, for every policy, pair of platforms and count."""

from __future__ import annotations

import pytest

from app.domain.multi_login import POLICIES, class_of, tokens_to_revoke
from app.models import Token

#: What OpenIM knows, and two platforms that it does not.
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


def lost(policy: int, active: list[int], new: int) -> list[int]:
    """Return which of the tokens held on these platforms, the oldest first, are cancelled, by their place."""
    tokens = [token(platform_id, place) for place, platform_id in enumerate(active)]
    return sorted(each.iat for each in tokens_to_revoke(policy, MAX_PER_PLATFORM, tokens, new))


@pytest.mark.parametrize("platform_id", PLATFORMS)
def test_platforms_have_classes(platform_id: int) -> None:
    assert class_of(platform_id) == CLASSES.get(platform_id, "")


def expected(policy: int, active: int, count: int, new: int) -> list[int]:
    """Say by rule which of `count` tokens on one platform a new one cancels."""
    everything, all_but_the_newest = list(range(count)), list(range(count - 1))
    if active == 10:
        return []
    if policy == 0:
        return list(range(max(count + (active == new) - MAX_PER_PLATFORM, 0)))
    if policy == 1:
        return everything if active == new else all_but_the_newest
    if policy == 4:
        return everything if CLASSES.get(active, "") == CLASSES.get(new, "") else all_but_the_newest
    if CLASSES.get(active) == "PC":
        return []
    return all_but_the_newest if CLASSES.get(new) == "PC" else everything


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("count", [1, MAX_PER_PLATFORM, MAX_PER_PLATFORM + 2])
@pytest.mark.parametrize("new", PLATFORMS)
def test_every_pair_of_platforms(policy: int, count: int, new: int) -> None:
    for active in PLATFORMS:
        assert lost(policy, [active] * count, new) == expected(policy, active, count, new), active


@pytest.mark.parametrize(
    ("policy", "active", "new", "left"),
    [
        (0, [1, 1, 1, 2, 2, 2, 2], 1, [1, 2, 4, 5, 6]),
        (1, [1, 2, 1, 2, 5, 10, 10], 1, [3, 4, 5, 6]),
        # One of each other class, the newest of whichever platform.
        (4, [8, 3, 9, 4, 5, 1, 2, 10], 7, [2, 4, 6, 7]),
        (4, [1, 2, 3, 5], 2, [2, 3]),
        (4, [0, 77, 1], 55, [2]),
        # A PC keeps every PC, and one other: Android's newest before the newest.
        (5, [2, 3, 2, 1, 4, 5, 10], 7, [1, 2, 4, 6]),
        (5, [1, 5, 3, 9], 3, [2, 3]),
        (5, [3, 4], 7, [0, 1]),
        (5, [2, 3, 1, 4, 10], 5, [1, 3, 4]),
        (5, [], 7, []),
        (1, [], 1, []),
    ],
)
def test_several_platforms_at_once(policy: int, active: list[int], new: int, left: list[int]) -> None:
    assert lost(policy, active, new) == sorted(set(range(len(active))) - set(left))
