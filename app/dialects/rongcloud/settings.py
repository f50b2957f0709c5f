"""The settings of RongCloud."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from ... import setting_types as types
from ...errors import SettingInvalid
from ...settings import SettingGroup, Settings, setting, variable

#: The profiles of an app; the first is the default.
PROFILES = ("documented", "live")
#: A token contains its app key and must stay under 256 bytes.
MAX_APP_KEY_BYTES = 64


@dataclass(frozen=True)
class RongCloudApp:
    """An app of the RongCloud dialect."""

    key: str
    secrets: tuple[str, ...]
    """The first signs, all verify."""
    profile: str = PROFILES[0]

    @property
    def is_documented(self) -> bool:
        """Whether to answer as the vendor's documentation says, rather than as the live service does."""
        return self.profile == "documented"


def apps(value: object) -> tuple[RongCloudApp, ...]:
    """Parse `key:secret` or `key:secret:profile`, comma-separated; a repeated key adds a secret."""
    by_key: dict[str, RongCloudApp] = {}
    for number, entry in enumerate(types.csv(value), 1):
        key, _, rest = entry.partition(":")
        secret, _, profile = rest.partition(":")
        if not (key and secret) or profile not in ("", *PROFILES):
            raise ValueError(f"entry {number} is not key:secret[:profile], profile {' or '.join(PROFILES)}")
        if len(key.encode()) > MAX_APP_KEY_BYTES:
            raise ValueError(f"entry {number} has a key of over {MAX_APP_KEY_BYTES} bytes")
        earlier = by_key.get(key, RongCloudApp(key, (), profile or PROFILES[0]))
        if profile and profile != earlier.profile:
            raise ValueError(f"entry {number} gives the app key {key} a second profile")
        by_key[key] = RongCloudApp(key, (*earlier.secrets, secret), earlier.profile)
    return tuple(by_key.values())


def _secrets_of(apps: Iterable[RongCloudApp]) -> Iterable[str]:
    return [secret for app in apps for secret in app.secrets]


@dataclass(frozen=True)
class RongCloudSettings(SettingGroup):
    """The settings of RongCloud."""

    DIALECT: ClassVar[str] = "rongcloud"

    rongcloud_apps: tuple[RongCloudApp, ...] = setting(
        "your-app-key:Y1W2MeFwwwRxa0,your-app-key:your-app-secret,live-app-key:live-app-secret:live",
        apps,
        "RongCloud apps as `key:secret` or `key:secret:profile`, comma-separated; repeat a key to give it "
        "several secrets; the profile is `documented` (default) or `live`",
        secrets_of=_secrets_of,
        documented=("Y1W2MeFwwwRxa0", "your-app-secret", "live-app-secret"),
    )
    rongcloud_token_days: int = setting("30", types.DAYS, "lifetime of a RongCloud token in days")
    rongcloud_timestamp_window: int = setting(
        "0",
        types.int_range(0, 86_400),
        "maximum difference in seconds between a RongCloud timestamp and the clock; `0` does not check "
        "(official SDKs reuse timestamps)",
    )
    rongcloud_nonce_once: bool = setting(
        "0", types.boolean, "`1` rejects a RongCloud nonce that was already used with the same timestamp"
    )
    rongcloud_rate_limit: int = setting(
        "0",
        types.int_range(0, 1_000_000),
        "maximum requests per second and app key to each RongCloud call; beyond it the answer is 1008 (`0`: "
        "no limit)",
    )
    rongcloud_max_users: int = setting(
        "0",
        types.int_range(0, 1_000_000_000),
        "maximum number of users; beyond it getToken answers 2007 to new ones (`0`: no limit)",
    )
    rongcloud_callback_urls: tuple[tuple[str, str], ...] = setting(
        "",
        types.urls_by_key,
        "URLs to send RongCloud's online-status callback to, as `app-key=url`, comma-separated",
    )

    def app(self, key: str) -> RongCloudApp | None:
        """Return the app with a key, or None."""
        return next((app for app in self.rongcloud_apps if app.key == key), None)

    def check(self, settings: Settings) -> None:
        """Check that the callbacks' apps are configured. Raises SettingInvalid."""
        unknown = [key for key, _ in self.rongcloud_callback_urls if self.app(key) is None]
        if unknown:
            raise SettingInvalid(
                f"{variable('rongcloud_callback_urls')} names {', '.join(unknown)}, "
                f"{variable('rongcloud_apps')} does not: set both"
            )
