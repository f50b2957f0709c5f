"""The two generations of v3 as values, and how a request shows which one it belongs to.

The wire changed at 3.8.1: strings became numbers, secrets became admin tokens. A client gives its generation
away by the credential that it holds (the table is in README.md), so nothing is configured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.dialects.openim_v3 import tokens
from app.wire import body
from app.wire.incoming import Incoming


@dataclass(frozen=True, eq=False)
class Generation:
    """The rows in which one generation of v3 differs from the other."""

    name: str
    style: str
    """Of the tokens that it mints."""
    kicks: bool
    """Whether issuing a token cancels the older ones of that user and platform."""
    account_status: Mapping[bool, str | int]
    """How account_check says whether somebody is registered."""
    refuses_special_accounts: bool
    """Whether get_user_token refuses the administrators' platform and the accounts of applications."""
    take_json: Callable[[body.Json], Any]
    """What it makes of text behind the JSON value, and how it words a body that just ends."""
    detail: Callable[[str, int, str], str]
    """`errDlt` of a message (which may be empty), a code and a name."""


LEGACY = Generation(
    name="3.4",
    style=tokens.STYLE_3_4,
    kicks=False,
    account_status={True: "registered", False: "unregistered"},
    refuses_special_accounts=False,
    take_json=body.first_value,
    detail=lambda message, code, name: f"{message}: {code} {name}",
)
CURRENT = Generation(
    name="3.8",
    style=tokens.STYLE_3_8,
    kicks=True,
    account_status={True: 1, False: 0},
    refuses_special_accounts=True,
    take_json=body.only_value,
    detail=lambda message, code, name: message or name,
)
_BY_NAME = {generation.name: generation for generation in (LEGACY, CURRENT)}
_BY_STYLE = {tokens.STYLE_3_8: CURRENT}


def generation_of(incoming: Incoming, path: str, forced: str) -> Generation:
    """Return the generation of a request to `path`: the prefix's, the setting's, or its credential's."""
    pinned = forced or incoming.services.settings.openim_v3_generation
    if pinned:
        return _BY_NAME[pinned]
    return _by_call(incoming, path) or _by_token(incoming) or CURRENT


def _by_call(incoming: Incoming, path: str) -> Generation | None:
    """Go by the credential that the call itself takes."""
    if path == "/auth/get_admin_token":
        return CURRENT
    if path == "/auth/user_token" and "secret" in incoming.keys:
        return LEGACY
    if path == "/user/user_register" and "secret" in incoming.keys and not incoming.header("TOKEN"):
        return LEGACY
    return None


def _by_token(incoming: Incoming) -> Generation | None:
    """Go by the token in the header; a v2 client that has come this far is an old one."""
    presented = incoming.token
    if presented is None or not presented.style:
        return None
    return _BY_STYLE.get(presented.style, LEGACY)
