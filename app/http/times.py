"""How times are written for people and in the control API."""

from __future__ import annotations

from datetime import UTC, datetime


def timestamp(seconds: float) -> str:
    """Return Unix seconds as RFC 3339 in UTC with milliseconds; as a number if there is no such date."""
    try:
        date = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return str(seconds)
    return date.isoformat(timespec="milliseconds").replace("+00:00", "Z")
