"""The two generations of v3 as values, and how a request shows which one it belongs to.

The wire changed at 3.8.1: strings became numbers, secrets became admin tokens. A client gives its generation
away by the credential that it holds (the table is in README.md), so nothing is configured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from app.dialects.openim_v3 import platforms, tokens
from app.wire import body
from app.wire.request import Request

T = TypeVar("T")

#: From this appMangerLevel on an account is an application's, not a person's.
APP_ACCOUNT = 3
# Go's zero time in Unix ms: 3.5 and later register their administrators without a time.
_YEAR_1 = -62_135_596_800_000


@dataclass(frozen=True, eq=False)
class Generation:
    """The rows in which one generation of v3 differs from the other."""

    name: str
    format: str
    """Of the tokens that it mints."""
    kicks: bool
    """Whether issuing a token cancels older ones of that user."""
    account_status: Mapping[bool, str | int]
    """How account_check says whether somebody is registered."""
    online_status: Mapping[bool, str | int]
    """How get_users_online_status says whether somebody is online."""
    platform: Callable[[int], dict[str, object]]
    """How an answer names a platform."""
    connection: Mapping[str, object]
    """What else stands behind the platform of a connection."""
    levels: tuple[int, int]
    """The appMangerLevel of an administrator, and the one shown of who was registered without one."""
    administrators_time: int | None
    """The createTime of administrators; None if it is known."""
    takes_unknown: bool
    """Whether get_users_info leaves out whom nobody knows, and repeats nobody."""
    listed_levels: tuple[int, int] | None
    """Whom get_users lists, by appMangerLevel, without the administrators; None for everybody."""
    notification_levels: tuple[int, int]
    """Which accounts are for notifications, by appMangerLevel."""
    names_notification_level: bool
    """Whether the notification account calls take and show an appMangerLevel."""
    refuses_special_accounts: bool
    """Whether get_user_token refuses the administrators' platform and the accounts of applications."""
    take_json: Callable[[body.DecodedJson], Any]
    """What it makes of text behind the JSON value, and how it words a body that just ends."""
    detail: Callable[[str, int, str], str]
    """`errDlt` of a message (which may be empty), a code and a name."""
    compresses: bool
    """Whether it answers in gzip if asked to."""


LEGACY = Generation(
    name="3.4",
    format=tokens.FORMAT_3_4,
    kicks=False,
    account_status={True: "registered", False: "unregistered"},
    online_status={True: "online", False: "offline"},
    platform=lambda platform_id: {"platform": platforms.NAMES.get(platform_id, "")},
    connection={"status": "online"},
    levels=(2, 1),
    administrators_time=None,
    takes_unknown=False,
    listed_levels=None,
    notification_levels=(APP_ACCOUNT, APP_ACCOUNT),
    names_notification_level=False,
    refuses_special_accounts=False,
    take_json=body.decode_stream,
    detail=lambda message, code, name: f"{message}: {code} {name}",
    compresses=False,
)
CURRENT = Generation(
    name="3.8",
    format=tokens.FORMAT_3_8,
    kicks=True,
    account_status={True: 1, False: 0},
    online_status={True: 1, False: 0},
    platform=lambda platform_id: {"platformID": platform_id},
    connection={},
    levels=(3, 0),
    administrators_time=_YEAR_1,
    takes_unknown=True,
    listed_levels=(0, 1),
    notification_levels=(APP_ACCOUNT, 2**31 - 1),
    names_notification_level=True,
    refuses_special_accounts=True,
    take_json=body.unmarshal,
    detail=lambda message, code, name: message or name,
    compresses=True,
)


def in_both(value: T) -> Mapping[Generation, T]:
    """Return what is the same in both generations, as what may differ is written."""
    return {LEGACY: value, CURRENT: value}


_BY_NAME = {generation.name: generation for generation in (LEGACY, CURRENT)}
_BY_STYLE = {tokens.FORMAT_3_8: CURRENT}


def generation_of(http_request: Request, path: str, forced: str) -> Generation:
    """Return the generation of a request to `path`: the prefix's, the setting's, or its credential's."""
    pinned = forced or http_request.services.settings.openim_v3_generation
    if pinned:
        return _BY_NAME[pinned]
    return _by_call(http_request, path) or _by_token(http_request, path) or CURRENT


def _by_call(http_request: Request, path: str) -> Generation | None:
    """Go by the credential that the call itself takes."""
    if path == "/auth/get_admin_token":
        return CURRENT
    if path == "/auth/user_token" and "secret" in http_request.lower_keys:
        return LEGACY
    # A header that holds no token is no credential: some clients send "undefined" before they have one.
    if path == "/user/user_register" and "secret" in http_request.lower_keys and http_request.token is None:
        return LEGACY
    return None


def _by_token(http_request: Request, path: str) -> Generation | None:
    """Go by the token that is shown; a v2 client that has come this far is an old one."""
    text = http_request.lower_keys.get("token") if path == "/auth/parse_token" else None
    decode_token = http_request.decode_token(text) if isinstance(text, str) else http_request.token
    if decode_token is None or not decode_token.format:
        return None
    return _BY_STYLE.get(decode_token.format, LEGACY)
