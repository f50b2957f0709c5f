"""The requests of RongCloud's user API (docs.rongcloud.cn, platform-chat-api/user)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.dialects.rongcloud.parameters import Parameters
from app.errors import ArgumentInvalid, ArgumentMissing, ArgumentTooLong

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")

LONGEST_USER_ID = 64  # bytes
# A name is too long if both are exceeded: today's documents count characters, older ones counted bytes.
LONGEST_NAME = 64  # characters
LONGEST_NAME_BYTES = 128
LONGEST_PORTRAIT = 1024  # bytes


@dataclass(frozen=True, slots=True)
class GetToken:
    """`/user/getToken`: who, and how the user is to be shown."""

    user_id: str
    name: str
    portrait_uri: str

    @classmethod
    def bind(cls, parameters: Parameters) -> GetToken:
        """Take the parameters: first whether all are there, then how long they are, then what they hold.

        Raises ArgumentMissing, ArgumentTooLong or ArgumentInvalid.
        """
        user_id, name, portrait = _first(parameters, ("userId", "name", "portraitUri"))
        for parameter, value in (("userId", user_id), ("name", name)):
            if not value.strip():
                raise ArgumentMissing(f"{parameter} is required", parameter)
        _refuse_length("userId", len(user_id.encode()) > LONGEST_USER_ID)
        _refuse_length("name", len(name) > LONGEST_NAME and len(name.encode()) > LONGEST_NAME_BYTES)
        _refuse_length("portraitUri", len(portrait.encode()) > LONGEST_PORTRAIT)
        _refuse_characters("name", bool(_CONTROL.search(name)))
        _refuse_characters("portraitUri", bool(_CONTROL.search(portrait)))
        return cls(user_id, name, portrait)


def new_id_flaw(user_id: str) -> str | None:
    """Return why this dialect would not register an id; None if it would.

    E-mail addresses and phone numbers are ids too, so all that can be seen is fine, but commas join lists.
    """
    if user_id.isprintable() and not set(user_id) & {" ", ","}:
        return None
    return "holds characters that are not allowed"


def _first(parameters: Parameters, names: Sequence[str]) -> list[str]:
    return [parameters.get(name, [""])[0] for name in names]


def _refuse_length(name: str, too_long: bool) -> None:
    if too_long:
        raise ArgumentTooLong(f"{name} is too long", name)


def _refuse_characters(name: str, illegal: bool) -> None:
    if illegal:
        raise ArgumentInvalid(f"{name} holds characters that are not allowed", name)
