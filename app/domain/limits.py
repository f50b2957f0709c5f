"""How much Rollcall takes and gives at once, so that no request fills the memory or holds everybody up.

Nothing ordinary comes near: upstream's own columns had 255 to 1,024 characters, and its clients ask for up to
a thousand ids.
"""

from __future__ import annotations

from collections.abc import Sequence, Sized

from app.errors import ArgumentTooLong
from app.models import User

#: Characters of all texts of a profile, or of a command, together.
MAX_TEXT_CHARS = 65_536
#: Users or ids in one call.
MAX_ITEMS = 10_000
#: Commands of one user.
MAX_COMMANDS = 10_000
#: Characters of the profiles or commands in one answer, with so many for what stands around each.
MAX_RESPONSE_CHARS = 64 * 1024 * 1024
_AROUND = 200


def check_texts(*texts: str | None) -> None:
    """Refuse texts that are too long to keep. Raises ArgumentTooLong."""
    length = 0
    for text in texts:
        if text:
            length += len(text)
    if length > MAX_TEXT_CHARS:
        raise ArgumentTooLong(f"the texts have over {MAX_TEXT_CHARS} characters")


def check_count(things: Sized) -> None:
    """Refuse a list that is too long to be dealt with at once. Raises ArgumentTooLong."""
    if len(things) > MAX_ITEMS:
        raise ArgumentTooLong(f"the list has over {MAX_ITEMS} entries")


def check_answer(users: Sequence[User]) -> None:
    """Refuse to answer with more than anybody should ask for at once. Raises ArgumentTooLong."""
    size = sum(len(user.nickname) + len(user.face_url) + len(user.ex) + _AROUND for user in users)
    if size > MAX_RESPONSE_CHARS:
        raise ArgumentTooLong(f"the answer would have over {MAX_RESPONSE_CHARS} characters, ask for less")
