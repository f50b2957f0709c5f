"""Limits on stored data and single requests, which bound the memory and time that a request can take.

They are far above normal use: upstream's columns had 255 to 1,024 characters, and its clients ask for up to
1,000 ids.
"""

from __future__ import annotations

from collections.abc import Sequence, Sized

from ..errors import ArgumentTooLong
from ..models import User

#: Characters of a profile's or a command's texts together, or of a user's attributes in one call.
MAX_TEXT_CHARS = 65_536
#: Users or ids in one call.
MAX_ITEMS = 10_000
#: Commands per user.
MAX_COMMANDS = 10_000
#: Characters of the profiles in one answer, with an allowance per profile for field names and short fields.
MAX_RESPONSE_CHARS = 64 * 1024 * 1024
_CHARS_PER_USER = 200


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
