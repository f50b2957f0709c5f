"""What may be a user's id, in every dialect: the one rule that all who create an id share."""

from __future__ import annotations

import re

#: Code points in an id at the most.
MAX_LENGTH = 64
# Control characters, and the two things that text becomes which was not Unicode when it was sent: lone
# surrogates, and the replacement character that a door puts in their place.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")


def invalid_reason(user_id: str) -> str | None:
    """Return why nobody may have an id, as the rest of a sentence about it; None if somebody may."""
    if not user_id:
        return "is empty"
    if len(user_id) > MAX_LENGTH:
        return f"has over {MAX_LENGTH} characters"
    if _FORBIDDEN.search(user_id):
        return "holds a control character or is not valid Unicode"
    return None
