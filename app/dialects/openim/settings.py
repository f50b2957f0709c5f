"""The settings that the OpenIM dialects share, and those of outgoing callbacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ... import setting_types as types
from ...errors import SettingInvalid
from ...settings import SettingGroup, Settings, setting, variable

_PRESENCE = ("afterUserOnline", "afterUserOffline", "afterUserKickOff", "presenceReset")
_SINCE_3_5 = (
    "beforeUserRegister",
    "afterUserRegister",
    "beforeUpdateUserInfo",
    "afterUpdateUserInfo",
    "beforeUpdateUserInfoEx",
    "afterUpdateUserInfoEx",
    *_PRESENCE,
)
#: The callbacks of each generation, by their names in upstream's newest configuration. v2 and 3.4 have fewer;
#: `presenceReset` is Rollcall's own.
CALLBACKS: Mapping[str, tuple[str, ...]] = {
    "2.3": _PRESENCE,
    "3.4": ("beforeUpdateUserInfo", *_PRESENCE),
    "3.5": _SINCE_3_5,
    "3.7": _SINCE_3_5,
}
#: Upstream's timeout in seconds, and the maximum that can be set.
CALLBACK_TIMEOUT, MAX_CALLBACK_TIMEOUT = 5, 15


@dataclass(frozen=True)
class Callback:
    """An OpenIM callback to send."""

    name: str
    timeout: int = CALLBACK_TIMEOUT
    """Seconds."""
    fails_closed: bool = False
    """Whether the operation is refused if a before-callback gets no usable answer."""


def callbacks(value: object) -> tuple[Callback, ...]:
    """Parse `name`, `name:timeout` or `name:timeout:refuse`, comma-separated."""
    found = [_callback(word) for word in types.csv(value)]
    if len({callback.name for callback in found}) < len(found):
        raise ValueError("names a callback twice")
    return tuple(found)


def _callback(word: str) -> Callback:
    name, *rest = word.split(":")
    if name not in CALLBACKS["3.7"]:
        raise ValueError(f"names {name!r}; the callbacks are {', '.join(CALLBACKS['3.7'])}")
    timeout = types.int_range(1, MAX_CALLBACK_TIMEOUT)(rest[0]) if rest else CALLBACK_TIMEOUT
    if rest[1:] not in ([], ["refuse"]) or (rest[1:] and not name.startswith("before")):
        raise ValueError(
            "may say `refuse` after the timeout of a callback that comes before, and nothing else"
        )
    return Callback(name, timeout, bool(rest[1:]))


@dataclass(frozen=True)
class OpenIMSettings(SettingGroup):
    """The settings that the OpenIM dialects share."""

    openim_default: str = setting(
        "v2",
        types.choice("v2", "v3"),
        "`v2` or `v3`: OpenIM version of a request without a path prefix that could be either",
    )
    openim_multi_login_policy: int = setting(
        "1",
        types.int_choice(0, 1, 4, 5),
        "older tokens of the user to revoke when OpenIM 3.8 issues a new one, as upstream's "
        "`multiLogin.policy`: `0` those over the limit of the next setting, `1` on the same platform, `4` on "
        "the same class of platforms, `5` on all platforms except PCs",
    )
    openim_max_num_one_end: int = setting(
        "30",
        types.int_range(1, 1000),
        "maximum number of tokens per user and platform under policy `0`, as upstream's "
        "`multiLogin.maxNumOneEnd`",
    )
    callback_key: str = setting(
        "",
        types.key,
        "key of 16 characters or more with which OpenIM gateways on other machines send callbacks, to "
        "`/callback/<key>`; empty accepts callbacks from this machine only",
    )
    openim_callback_url: str = setting(
        "", types.url, "URL to send OpenIM callbacks to, as upstream's `callbackUrl` or `webhooks.url`"
    )
    openim_callback_generation: str = setting(
        "3.7",
        types.choice(*CALLBACKS),
        "OpenIM version whose callback names, URL layout and refusal rule to use: `2.3` (v2), `3.4` (3.0 to "
        "3.4), `3.5` (3.5 and 3.6) or `3.7` (3.7 and later)",
    )
    openim_callbacks: tuple[Callback, ...] = setting(
        "",
        callbacks,
        "callbacks to send: `name[:timeout[:refuse]]`, comma-separated; the names are those of upstream's "
        "`webhooks.yml` (`beforeUserRegister`, `afterUserOnline` ...) and `presenceReset`; the timeout is in "
        "seconds (default 5, maximum 15); `refuse` is upstream's `failedContinue: false`. At most a "
        "quarter of the threads wait for a receiver at a time; further requests are treated as if it had not "
        "answered in time",
    )

    def check(self, settings: Settings) -> None:
        """Check the callbacks. Raises SettingInvalid."""
        if self.openim_callbacks and not self.openim_callback_url:
            raise SettingInvalid(
                f"{variable('openim_callbacks')} is set and {variable('openim_callback_url')} is not: "
                "set both"
            )
        names = CALLBACKS[self.openim_callback_generation]
        unknown = [callback.name for callback in self.openim_callbacks if callback.name not in names]
        if unknown:
            raise SettingInvalid(
                f"{variable('openim_callbacks')} lists {', '.join(unknown)}, which "
                f"{variable('openim_callback_generation')} {self.openim_callback_generation} does not have"
            )
