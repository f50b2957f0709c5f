"""The two generations of v3 as values, and how a request shows its generation.

The wire changed at 3.8.1: strings became numbers, secrets became administrators' tokens. A client shows its
generation by the credential that it holds (the table is in README.md), so nothing has to be configured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...formats.json_body import DecodedJson, decode_stream, unmarshal
from ...http.request import Request
from ..openim import platforms
from ..openim.tokens import V3_4, V3_8, presented
from .settings import OpenIMV3Settings

#: From this appMangerLevel on an account is an application's, not a person's.
APP_ACCOUNT = 3
# Go's zero time in Unix ms: 3.5 and later register their administrators without a time.
_YEAR_1 = -62_135_596_800_000


@dataclass(frozen=True, eq=False)
class Generation:
    """How one generation of v3 differs from the other."""

    name: str
    token_format: str
    """The format of the tokens that it issues."""
    revokes: bool
    """Whether issuing a token revokes older ones of that user."""
    account_status: Mapping[bool, str | int]
    """How account_check says whether a user is registered."""
    online_status: Mapping[bool, str | int]
    """How get_users_online_status says whether a user is online."""
    platform: Callable[[int], dict[str, object]]
    """How an answer names a platform."""
    connection: Mapping[str, object]
    """What else follows the platform of a connection."""
    levels: tuple[int, int]
    """The appMangerLevel of an administrator, and the one shown for users registered without one."""
    administrators_time: int | None
    """The createTime of administrators; None if it is known."""
    skips_unknown: bool
    """Whether get_users_info leaves out unknown and repeated ids."""
    listed_levels: tuple[int, int] | None
    """The appMangerLevels that get_users lists, without the administrators; None for all users."""
    notification_levels: tuple[int, int]
    """The appMangerLevels of notification accounts."""
    names_notification_level: bool
    """Whether the notification account calls take and show an appMangerLevel."""
    refuses_special_accounts: bool
    """Whether get_user_token refuses the administrators' platform and the accounts of applications."""
    read_json: Callable[[DecodedJson], Any]
    """How it treats text after the JSON value, and a body that just ends."""
    detail: Callable[[str, int, str], str]
    """`errDlt` of a message (which may be empty), a code and a name."""
    compresses: bool
    """Whether it compresses answers on demand."""


LEGACY = Generation(
    name="3.4",
    token_format=V3_4,
    revokes=False,
    account_status={True: "registered", False: "unregistered"},
    online_status={True: "online", False: "offline"},
    platform=lambda platform_id: {"platform": platforms.NAMES.get(platform_id, "")},
    connection={"status": "online"},
    levels=(2, 1),
    administrators_time=None,
    skips_unknown=False,
    listed_levels=None,
    notification_levels=(APP_ACCOUNT, APP_ACCOUNT),
    names_notification_level=False,
    refuses_special_accounts=False,
    read_json=decode_stream,
    detail=lambda message, code, name: f"{message}: {code} {name}",
    compresses=False,
)
CURRENT = Generation(
    name="3.8",
    token_format=V3_8,
    revokes=True,
    account_status={True: 1, False: 0},
    online_status={True: 1, False: 0},
    platform=lambda platform_id: {"platformID": platform_id},
    connection={},
    levels=(3, 0),
    administrators_time=_YEAR_1,
    skips_unknown=True,
    listed_levels=(0, 1),
    notification_levels=(APP_ACCOUNT, 2**31 - 1),
    names_notification_level=True,
    refuses_special_accounts=True,
    read_json=unmarshal,
    detail=lambda message, code, name: message or name,
    compresses=True,
)

_BY_NAME = {generation.name: generation for generation in (LEGACY, CURRENT)}


def generation_of(http_request: Request, path: str, forced: str) -> Generation:
    """Return the generation of a request to `path`: the base path's, the setting's, or its credential's."""
    pinned = forced or http_request.services.settings.groups[OpenIMV3Settings].openim_v3_generation
    if pinned:
        return _BY_NAME[pinned]
    return _by_call(http_request, path) or _by_token(http_request, path) or CURRENT


def _by_call(http_request: Request, path: str) -> Generation | None:
    """Go by the credential that the call itself takes."""
    if path == "/auth/get_admin_token":
        return CURRENT
    if path == "/auth/user_token" and "secret" in http_request.lower_keys:
        return LEGACY
    # A header without a token is no credential: some clients send "undefined" before they have one.
    is_registration = path == "/user/user_register" and "secret" in http_request.lower_keys
    return LEGACY if is_registration and presented(http_request) is None else None


def _by_token(http_request: Request, path: str) -> Generation | None:
    """Go by the token; a client with a v2 token that calls v3 is an old one."""
    text = http_request.lower_keys.get("token") if path == "/auth/parse_token" else None
    token = presented(http_request, text if isinstance(text, str) else None)
    if token is None or not token.format:
        return None
    return CURRENT if token.format == V3_8 else LEGACY
