"""The table of settings: name, type, default, meaning. Nothing else in Rollcall reads the environment.

A setting comes from, strongest first: the mapping given to `create_app`, the environment variable
`ROLLCALL_<NAME>`, the line `<NAME> = ...` in `config.py` of the instance folder, its default. An unknown
name, a value of the wrong kind or two settings at odds stop the start with a sentence that names them; the
sentence never holds the value of a secret.
"""

from __future__ import annotations

import difflib
import os
import traceback
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from app import setting_types as types
from app.errors import SettingInvalid
from app.setting_types import Callback, RongCloudApp

PREFIX = "ROLLCALL_"

#: Secrets printed in vendors' documents, default configurations or this project's own.
DOCUMENTED_SECRETS = frozenset(
    {"tuoyun", "openIM123", "open_im_server", "Y1W2MeFwwwRxa0", "your-app-secret", "live-app-secret"}
)
#: Fewer characters than this can be guessed, however they were chosen.
MIN_SECRET_CHARS = 16
#: OpenIM v2 refuses a longer `secret` before comparing it (pkg/base_info/auth_api_struct.go, max=32).
MAX_V2_SECRET_CHARS = 32


def _setting(
    default: object, parse: Callable[[object], Any], meaning: str, secret_of: str | None = None
) -> Any:
    """Declare a setting; `secret_of` is the dialect whose secret it is, so that a weak one is noticed."""
    notes = {"default": default, "parse": parse, "meaning": meaning, "secret_of": secret_of}
    return field(default=parse(default), metadata=notes)


_DAYS = types.int_range(1, 36500)


