"""The rule for user ids, shared by all dialects."""

from __future__ import annotations

import re

#: Maximum length of a user id, in code points.
MAX_LENGTH = 64
# Control characters, and what decoders turn invalid Unicode into: lone surrogates and U+FFFD.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")


def invalid_reason(user_id: str) -> str | None:
    """Return why `user_id` cannot be a user id, as a predicate ("is empty"); None if it can."""
    if not user_id:
        return "is empty"
    if len(user_id) > MAX_LENGTH:
        return f"has over {MAX_LENGTH} characters"
    if _FORBIDDEN.search(user_id):
        return "holds a control character or is not valid Unicode"
    return None
