"""The rules for user ids, and limits on stored data and single requests, the same in all dialects.

The limits bound the memory and time that a request can take. They are far above normal use: upstream's
columns had 255 to 1,024 characters, and its clients ask for up to 1,000 ids.
"""

from __future__ import annotations

import re
from collections.abc import Sized

from .errors import ArgumentTooLong, UserIDInvalid
from .models import DAY

#: Code points of a user id.
MAX_USER_ID_CHARS = 64
#: Characters of a profile's or a command's texts together, or of a user's attributes in one call.
MAX_TEXT_CHARS = 65_536
#: Users or ids in one call.
MAX_ITEMS = 10_000
#: Commands per user, and bytes of their texts.
MAX_COMMANDS = 10_000
#: Bytes of the texts that are stored for one user in one place: commands, or a namespace of attributes.
MAX_STORED_BYTES = 1024 * 1024
#: The longest time, in seconds, that a heartbeat can be valid, and characters of a connection's id.
MAX_TTL = 86_400
MAX_CONNECTION_ID_CHARS = 64
#: The longest block, lifetime of a token and move of the clock, in seconds: a hundred years.
MAX_SECONDS = 100 * 366 * DAY
#: Characters of a token. Rollcall's own are far shorter.
MAX_TOKEN_CHARS = 8192
#: Characters of what is loaded for one answer, with an allowance per profile for its short fields.
MAX_ANSWER_CHARS = 8 * 1024 * 1024
#: Characters of all large answers that are being built: two, as each counts as one of the maximum.
MAX_ANSWERS_CHARS = 2 * MAX_ANSWER_CHARS
#: Bytes of a body, and of one with a list.
MAX_BODY_BYTES = 1024 * 1024
MAX_BATCH_BYTES = 16 * 1024 * 1024
#: Bytes of all large bodies that are being read or processed.
MAX_BODIES_BYTES = 64 * 1024 * 1024

# Control characters, and what decoders turn invalid Unicode into: lone surrogates and U+FFFD.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")


def user_id_error(user_id: str) -> str | None:
    """Return why a text cannot be a user id, as a predicate ("is empty"); None if it can."""
    if not user_id:
        return "is empty"
    if len(user_id) > MAX_USER_ID_CHARS:
        return f"has over {MAX_USER_ID_CHARS} characters"
    if _FORBIDDEN.search(user_id):
        return "holds a control character or is not valid Unicode"
    return None


def check_user_id(user_id: str) -> None:
    """Check that a text can be a user id. Raises UserIDInvalid."""
    reason = user_id_error(user_id)
    if reason is not None:
        raise UserIDInvalid(reason)


def check_texts(*texts: str | None) -> None:
    """Check the total length of texts to store. Raises ArgumentTooLong."""
    length = 0
    for text in texts:
        if text:
            length += len(text)
    if length > MAX_TEXT_CHARS:
        raise ArgumentTooLong(f"the texts have over {MAX_TEXT_CHARS} characters")


def check_count(items: Sized) -> None:
    """Check the length of a list in a request. Raises ArgumentTooLong."""
    if len(items) > MAX_ITEMS:
        raise ArgumentTooLong(f"the list has over {MAX_ITEMS} entries")