@dataclass(frozen=True)
class Settings:
    """Every setting of the process, parsed. A field `x` is the environment variable `ROLLCALL_X`."""

    instance: Path = _setting(
        "instance",
        types.path_,
        "folder of the database, the lock and `config.py`; made at the first start",
    )
    bind: str = _setting("127.0.0.1:10002", types.text, "address that gunicorn listens on")
    threads: int = _setting(
        "64",
        types.int_range(1, 512),
        "threads that serve requests, made as they are needed; those that write together share a commit",
    )
    pin_to_one_core: bool = _setting(
        "1",
        types.boolean,
        "keep the server on one processor core, where its threads do not fight over the interpreter",
    )
    dialects: tuple[str, ...] = _setting(
        "openim_v2,openim_v3,rongcloud", types.dialects, "the protocols that are served"
    )
    openim_default: str = _setting(
        "v2",
        types.choice("v2", "v3"),
        "`v2` or `v3`: how to read an OpenIM request without a prefix that could be either",
    )
    openim_v3_generation: str = _setting(
        "",
        types.choice("", "3.4", "3.8"),
        "`3.4` or `3.8` answers every OpenIM v3 request in that generation; empty goes by each request's "
        "credential, and by 3.8 where there is none",
    )
    openim_multi_login_policy: int = _setting(
        "1",
        types.int_choice(0, 1, 4, 5),
        "which older tokens of a user a new one of OpenIM 3.8 cancels, as upstream's `multiLogin.policy`: "
        "`0` those above the next setting, `1` the same platform's, `4` the same class of platforms', `5` "
        "all but a PC's",
    )
    openim_max_num_one_end: int = _setting(
        "30",
        types.int_range(1, 1000),
        "tokens of a user that policy `0` leaves on one platform, as upstream's `multiLogin.maxNumOneEnd`",
    )
    openim_secret: tuple[str, ...] = _setting(
        "openIM123",
        types.secrets,
        "OpenIM v3's `secret`; it also signs v3 tokens; of several, comma-separated, the first signs and any "
        "will do",
        secret_of="openim_v3",
    )
    openim_v2_secret: tuple[str, ...] = _setting(
        "tuoyun",
        types.secrets,
        "OpenIM v2's `secret`, at most 32 characters; of several, comma-separated, any will do",
        secret_of="openim_v2",
    )
    openim_v2_access_secret: tuple[str, ...] = _setting(
        "open_im_server",
        types.secrets,
        "OpenIM v2's `tokenpolicy.accessSecret`, which signs v2 tokens; of several, comma-separated, the "
        "first signs and any verifies",
        secret_of="openim_v2",
    )
    openim_v2_token_days: int = _setting("7", _DAYS, "days that an OpenIM v2 token lasts")
    openim_v3_token_days: int = _setting("90", _DAYS, "days that an OpenIM v3 token lasts")
    admins: tuple[str, ...] = _setting(
        "imAdmin,openIMAdmin,openIM123456,openIM654321,openIM333",
        types.user_ids,
        "ids of the administrators, in every dialect; registered at the start",
    )
    openim_v3_admins: tuple[str, ...] = _setting(
        "imAdmin", types.user_ids, "those administrators whom `/auth/get_admin_token` takes"
    )
    rongcloud_apps: tuple[RongCloudApp, ...] = _setting(
        "your-app-key:Y1W2MeFwwwRxa0,your-app-key:your-app-secret,live-app-key:live-app-secret:live",
        types.apps,
        "RongCloud's apps as `key:secret` or `key:secret:profile`, comma-separated; a key may stand several "
        "times with a secret each; the profile is `documented` or `live`",
        secret_of="rongcloud",
    )
    rongcloud_token_days: int = _setting("30", _DAYS, "days that a RongCloud token lasts")
    rongcloud_timestamp_window: int = _setting(
        "0",
        types.int_range(0, 86_400),
        "seconds by which a RongCloud timestamp may be off; `0` does not look (official SDKs repeat theirs)",
    )
    rongcloud_nonce_once: bool = _setting(
        "0", types.boolean, "`1` refuses a RongCloud nonce that was used before with the same timestamp"
    )
    rongcloud_rate_limit: int = _setting(
        "0",
        types.int_range(0, 1_000_000),
        "calls a second that an app key may make of each RongCloud call before 1008; `0` is no limit",
    )
    rongcloud_max_users: int = _setting(
        "0",
        types.int_range(0, 1_000_000_000),
        "users beyond whom RongCloud's getToken registers nobody and answers 2007; `0` is no limit",
    )
    presence_history: int = _setting(
        "50000",
        types.int_range(1, 10_000_000),
        "changes of presence that are kept for `/presence/changes`, of about 200 bytes each",
    )
    gateway_ttl: int = _setting(
        "86400",
        types.int_range(60, 31 * 86_400),
        "seconds for which a gateway that does not repeat itself is believed that somebody is online",
    )
    callback_key: str = _setting(
        "",
        types.key,
        "16 characters or more that let in OpenIM gateways' callbacks from other machines, at "
        "`/callback/<key>`; empty takes them from this machine only",
    )
    openim_callback_url: str = _setting(
        "", types.url, "where OpenIM's callbacks are sent to, as upstream's `callbackUrl` or `webhooks.url`"
    )
    openim_callback_generation: str = _setting(
        "3.7",
        types.choice(*types.CALLBACKS),
        "whose callbacks they are, `2.3` (v2), `3.4` (up to 3.4), `3.5` (3.5, 3.6) or `3.7` (since): their "
        "names, how they stand in the URL, and when an answer refuses",
    )
    openim_callbacks: tuple[Callback, ...] = _setting(
        "",
        types.callbacks,
        "which, as `name`, `name:timeout` or `name:timeout:refuse`, comma-separated; the names are those of "
        "upstream's `webhooks.yml` (`beforeUserRegister`, `afterUserOnline` ...) and `presenceReset`; the "
        "timeout is 5 seconds, up to 15; `refuse` is upstream's `failedContinue: false`",
    )
    rongcloud_callback_urls: tuple[tuple[str, str], ...] = _setting(
        "",
        types.urls_by_key,
        "where RongCloud's online-status callback is sent to, as `app-key=url`, comma-separated",
    )
    webhook_secret: str = _setting(
        "",
        types.key,
        "16 characters or more with which everything that is sent is signed; empty does not sign",
    )
    webhook_allow_private: bool = _setting(
        "0", types.boolean, "`1` sends to private addresses although Rollcall serves other machines"
    )
    webhook_max_age: int = _setting(
        "86400",
        types.int_range(1, 31 * 86_400),
        "seconds of serving after which an event of a user is no longer tried to be delivered",
    )
    webhook_max_backoff: int = _setting(
        "300", types.int_range(1, 3600), "seconds between two tries at the most"
    )
    trusted_proxies: int = _setting(
        "0",
        types.int_range(0, 10),
        "proxies in front of Rollcall that append to `X-Forwarded-For`, whose word on the client's address "
        "is believed; `0` believes none",
    )
    path_prefix: str = _setting(
        "",
        types.path_prefix,
        "what stands before every path (`/im`), where a proxy passes it on; only such paths are served then",
    )
    log_format: str = _setting(
        "console", types.choice("console", "json"), "`console` or `json`, a line of JSON for each message"
    )
    log_requests: bool = _setting(
        "0", types.boolean, "`1` logs a line for each request: dialect, call, outcome, time, operationID"
    )
    metrics: bool = _setting(
        "1", types.boolean, "`1` counts requests for `/metrics`, where the extra `metrics` is installed"
    )
    metrics_key: str = _setting(
        "",
        types.key,
        "16 characters or more that let other machines read `/metrics`, as `Authorization: Bearer`",
    )
    allow_documented_secrets: bool = _setting(
        "0", types.boolean, "`1` serves other machines although documented or short secrets are in place"
    )

    @property
    def database(self) -> Path:
        """Where the database is."""
        return self.instance / "rollcall.db"

    @property
    def lock(self) -> Path:
        """Where the lock is that one server at a time holds."""
        return self.instance / "rollcall.lock"

    def weak_secrets(self) -> tuple[str, ...]:
        """Return the environment names of the settings that hold a documented or short secret.

        Only the dialects that are served are judged.
        """
        return tuple(
            variable(row.name)
            for row in fields(self)
            if row.metadata["secret_of"] in self.dialects and _is_weak(getattr(self, row.name))
        )

    def restricting_secrets(self) -> tuple[str, ...]:
        """Return the names of the settings because of which only this machine is served."""
        return () if self.allow_documented_secrets else self.weak_secrets()


