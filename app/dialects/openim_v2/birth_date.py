"""`birthStr`: a date such as 2006-01-02 for a birth in Unix seconds."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from .errors import BirthStrInvalid

_LAYOUT = "2006-01-02"
_SHAPE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SECONDS_A_DAY = 86_400


def render(birth: int) -> str:
    """Return the date in UTC of a birth in Unix seconds."""
    return (date(1970, 1, 1) + timedelta(days=birth // _SECONDS_A_DAY)).isoformat()


def parse(birth_str: str) -> int:
    """Return the Unix seconds of a date's midnight in UTC. Raises BirthStrInvalid."""
    try:
        if not _SHAPE.fullmatch(birth_str):
            raise ValueError
        day = date.fromisoformat(birth_str)
    except ValueError:
        reason = f'TimeStringToTime failed:parsing time "{birth_str}" as "{_LAYOUT}"'
        raise BirthStrInvalid(reason) from None
    return int(datetime.combine(day, time(), UTC).timestamp())
