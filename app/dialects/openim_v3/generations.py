"""The two generations of v3 as values, and the detection of a request's generation.

The protocol changed at 3.8.1: strings became numbers, secrets became administrators' tokens. A client's
credential shows its generation (the table is in README.md), so nothing has to be configured.
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

#: The lowest appMangerLevel of an account that belongs to an application, not a person.
APP_ACCOUNT = 3
# Go's zero time in Unix ms: 3.5 and later register their administrators without a time.
_YEAR_1 = -62_135_596_800_000


@dataclass(frozen=True, eq=False)
class Generation:
    """The differences between the generations of v3."""

    name: str
    token_format: str
    """The format of the tokens that it issues."""
    checks_signature_first: bool
    """Whether a token's signature is checked before its times."""
    revokes: bool
    """Whether issuing a token revokes older ones of that user."""
    account_status: Mapping[bool, str | int]
    """account_check's values for registered (True) and unregistered users."""
    online_status: Mapping[bool, str | int]
    """get_users_online_status's values for online (True) and offline users."""
    platform: Callable[[int], dict[str, object]]
    """Return the members of an answer that name a platform."""
    connection: Mapping[str, object]
    """Further members after the platform of a connection."""
    levels: tuple[int, int]
    """The appMangerLevel of an administrator, and the one shown for users registered without one."""
    administrators_time: int | None
    """The createTime shown for administrators; None for the real one."""
    lists_all_ids: bool
    """Whether get_all_users_uid answers with all ids if `showNumber` is below 1."""
    skips_unknown: bool
    """Whether get_users_info omits unknown and repeated ids."""
    listed_levels: tuple[int, int] | None
    """The appMangerLevels that get_users lists, without the administrators; None for all users."""
    notification_levels: tuple[int, int]
    """The appMangerLevels of notification accounts."""
    names_notification_level: bool
    """Whether the notification account calls take and show an appMangerLevel."""
    refuses_special_accounts: bool
    """Whether get_user_token refuses the administrators' platform and the accounts of applications."""
    read_json: Callable[[DecodedJson], Any]
    """Return a body's value; they differ in text after the value and in truncated bodies."""
    detail: Callable[[str, int, str], str]
    """Return `errDlt` for a message (may be empty), a code and a name."""
    compresses: bool
    """Whether it compresses answers for clients that accept it."""


LEGACY = Generation(
    name="3.4",
    token_format=V3_4,
    checks_signature_first=False,
    revokes=False,
    account_status={True: "registered", False: "unregistered"},
    online_status={True: "online", False: "offline"},
    platform=lambda platform_id: {"platform": platforms.NAMES.get(platform_id, "")},
    connection={"status": "online"},
    levels=(2, 1),
    administrators_time=None,
    lists_all_ids=True,
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
    checks_signature_first=True,
    revokes=True,
    account_status={True: 1, False: 0},
    online_status={True: 1, False: 0},
    platform=lambda platform_id: {"platformID": platform_id},
    connection={},
    levels=(3, 0),
    administrators_time=_YEAR_1,
    lists_all_ids=False,
    skips_unknown=True,
    listed_levels=(0, 1),
    notification_levels=(APP_ACCOUNT, 2**31 - 1),
    names_notification_level=True,
    refuses_special_accounts=True,
    read_json=unmarshal,
    detail=lambda message, code, name: message or name,
    compresses=True,
)

_Reasoned = tuple[Generation, str]
#: Why a request is of its generation.
BASE_PATH, SETTING = "the base path says so", "ROLLCALL_OPENIM_V3_GENERATION says so"
ONLY_GENERATION = "only 3.8 has this call"
NOTHING_DECIDES = "nothing in the request decides, and 3.8 is the default"
_BY_NAME = {generation.name: generation for generation in (LEGACY, CURRENT)}


_ADMIN_TOKEN: _Reasoned = (CURRENT, ONLY_GENERATION)
_SECRET: _Reasoned = (LEGACY, "the body has a secret, as this call takes it in 3.4 only")
_NEW_TOKEN: _Reasoned = (CURRENT, "the token was issued in 3.8")
#: v2 tokens, too, because such clients are old.
_OLD_TOKEN: _Reasoned = (LEGACY, "the token was issued in 3.4 or v2")
_DEFAULT: _Reasoned = (CURRENT, NOTHING_DECIDES)


def generation_of(http_request: Request, path: str, forced: str) -> _Reasoned:
    """Return a request's generation, from the base path, the setting or the credential, in this order.

    The text says why it is that one.
    """
    if forced:
        return _BY_NAME[forced], BASE_PATH
    pinned = http_request.services.settings.groups[OpenIMV3Settings].openim_v3_generation
    if pinned:
        return _BY_NAME[pinned], SETTING
    return _by_call(http_request, path) or _by_token(http_request, path) or _DEFAULT


def _by_call(http_request: Request, path: str) -> _Reasoned | None:
    """Return the generation by the credential that the call itself takes, if that decides."""
    if path == "/auth/get_admin_token":
        return _ADMIN_TOKEN
    if path == "/auth/user_token" and "secret" in http_request.lower_keys:
        return _SECRET
    # Ignore a malformed token in the header: some clients send "undefined" before they have one.
    is_registration = path == "/user/user_register" and "secret" in http_request.lower_keys
    return _SECRET if is_registration and presented(http_request) is None else None


def _by_token(http_request: Request, path: str) -> _Reasoned | None:
    """Return the generation by the token."""
    text = http_request.lower_keys.get("token") if path == "/auth/parse_token" else None
    token = presented(http_request, text if isinstance(text, str) else None)
    if token is None or not token.format:
        return None
    return _NEW_TOKEN if token.format == V3_8 else _OLD_TOKEN