#: Settings of Rollcall 0.1 by their old names.
RENAMED = {
    "webhook_give_up": "webhook_max_age",
    "webhook_longest_pause": "webhook_max_backoff",
    "webhook_private": "webhook_allow_private",
    "one_core": "pin_to_one_core",
    "rongcloud_most_users": "rongcloud_max_users",
}
TABLE: tuple[Field[Any], ...] = fields(Settings)
_PARSERS: dict[str, Callable[[object], Any]] = {row.name: row.metadata["parse"] for row in TABLE}


def _is_weak(values: tuple[str | RongCloudApp, ...]) -> bool:
    secrets = [
        secret for value in values for secret in ((value,) if isinstance(value, str) else value.secrets)
    ]
    return any(secret in DOCUMENTED_SECRETS or len(secret) < MIN_SECRET_CHARS for secret in secrets)


def variable(name: str) -> str:
    """Return the environment variable of the setting `name`."""
    return PREFIX + name.upper()


def load(overrides: Mapping[str, object] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Gather the settings, the strongest source last; `overrides` has the fields' names as keys.

    Raises SettingInvalid.
    """
    given = {
        **_from_environ(os.environ if environ is None else environ),
        **_parsed(overrides or {}, lambda name: f"create_app's {name}"),
    }
    config = given.get("instance", Settings.instance) / "config.py"
    settings = Settings(**{**_from_file(config), **given})
    check_consistency(settings)
    return settings


def _from_environ(environ: Mapping[str, str]) -> dict[str, Any]:
    ours = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
    return _parsed({name.removeprefix(PREFIX).lower(): value for name, value in ours.items()}, variable)


def _from_file(path: Path) -> dict[str, Any]:
    """Run the instance folder's `config.py` and take its upper-case names."""
    try:
        source = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeError) as error:
        raise SettingInvalid(f"{path} cannot be read: {error}") from error
    names: dict[str, Any] = {"__file__": str(path)}
    try:
        exec(compile(source, str(path), "exec"), names)
    except Exception as error:
        # Its own words are left out: they may quote a secret whose quotes were forgotten.
        raise SettingInvalid(
            f"{path} does not run: {type(error).__name__} in line {_line(error, path)}"
        ) from None
    found = {name.lower(): value for name, value in names.items() if name.isupper()}
    if "instance" in found:
        raise SettingInvalid(f"INSTANCE in {path} has no effect there; set {variable('instance')}")
    return _parsed(found, lambda name: f"{name.upper()} in {path}")


