"""OpenIM's names of platforms (openimsdk/protocol v0.0.73-alpha.12 constant/platform_id_to_name.go)."""

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
    11: "HarmonyOS",
}
