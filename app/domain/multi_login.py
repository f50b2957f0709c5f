"""OpenIM's multi-login policies: which older tokens a new one cancels.

Source: open-im-server branch 3.8.3-patch pkg/common/storage/controller/auth.go (checkToken), with the oldest
chosen where upstream leaves it to the order of a Go map, and protocol v0.0.73-alpha.12
constant/platform_id_to_name.go for the classes of platforms.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence

from app.models import Platform, Token

_CLASSES: dict[int, str] = {
    Platform.IOS: "Mobile",
    Platform.ANDROID: "Mobile",
    Platform.WINDOWS: "PC",
    Platform.OSX: "PC",
    Platform.LINUX: "PC",
    Platform.WEB: "Web",
    Platform.MINI_WEB: "MiniWeb",
    Platform.ANDROID_PAD: "Pad",
    Platform.IPAD: "Pad",
    Platform.ADMIN: "Admin",
    Platform.HARMONY_OS: "HarmonyOS",
}


def class_of(platform_id: int) -> str:
    """Return the class of a platform; those that OpenIM does not know are one class."""
    return _CLASSES.get(platform_id, "")


def tokens_to_revoke(
    policy: int, max_per_platform: int, active: Sequence[Token], platform_id: int
) -> list[Token]:
    """Return those of `held` (a user's valid tokens, the oldest first) that a new one on a platform cancels.

    `most` is how many tokens on one platform policy 0 leaves. Tokens of the platform Admin take no part.
    """
    others = [token for token in active if token.platform_id != Platform.ADMIN]
    return _POLICIES[policy](others, platform_id, max_per_platform)


def _not_kick(active: Sequence[Token], platform_id: int, max_per_platform: int) -> list[Token]:
    """Leave up to `most` tokens on each platform, the new one among them."""
    lost = []
    for place, tokens in _grouped(active, _platform).items():
        room = max_per_platform - 1 if place == platform_id else max_per_platform
        lost += tokens[: max(len(tokens) - room, 0)]
    return lost


def _same_terminal(active: Sequence[Token], platform_id: int, max_per_platform: int) -> list[Token]:
    """Leave one token on each platform: on this one, the new one."""
    return _all_but_one_each(active, platform_id, _platform)


def _same_class(active: Sequence[Token], platform_id: int, max_per_platform: int) -> list[Token]:
    """Leave one token in each class of platforms: in this one, the new one."""
    return _all_but_one_each(active, class_of(platform_id), lambda token: class_of(token.platform_id))


def _pc_and_other(active: Sequence[Token], platform_id: int, max_per_platform: int) -> list[Token]:
    """Leave any number of tokens on PCs, and one elsewhere: the new one, or one of Android's if there is."""
    elsewhere = [token for token in active if class_of(token.platform_id) != "PC"]
    if class_of(platform_id) != "PC" or not elsewhere:
        return elsewhere
    androids = [token for token in elsewhere if token.platform_id == Platform.ANDROID]
    left = (androids or elsewhere)[-1]
    return [token for token in elsewhere if token is not left]


_POLICIES: dict[int, Callable[[Sequence[Token], int, int], list[Token]]] = {
    0: _not_kick,
    1: _same_terminal,
    4: _same_class,
    5: _pc_and_other,
}
#: The numbers of the policies, as OpenIM's `multiLogin.policy` has them.
POLICIES = tuple(_POLICIES)


def _all_but_one_each(
    active: Sequence[Token], new: Hashable, group: Callable[[Token], Hashable]
) -> list[Token]:
    lost = []
    for name, tokens in _grouped(active, group).items():
        lost += tokens if name == new else tokens[:-1]
    return lost


def _grouped(active: Sequence[Token], group: Callable[[Token], Hashable]) -> dict[Hashable, list[Token]]:
    groups: dict[Hashable, list[Token]] = defaultdict(list)
    for token in active:
        groups[group(token)].append(token)
    return groups


def _platform(token: Token) -> int:
    return token.platform_id