def _line(error: Exception, path: Path) -> int | None:
    """Return the line of the file in which it failed."""
    steps = [step.lineno for step in traceback.extract_tb(error.__traceback__) if step.filename == str(path)]
    return steps[-1] if steps else getattr(error, "lineno", None)


def _parsed(values: Mapping[str, object], place: Callable[[str], str]) -> dict[str, Any]:
    """Parse each value by its setting; `place` words where a name stands, for the sentence of refusal."""
    parsed = {}
    for name, value in values.items():
        if name in RENAMED:
            raise SettingInvalid(f"{place(name)} is now called {variable(RENAMED[name])}")
        if name not in _PARSERS:
            raise SettingInvalid(f"{place(name)} is not a Rollcall setting{_suggestion(name)}")
        try:
            parsed[name] = _PARSERS[name](value)
        except ValueError as error:
            raise SettingInvalid(f"{place(name)} {error}") from None
    return parsed


def _suggestion(name: str) -> str:
    near = difflib.get_close_matches(name.removeprefix(PREFIX.lower()), _PARSERS, 1)
    return f"; did you mean {variable(near[0])}?" if near else ""


def check_consistency(settings: Settings) -> None:
    """Refuse settings that are right one by one and wrong together."""
    if max(map(len, settings.openim_v2_secret)) > MAX_V2_SECRET_CHARS:
        raise SettingInvalid(
            f"{variable('openim_v2_secret')} has over {MAX_V2_SECRET_CHARS} characters, "
            "which OpenIM v2 refuses"
        )
    if settings.openim_callbacks and not settings.openim_callback_url:
        raise SettingInvalid(
            f"{variable('openim_callbacks')} is set and {variable('openim_callback_url')} is not: set both"
        )
    generation = settings.openim_callback_generation
    unknown = [row.name for row in settings.openim_callbacks if row.name not in types.CALLBACKS[generation]]
    if unknown:
        raise SettingInvalid(
            f"{variable('openim_callbacks')} lists {', '.join(unknown)}, which "
            f"{variable('openim_callback_generation')} {generation} does not have"
        )
    keys = {app.key for app in settings.rongcloud_apps}
    nobody = [key for key, _ in settings.rongcloud_callback_urls if key not in keys]
    if nobody:
        raise SettingInvalid(
            f"{variable('rongcloud_callback_urls')} names {', '.join(nobody)}, {variable('rongcloud_apps')} "
            "does not: set both"
        )
    strangers = [name for name in settings.openim_v3_admins if name not in settings.admins]
    if strangers:
        raise SettingInvalid(
            f"{variable('openim_v3_admins')} lists {', '.join(strangers)}, {variable('admins')} does not: "
            "set both"
        )
