"""The settings of OpenIM v3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ... import setting_types as types
from ...errors import SettingInvalid
from ...settings import SettingGroup, Settings, setting, variable


@dataclass(frozen=True)
class OpenIMV3Settings(SettingGroup):
    """The settings of OpenIM v3."""

    DIALECT: ClassVar[str] = "openim_v3"

    openim_secret: tuple[str, ...] = setting(
        "openIM123",
        types.secrets,
        "OpenIM v3's `secret`, which also signs v3 tokens; may be several, comma-separated: the first signs, "
        "all are accepted",
        secrets_of=tuple,
        documented=("openIM123",),
    )
    openim_v3_generation: str = setting(
        "",
        types.choice("", "3.4", "3.8"),
        "`3.4` or `3.8`: generation in which to answer every OpenIM v3 request; empty chooses by each "
        "request's credential, and 3.8 if it has none",
    )
    openim_v3_token_days: int = setting("90", types.DAYS, "lifetime of an OpenIM v3 token in days")
    openim_v3_admins: tuple[str, ...] = setting(
        "imAdmin", types.user_ids, "administrators that `/auth/get_admin_token` accepts, comma-separated"
    )

    def check(self, settings: Settings) -> None:
        """Check that `openim_v3_admins` are among `admins`. Raises SettingInvalid."""
        unknown = [name for name in self.openim_v3_admins if name not in settings.admins]
        if unknown:
            raise SettingInvalid(
                f"{variable('openim_v3_admins')} lists {', '.join(unknown)}, {variable('admins')} does not: "
                "set both"
            )
