"""RongCloud's names and numbers of platforms."""

from __future__ import annotations

from ...models import Platform

# The names in the online-status callback (docs.rongcloud.cn, platform-chat-api/user/onlinestatus).
_NAMES: dict[int, str] = {
    Platform.IOS: "iOS",
    Platform.ANDROID: "Android",
    Platform.WEB: "Websocket",
    Platform.MINI_WEB: "MiniProgram",
    Platform.ANDROID_PAD: "Android",
    Platform.IPAD: "iOS",
    Platform.HARMONY_OS: "HarmonyOS",
}
_OTHER = "PC"
# The numbers in /user/online/platforms (server-sdk-java, CodeUtil.OnlinePlatform); HarmonyOS has none.
_NUMBERS = {"iOS": 1, "Android": 2, "Websocket": 3, "PC": 4, "MiniProgram": 5}
_PLATFORMS = {
    "ios": Platform.IOS,
    "android": Platform.ANDROID,
    "harmonyos": Platform.HARMONY_OS,
    "websocket": Platform.WEB,
    "pc": Platform.WINDOWS,
    "miniprogram": Platform.MINI_WEB,
}


def name_of(platform_id: int) -> str:
    """Return the name of a platform."""
    return _NAMES.get(platform_id, _OTHER)


def number_of(platform_id: int) -> int:
    """Return the number of a platform; 0 if it has none."""
    return _NUMBERS.get(name_of(platform_id), 0)


def platform_of(name: str) -> Platform:
    """Return the platform with a name, in any case; web for an unknown one."""
    return _PLATFORMS.get(name.lower(), Platform.WEB)
