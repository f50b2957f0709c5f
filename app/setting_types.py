"""The kinds of values that settings have: each turns text, or a Python value, into the type or says why not.

A text comes from the environment, a Python value from `config.py` or a test. What is refused raises
ValueError with the second half of a sentence ("must be ..."); the first half names the setting.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from app import ids

#: The dialects that a setting can switch off.
DIALECTS = ("openim_v2", "openim_v3", "rongcloud")
#: How a RongCloud app answers getToken; the first is the default.
PROFILES = ("documented", "live")
#: A RongCloud token carries its app key and has to stay under 256 bytes.
MAX_APP_KEY_BYTES = 64

_FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


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
#: The callbacks that there are, by their names in upstream's newest configuration, of each generation. Those
#: of v2 and 3.4 are fewer; `presenceReset` is Rollcall's own.
CALLBACKS: Mapping[str, tuple[str, ...]] = {
    "2.3": _PRESENCE,
    "3.4": ("beforeUpdateUserInfo", *_PRESENCE),
    "3.5": _SINCE_3_5,
    "3.7": _SINCE_3_5,
}
#: Seconds that upstream waits for an answer, and at the most.
CALLBACK_TIMEOUT, MAX_CALLBACK_TIMEOUT = 5, 15


@dataclass(frozen=True)
class Callback:
    """One callback that is sent."""

    name: str
    timeout: int = CALLBACK_TIMEOUT
    """Seconds."""
    fails_closed: bool = False
    """Whether what it is asked about is refused when there is no answer."""


@dataclass(frozen=True)
class RongCloudApp:
    """One app of the RongCloud dialect: its key, the secrets any of which verifies, its profile."""

    key: str
    secrets: tuple[str, ...]
    profile: str = PROFILES[0]

    @property
    def is_documented(self) -> bool:
        """Whether it answers as the vendor's page says, not as the vendor's service does."""
        return self.profile == "documented"


def text(value: object) -> str:
    """Take one line of text."""
    if not isinstance(value, str):
        raise ValueError("must be text")
    if not value.isprintable():
        raise ValueError("must be printable UTF-8 text on one line")
    if not value:
        raise ValueError("must not be empty")
    return value


def key(value: object) -> str:
    """Take what can stand in a URL's path by itself and cannot be guessed, or nothing."""
    if not isinstance(value, str) or not re.fullmatch("[A-Za-z0-9_-]{16,128}|", value):
        raise ValueError("must be 16 to 128 letters, digits, - or _")
    return value


def url(value: object) -> str:
    """Take an address to send to, or nothing."""
    if value == "":
        return ""
    address = text(value)
    try:
        parts = urlsplit(address)
        is_sound = bool(parts.hostname and parts.hostname.encode("idna")) and parts.port != 0
    except ValueError:
        is_sound = False
    if not is_sound or not address.isascii() or " " in address or parts.scheme not in ("http", "https"):
        raise ValueError("must be an address like http://host:port/path, in ASCII")
    if parts.username is not None or parts.fragment:
        raise ValueError("must be an address without a user and without a #")
    return address


def path_prefix(value: object) -> str:
    """Take the beginning of a path, or nothing."""
    if not isinstance(value, str) or not re.fullmatch("(/[A-Za-z0-9._~-]+)*", value):
        raise ValueError("must be like /im: parts of letters, digits and ._~- with a slash before each")
    return value


def urls_by_key(value: object) -> tuple[tuple[str, str], ...]:
    """Take `key=url`, comma-separated."""
    pairs = [word.partition("=") for word in csv(value)]
    if not all(key and address for key, _, address in pairs):
        raise ValueError("must be app-key=url, comma-separated")
    if len({key for key, _, _ in pairs}) < len(pairs):
        raise ValueError("names an app twice")
    return tuple((key, url(address)) for key, _, address in pairs)


def callbacks(value: object) -> tuple[Callback, ...]:
    """Take `name`, `name:timeout` or `name:timeout:refuse`, comma-separated."""
    found = [_callback(word) for word in csv(value)]
    if len({callback.name for callback in found}) < len(found):
        raise ValueError("names a callback twice")
    return tuple(found)


