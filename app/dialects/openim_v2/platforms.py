"""Platform names (open-im-server v2.3 pkg/common/constant/platform_number_id_to_name.go)."""

from __future__ import annotations

NAMES = {
    1: "IOS",
    2: "Android",
    3: "Windows",
    4: "OSX",
    5: "Web",
    6: "MiniWeb",
    7: "Linux",
    8: "APad",
    9: "IPad",
    10: "Admin",
}
_IDS = {name: platform_id for platform_id, name in NAMES.items()}

#: What v2 accepts as a platform and has no name for is one platform to it, the one with the empty name.
UNNAMED = 0


def id_of(name: str) -> int:
    """Return the platform of a name."""
    return _IDS.get(name, UNNAMED)


def named(platform_id: int) -> int:
    """Return the platform id if it has a name, otherwise the unnamed platform."""
    return platform_id if platform_id in NAMES else UNNAMED
