"""The wire protocols that Rollcall speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .. import settings
from ..http.dispatch import AnyDialect
from ..settings import Settings
from . import openim, openim_v2, openim_v3, rollcall, rongcloud

#: Dialects that a setting can switch off, oldest first, as `http.detect` expects.
VENDORS: tuple[AnyDialect, ...] = (openim_v2.DIALECT, openim_v3.DIALECT, rongcloud.DIALECT)
#: Dialects that are always served: Rollcall's own calls, and the callbacks of OpenIM's gateways.
BUILT_IN: tuple[AnyDialect, ...] = (rollcall.DIALECT, openim.DIALECT)


def load_settings(
    overrides: Mapping[str, object] | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """Load the settings of the core and of all dialects. Raises SettingInvalid."""
    return settings.load(setting_groups(), [dialect.name for dialect in VENDORS], overrides, environ)


def setting_groups() -> Sequence[type[settings.SettingGroup]]:
    """Return the groups of settings of all dialects."""
    groups = (dialect.settings for dialect in (*BUILT_IN, *VENDORS))
    return [group for group in groups if group is not None]


def served(settings: Settings) -> Sequence[AnyDialect]:
    """Return the dialects that the settings enable, and those that are always served."""
    return (*(dialect for dialect in VENDORS if dialect.name in settings.dialects), *BUILT_IN)