def _callback(word: str) -> Callback:
    name, *rest = word.split(":")
    if name not in CALLBACKS["3.7"]:
        raise ValueError(f"names {name!r}; the callbacks are {', '.join(CALLBACKS['3.7'])}")
    timeout = int_range(1, MAX_CALLBACK_TIMEOUT)(rest[0]) if rest else CALLBACK_TIMEOUT
    if rest[1:] not in ([], ["refuse"]) or (rest[1:] and not name.startswith("before")):
        raise ValueError(
            "may say `refuse` after the timeout of a callback that comes before, and nothing else"
        )
    return Callback(name, timeout, bool(rest[1:]))


def path_(value: object) -> Path:
    """Take a path."""
    return value if isinstance(value, Path) else Path(text(value))


def boolean(value: object) -> bool:
    """Take yes or no."""
    word = str(value).lower()
    if word not in _FLAGS:
        raise ValueError("must be 1 or 0")
    return _FLAGS[word]


def int_range(low: int, high: int) -> Callable[[object], int]:
    """Return the kind of a whole number from `low` to `high`."""

    def parse(value: object) -> int:
        digits = str(value)
        if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
            raise ValueError("must be a whole number")
        if not low <= int(digits) <= high:
            raise ValueError(f"must be from {low} to {high}")
        return int(digits)

    return parse


def int_choice(*choices: int) -> Callable[[object], int]:
    """Return the kind of a number from a closed list."""

    def parse(value: object) -> int:
        for choice in choices:
            if str(value) == str(choice):
                return choice
        *others, last = map(str, choices)
        raise ValueError(f"must be {', '.join(others)} or {last}")

    return parse


def choice(*choices: str) -> Callable[[object], str]:
    """Return the kind of a word from a closed list; the empty word is spelled as nothing."""

    def parse(value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError(f"must be {' or '.join(choice or 'empty' for choice in choices)}")
        return value

    return parse


def csv(value: object) -> tuple[str, ...]:
    """Take `a, b` or `["a", "b"]`; blanks around a word, empty words and repeats fall away."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, (list, tuple)) or not all(isinstance(word, str) for word in value):
        raise ValueError("must be words separated by commas")
    return tuple(dict.fromkeys(text(word.strip()) for word in value if word.strip()))


def secrets(value: object) -> tuple[str, ...]:
    """Take one secret or several."""
    text(value) if isinstance(value, str) else None
    found = csv(value)
    if not found:
        raise ValueError("must not be empty")
    return found


def user_ids(value: object) -> tuple[str, ...]:
    """Take ids of users."""
    found = csv(value)
    for user_id in found:
        reason = ids.invalid_reason(user_id)
        if reason is not None:
            raise ValueError(f"lists an id that {reason}")
    return found


def dialects(value: object) -> tuple[str, ...]:
    """Take names of dialects."""
    names = csv(value)
    for name in names:
        if name not in DIALECTS:
            raise ValueError(f"names {name!r}; the dialects are {', '.join(DIALECTS)}")
    if not names:
        raise ValueError(f"must name at least one of {', '.join(DIALECTS)}")
    return names


def apps(value: object) -> tuple[RongCloudApp, ...]:
    """Take `key:secret` or `key:secret:profile`, comma-separated; a repeated key adds a secret."""
    found: dict[str, RongCloudApp] = {}
    for number, entry in enumerate(csv(value), 1):
        key, _, rest = entry.partition(":")
        secret, _, profile = rest.partition(":")
        if not (key and secret) or profile not in ("", *PROFILES):
            raise ValueError(f"entry {number} is not key:secret[:profile], profile {' or '.join(PROFILES)}")
        if len(key.encode()) > MAX_APP_KEY_BYTES:
            raise ValueError(f"entry {number} has a key of over {MAX_APP_KEY_BYTES} bytes")
        earlier = found.get(key, RongCloudApp(key, (), profile or PROFILES[0]))
        if profile and profile != earlier.profile:
            raise ValueError(f"entry {number} gives the app key {key} a second profile")
        found[key] = RongCloudApp(key, (*earlier.secrets, secret), earlier.profile)
    return tuple(found.values())
