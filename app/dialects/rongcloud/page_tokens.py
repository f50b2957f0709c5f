"""The token that requests the next page of a list: the position of the last entry of this one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...errors import ArgumentInvalid
from ...formats.forms import FormType, form_type
from ...models import Subscription, UserAttribute

_PAGE_TOKEN = re.compile("[0-9a-f]{1,15}")


def next_page_token(entries: Sequence[UserAttribute] | Sequence[Subscription], size: int) -> str:
    """Return the token of the next page; empty if there are no entries beyond `size`."""
    return format(entries[size - 1].seq, "x") if len(entries) > size else ""


def page_token(start: int | None = None) -> FormType:
    """Return the type of a page token; `start` is the position if it is absent."""

    def decode(name: str, values: Sequence[str]) -> int:
        if not _PAGE_TOKEN.fullmatch(values[0]):
            raise ArgumentInvalid(f"{name} is none that was given out", name)
        return int(values[0], 16)

    return form_type(decode, start)
