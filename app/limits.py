"""The rules for user ids, and limits on stored data and single requests, the same in all dialects.

The limits bound the memory and time that a request can take. They are far above normal use: upstream's
columns had 255 to 1,024 characters, and its clients ask for up to 1,000 ids.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Sized

from .errors import ArgumentTooLong, UserIDInvalid
from .models import User

#: Code points of a user id.
MAX_USER_ID_CHARS = 64
#: Characters of a profile's or a command's texts together, or of a user's attributes in one call.
MAX_TEXT_CHARS = 65_536
#: Users or ids in one call.
MAX_ITEMS = 10_000
#: Commands per user.
MAX_COMMANDS = 10_000
#: Characters of the profiles in one answer, with an allowance per profile for field names and short fields.
MAX_RESPONSE_CHARS = 64 * 1024 * 1024
_CHARS_PER_USER = 200

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


def check_answer(users: Sequence[User]) -> None:
    """Check the size of an answer with these profiles. Raises ArgumentTooLong."""
    size = sum(len(user.nickname) + len(user.face_url) + len(user.ex) + _CHARS_PER_USER for user in users)
    if size > MAX_RESPONSE_CHARS:
        raise ArgumentTooLong(f"the answer would have over {MAX_RESPONSE_CHARS} characters, ask for less")
