"""What a seed says of a user under `rongcloud`: tags, and remarks about other users."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...errors import ArgumentInvalid
from ...formats.strict import bind
from .namespaces import REMARK, SINGLE, TAGS
from .schemas import MAX_TAG_BYTES, MAX_TAGS, MAX_USER_ID_BYTES


@dataclass(frozen=True)
class Remark:
    """A user's remark about another, as in `/user/remarks/set`."""

    id: str
    remark: str

    def __post_init__(self) -> None:
        if not 0 < len(self.id.encode()) <= MAX_USER_ID_BYTES:
            raise ArgumentInvalid(f"id has to have 1 to {MAX_USER_ID_BYTES} bytes", "id")


@dataclass(frozen=True)
class SeededUser:
    """A user's tags and remarks."""

    tags: Sequence[str] | None = None
    remarks: Sequence[Remark] = ()

    def __post_init__(self) -> None:
        tags = self.tags or ()
        if len(tags) > MAX_TAGS or not all(0 < len(tag.encode()) <= MAX_TAG_BYTES for tag in tags):
            raise ArgumentInvalid(f"tags has to be up to {MAX_TAGS} of 1 to {MAX_TAG_BYTES} bytes", "tags")


def attributes(value: object, place: str) -> Mapping[str, Mapping[str, str]]:
    """Return the user's attributes by namespace and name. Raises ArgumentInvalid."""
    user = bind(SeededUser, value, place)
    found: dict[str, Mapping[str, str]] = {REMARK: {each.id: each.remark for each in user.remarks}}
    if user.tags is not None:
        found[TAGS] = {SINGLE: json.dumps(user.tags)}
    return found
