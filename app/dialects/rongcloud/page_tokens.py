"""The token that requests the next page of a list: the position of the last entry of this one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...errors import ArgumentInvalid
from ...models import Subscription, UserAttribute
from .context import Context

_PAGE_TOKEN = re.compile("[0-9a-f]{1,15}")


def next_page_token(entries: Sequence[UserAttribute] | Sequence[Subscription], size: int) -> str:
    """Return the token of the next page; empty if there are no entries beyond `size`."""
    return format(entries[size - 1].seq, "x") if len(entries) > size else ""


def position(context: Context, page_token: str) -> int | None:
    """Return the position that a token stands for; None for the first page.

    A token that was not given out stands for the first page in a `live` app; a `documented` one refuses it.
    Raises ArgumentInvalid.
    """
    if _PAGE_TOKEN.fullmatch(page_token):
        return int(page_token, 16)
    if page_token and context.app.is_documented:
        raise ArgumentInvalid("pageToken is none that was given out", "pageToken")
    return None
