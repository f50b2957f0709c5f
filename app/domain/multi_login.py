"""OpenIM's multi-login policies: which older tokens a new one revokes.

Source: open-im-server branch 3.8.3-patch pkg/common/storage/controller/auth.go (checkToken), choosing the
oldest tokens where upstream depends on the order of a Go map, and protocol v0.0.73-alpha.12
constant/platform_id_to_name.go for the classes of platforms.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence

from ..models import Platform, Token

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
    """Return the class of a platform; all unknown platforms are one class."""
    return _CLASSES.get(platform_id, "")


def tokens_to_revoke(
    policy: int, max_per_platform: int, active: Sequence[Token], platform_id: int
) -> list[Token]:
    """Return the tokens to revoke when a user with the `active` ones (oldest first) gets one on a platform.

    Policy 0 leaves up to `max_per_platform` tokens on a platform, including the new one. Tokens of platform
    Admin are ignored, as are those of platforms without a name: upstream looks for tokens on named ones only
    (branch 3.8.3-patch pkg/common/storage/cache/cachekey/token.go).
    """
    others = [token for token in active if token.platform_id in _CLASSES.keys() - {Platform.ADMIN}]
    return _POLICIES[policy](others, platform_id, max_per_platform)


def _not_kick(active: Sequence[Token], platform_id: int, max_per_platform: int) -> list[Token]:
    """Leave up to `max_per_platform` tokens on each platform, including the new one."""
    revoked = []
    for platform, tokens in _grouped(active, _platform).items():
        limit = max_per_platform - 1 if platform == platform_id else max_per_platform
        revoked += tokens[: max(len(tokens) - limit, 0)]
    return revoked


def _same_terminal(active: Sequence[Token], platform_id: int, max_per_platform: int) -> list[Token]:
    """Leave the newest token on each platform."""
    return _all_but_one_each(active, platform_id, _platform)


def _same_class(active: Sequence[Token], platform_id: int, max_per_platform: int) -> list[Token]:
    """Leave the newest token in each class of platforms."""
    return _all_but_one_each(active, class_of(platform_id), lambda token: class_of(token.platform_id))


def _pc_and_other(active: Sequence[Token], platform_id: int, max_per_platform: int) -> list[Token]:
    """Leave all tokens on PCs and one elsewhere: the new one, else the newest on Android, else the newest."""
    elsewhere = [token for token in active if class_of(token.platform_id) != "PC"]
    if class_of(platform_id) != "PC" or not elsewhere:
        return elsewhere
    androids = [token for token in elsewhere if token.platform_id == Platform.ANDROID]
    kept = (androids or elsewhere)[-1]
    return [token for token in elsewhere if token is not kept]


_POLICIES: dict[int, Callable[[Sequence[Token], int, int], list[Token]]] = {
    0: _not_kick,
    1: _same_terminal,
    4: _same_class,
    5: _pc_and_other,
}
#: The valid values of OpenIM's `multiLogin.policy`.
POLICIES = tuple(_POLICIES)


def _all_but_one_each(
    active: Sequence[Token], new_group: Hashable, group_of: Callable[[Token], Hashable]
) -> list[Token]:
    revoked = []
    for group, tokens in _grouped(active, group_of).items():
        revoked += tokens if group == new_group else tokens[:-1]
    return revoked


def _grouped(active: Sequence[Token], group_of: Callable[[Token], Hashable]) -> dict[Hashable, list[Token]]:
    groups: dict[Hashable, list[Token]] = defaultdict(list)
    for token in active:
        groups[group_of(token)].append(token)
    return groups


def _platform(token: Token) -> int:
    return token.platform_id
