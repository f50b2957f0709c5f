"""The opaque cursor at which the next page of a list begins."""

from __future__ import annotations

import base64
import json

from ...errors import ArgumentInvalid


def encode(epoch: str, position: int) -> str:
    """Return the cursor for a position in the list of online users, safe in a URL."""
    return base64.urlsafe_b64encode(json.dumps([epoch, position]).encode()).decode().rstrip("=")


def decode(text: str, epoch: str) -> int:
    """Return the position of a cursor. Raises ArgumentInvalid, also for a cursor of another epoch."""
    try:
        given, position = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, TypeError, RecursionError) as error:
        raise ArgumentInvalid("cursor is none that was given out", "cursor") from error
    if given != epoch:
        raise ArgumentInvalid("cursor is from before a restart, begin again without one", "cursor")
    if type(position) is not int or position < 0:
        raise ArgumentInvalid("cursor is none that was given out", "cursor")
    return position
