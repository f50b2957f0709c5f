"""v2's platforms (open-im-server v2.3 pkg/common/constant/platform_number_id_to_name.go)."""

from __future__ import annotations

from ..openim import platforms

#: v2 ends before HarmonyOS.
NAMES = {platform_id: name for platform_id, name in platforms.NAMES.items() if platform_id <= 10}
_IDS = {name: platform_id for platform_id, name in NAMES.items()}

#: The platform of every id without a name, as v2's tokens name their platform.
UNNAMED = 0


def id_of(name: str) -> int:
    """Return the platform of a name."""
    return _IDS.get(name, UNNAMED)


def named(platform_id: int) -> int:
    """Return the platform id if it has a name, otherwise UNNAMED."""
    return platform_id if platform_id in NAMES else UNNAMED
