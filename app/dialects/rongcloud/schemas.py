"""The requests of RongCloud's user API (docs.rongcloud.cn, platform-chat-api/user; limits in seed 003)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.dialects.rongcloud.parameters import Parameters
from app.errors import ArgumentInvalid, ArgumentMissing, ArgumentTooLong

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")

LONGEST_USER_ID = 64  # bytes
LONGEST_NAME = (64, 128)  # characters in today's documents, bytes in older ones; either will do
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
        _refuse_length("name", len(name) > LONGEST_NAME[0] and len(name.encode()) > LONGEST_NAME[1])
        _refuse_length("portraitUri", len(portrait.encode()) > LONGEST_PORTRAIT)
        # E-mail addresses and phone numbers are ids too, so all that can be seen is fine; commas join lists.
        _refuse_characters("userId", not user_id.isprintable() or bool(set(user_id) & {" ", ","}))
        _refuse_characters("name", bool(_CONTROL.search(name)))
        _refuse_characters("portraitUri", bool(_CONTROL.search(portrait)))
        return cls(user_id, name, portrait)


def _first(parameters: Parameters, names: Sequence[str]) -> list[str]:
    return [parameters.get(name, [""])[0] for name in names]


def _refuse_length(name: str, too_long: bool) -> None:
    if too_long:
        raise ArgumentTooLong(f"{name} is too long", name)


def _refuse_characters(name: str, illegal: bool) -> None:
    if illegal:
        raise ArgumentInvalid(f"{name} holds characters that are not allowed", name)
