"""`birthStr`, read and refused as Go's time.Parse does with 2006-01-02 (go1.18 src/time/format.go)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from app.dialects.openim_v2.errors import BirthStrUnreadable

_LAYOUT = "2006-01-02"
_QUOTED = {'"': '\\"', "\\": "\\\\"}
_CYCLE = 146_097 * 86_400
_STEPS = ((r"\d{4}", "2006"), ("-", "-"), (r"\d\d", "01"), ("-", "-"), (r"\d\d", "02"))


def text(birth: int) -> str:
    """Return the date in UTC of a birth in Unix seconds; years beyond Python's calendar as Go would."""
    days = birth // 86_400
    cycles, rest = divmod(days, _CYCLE // 86_400)
    date = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=rest)
    return f"{date.year + 400 * cycles:04d}-{date.month:02d}-{date.day:02d}"


def seconds(birth_str: str) -> int:
    """Return the Unix seconds of a date's midnight in UTC. Raises BirthStrUnreadable."""
    rest = birth_str
    for pattern, element in _STEPS:
        found = re.match(pattern, rest, re.ASCII)
        if not found:
            rest = _cut_year(rest) if element == "2006" else rest
            raise _unreadable(birth_str, f' as "{_LAYOUT}": cannot parse {_quoted(rest)} as "{element}"')
        rest = rest[found.end() :]
    if rest:
        raise _unreadable(birth_str, f": extra text: {_quoted(rest)}")
    return _midnight(birth_str, *(int(number) for number in birth_str.split("-")))


def _midnight(birth_str: str, year: int, month: int, day: int) -> int:
    if not 1 <= month <= 12:
        raise _unreadable(birth_str, ": month out of range")
    # Python's calendar begins with the year 1 and Go's does not; it repeats every 400 years.
    cycles = 0 if year else 1
    try:
        date = datetime(year + 400 * cycles, month, day, tzinfo=UTC)
    except ValueError:
        raise _unreadable(birth_str, ": day out of range") from None
    return int(date.timestamp()) - cycles * _CYCLE


def _cut_year(rest: str) -> str:
    """Return what Go shows of a text whose year is wrong: if it begins like one, what comes behind it."""
    return rest[4:] if len(rest) >= 4 and rest[0] in "0123456789" else rest


def _unreadable(birth_str: str, what: str) -> BirthStrUnreadable:
    return BirthStrUnreadable(f"TimeStringToTime failed:parsing time {_quoted(birth_str)}{what}")


def _quoted(text: str) -> str:
    return '"' + "".join(_QUOTED.get(char) or _plain(char) for char in text) + '"'


def _plain(char: str) -> str:
    return char if " " <= char < "\x80" else "".join(f"\\x{byte:02x}" for byte in char.encode())
