"""The settings of OpenIM v2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ... import setting_types as types
from ...errors import SettingInvalid
from ...settings import SettingGroup, Settings, setting, variable

#: OpenIM v2 refuses a longer `secret` before comparing it (pkg/base_info/auth_api_struct.go, max=32).
MAX_SECRET_CHARS = 32


@dataclass(frozen=True)
class OpenIMV2Settings(SettingGroup):
    """The settings of OpenIM v2."""

    DIALECT: ClassVar[str] = "openim_v2"

    openim_v2_secret: tuple[str, ...] = setting(
        "tuoyun",
        types.secrets,
        "OpenIM v2's `secret`, at most 32 characters; may be several, comma-separated: all are accepted",
        secrets_of=tuple,
        documented=("tuoyun",),
    )
    openim_v2_access_secret: tuple[str, ...] = setting(
        "open_im_server",
        types.secrets,
        "OpenIM v2's `tokenpolicy.accessSecret`, which signs v2 tokens; may be several, comma-separated: the "
        "first signs, all are accepted",
        secrets_of=tuple,
        documented=("open_im_server",),
    )
    openim_v2_token_days: int = setting("7", types.DAYS, "lifetime of an OpenIM v2 token in days")

    def check(self, settings: Settings) -> None:
        """Check the length of the secret. Raises SettingInvalid."""
        if max(map(len, self.openim_v2_secret)) > MAX_SECRET_CHARS:
            raise SettingInvalid(
                f"{variable('openim_v2_secret')} has over {MAX_SECRET_CHARS} characters, "
                "which OpenIM v2 refuses"
            )
