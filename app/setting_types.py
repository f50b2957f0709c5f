"""The types of settings: each parser turns a text or a Python value into the type of the setting.

Texts come from the environment, Python values from `config.py` or `create_app`. A parser raises ValueError
with the predicate of an error message ("must be ..."); the caller prefixes the name of the setting.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from . import limits

Network = IPv4Network | IPv6Network
_BIND = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})|unix:/.+")
_FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def text(value: object) -> str:
    """Parse one line of non-empty, printable text."""
    if not isinstance(value, str):
        raise ValueError("must be text")
    if not value.isprintable():
        raise ValueError("must be printable UTF-8 text on one line")
    if not value:
        raise ValueError("must not be empty")
    return value


def key(value: object) -> str:
    """Parse a key that is safe in a URL path and too long to guess, or the empty string."""
    if not isinstance(value, str) or not re.fullmatch("[A-Za-z0-9_-]{16,128}|", value):
        raise ValueError("must be 16 to 128 letters, digits, - or _")
    return value


def url(value: object) -> str:
    """Parse an http(s) URL to send to, or the empty string."""
    if value == "":
        return ""
    address = text(value)
    try:
        parts = urlsplit(address)
        is_valid = bool(parts.hostname and parts.hostname.encode("idna")) and parts.port != 0
    except ValueError:
        is_valid = False
    if not is_valid or not address.isascii() or " " in address or parts.scheme not in ("http", "https"):
        raise ValueError("must be an address like http://host:port/path, in ASCII")
    if parts.username is not None or parts.fragment:
        raise ValueError("must be an address without a user and without a #")
    return address


def bind_address(value: object) -> str:
    """Parse an address to listen on; gunicorn would take a lone number for a host and add port 8000."""
    address = text(value)
    found = _BIND.fullmatch(address)
    if found is None or int(found["port"] or 0) > 65535:
        raise ValueError("must be host:port, [IPv6 address]:port or unix:/path, with a port up to 65535")
    return address


def path_prefix(value: object) -> str:
    """Parse a path prefix without a trailing slash, or the empty string."""
    if not isinstance(value, str) or not re.fullmatch("(/[A-Za-z0-9._~-]+)*", value):
        raise ValueError("must be like /im: parts of letters, digits and ._~- with a slash before each")
    return value


def urls_by_key(value: object) -> tuple[tuple[str, str], ...]:
    """Parse `key=url`, comma-separated; return pairs of key and URL."""
    pairs = [item.partition("=") for item in csv(value)]
    if not all(key and address for key, _, address in pairs):
        raise ValueError("must be app-key=url, comma-separated")
    if len({key for key, _, _ in pairs}) < len(pairs):
        raise ValueError("names an app twice")
    return tuple((key, url(address)) for key, _, address in pairs)


def path_(value: object) -> Path:
    """Parse a file path."""
    return value if isinstance(value, Path) else Path(text(value))


def optional_path(value: object) -> Path | None:
    """Parse a file path, or the empty string."""
    return None if value == "" else path_(value)


def boolean(value: object) -> bool:
    """Parse a flag: 1, true, yes, 0, false or no, in any case."""
    flag = str(value).lower()
    if flag not in _FLAGS:
        raise ValueError("must be 1 or 0")
    return _FLAGS[flag]


def int_range(low: int, high: int) -> Callable[[object], int]:
    """Return a parser of decimal integers from `low` to `high`."""

    def parse(value: object) -> int:
        digits = str(value)
        if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
            raise ValueError("must be a whole number")
        if not low <= int(digits) <= high:
            raise ValueError(f"must be from {low} to {high}")
        return int(digits)

    return parse


def optional_int_range(low: int, high: int) -> Callable[[object], int | None]:
    """Return a parser of decimal integers from `low` to `high`, or of the empty string."""
    parse = int_range(low, high)
    return lambda value: None if value == "" else parse(value)


def int_choice(*choices: int) -> Callable[[object], int]:
    """Return a parser of one of several integers."""

    def parse(value: object) -> int:
        for choice in choices:
            if str(value) == str(choice):
                return choice
        *others, last = map(str, choices)
        raise ValueError(f"must be {', '.join(others)} or {last}")

    return parse


def choice(*choices: str) -> Callable[[object], str]:
    """Return a parser of one of several strings, which may include the empty one."""

    def parse(value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError(f"must be {' or '.join(choice or 'empty' for choice in choices)}")
        return value

    return parse


def csv(value: object) -> tuple[str, ...]:
    """Parse `a, b` or `["a", "b"]`, dropping blanks around items, empty items and duplicates."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ValueError("must be words separated by commas")
    return tuple(dict.fromkeys(text(item.strip()) for item in value if item.strip()))


def secrets(value: object) -> tuple[str, ...]:
    """Parse one or more secrets, comma-separated."""
    text(value) if isinstance(value, str) else None
    parsed = csv(value)
    if not parsed:
        raise ValueError("must not be empty")
    return parsed


def networks(value: object) -> tuple[Network, ...]:
    """Parse IP addresses and networks (`10.0.0.0/8`), comma-separated."""
    try:
        return tuple(ip_network(item) for item in csv(value))
    except ValueError:
        raise ValueError("must be IP addresses or networks like 10.0.0.0/8, comma-separated") from None


def user_ids(value: object) -> tuple[str, ...]:
    """Parse user ids, comma-separated."""
    parsed = csv(value)
    for user_id in parsed:
        reason = limits.user_id_error(user_id)
        if reason is not None:
            raise ValueError(f"lists an id that {reason}")
    return parsed


#: A number of days, up to a hundred years.
DAYS = int_range(1, 36500)
