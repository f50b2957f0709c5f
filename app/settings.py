"""The table of settings: name, type, default, meaning. Nothing else in Rollcall reads the environment.

The value of a setting comes from, in order of precedence: the mapping given to `create_app`, the environment
variable `ROLLCALL_<NAME>`, the line `<NAME> = ...` in `config.py` of the instance folder, its default. An
unknown name, an invalid value or conflicting settings prevent the start with a message that names them and
never contains a secret.
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

#: Secrets that appear in the vendors' documentation or default configurations, or in Rollcall's own.
DOCUMENTED_SECRETS = frozenset(
    {"tuoyun", "openIM123", "open_im_server", "Y1W2MeFwwwRxa0", "your-app-secret", "live-app-secret"}
)
#: Minimum length of a secret that does not count as guessable.
MIN_SECRET_CHARS = 16
#: OpenIM v2 refuses a longer `secret` before comparing it (pkg/base_info/auth_api_struct.go, max=32).
MAX_V2_SECRET_CHARS = 32


def _setting(
    default: object, parse: Callable[[object], Any], meaning: str, secret_of: str | None = None
) -> Any:
    """Declare a setting; for a secret, `secret_of` names its dialect, so that weak secrets are detected."""
    metadata = {"default": default, "parse": parse, "meaning": meaning, "secret_of": secret_of}
    return field(default=parse(default), metadata=metadata)


_DAYS = types.int_range(1, 36500)


@dataclass(frozen=True)
class Settings:
    """All settings, parsed. The field `x` is the environment variable `ROLLCALL_X`."""

    instance: Path = _setting(
        "instance",
        types.path_,
        "folder of the database, the lock file and `config.py`; created at the first start",
    )
    bind: str = _setting("127.0.0.1:10002", types.text, "address and port that gunicorn listens on")
    threads: int = _setting(
        "64",
        types.int_range(1, 512),
        "maximum number of threads that serve requests, started on demand; concurrent writes share a commit",
    )
    pin_to_one_core: bool = _setting(
        "1",
        types.boolean,
        "`1` pins the server to one processor core, which avoids contention for the interpreter lock",
    )
    dialects: tuple[str, ...] = _setting(
        "openim_v2,openim_v3,rongcloud", types.dialects, "protocols to serve, comma-separated"
    )
    openim_default: str = _setting(
        "v2",
        types.choice("v2", "v3"),
        "`v2` or `v3`: OpenIM version of a request without a path prefix that could be either",
    )
    openim_v3_generation: str = _setting(
        "",
        types.choice("", "3.4", "3.8"),
        "`3.4` or `3.8`: generation in which to answer every OpenIM v3 request; empty chooses by each "
        "request's credential, and 3.8 if it has none",
    )
    openim_multi_login_policy: int = _setting(
        "1",
        types.int_choice(0, 1, 4, 5),
        "older tokens of the user to revoke when OpenIM 3.8 issues a new one, as upstream's "
        "`multiLogin.policy`: `0` those over the limit of the next setting, `1` on the same platform, `4` on "
        "the same class of platforms, `5` on all platforms except PCs",
    )
    openim_max_num_one_end: int = _setting(
        "30",
        types.int_range(1, 1000),
        "maximum number of tokens per user and platform under policy `0`, as upstream's "
        "`multiLogin.maxNumOneEnd`",
    )
    openim_secret: tuple[str, ...] = _setting(
        "openIM123",
        types.secrets,
        "OpenIM v3's `secret`, which also signs v3 tokens; may be several, comma-separated: the first signs, "
        "all are accepted",
        secret_of="openim_v3",
    )
    openim_v2_secret: tuple[str, ...] = _setting(
        "tuoyun",
        types.secrets,
        "OpenIM v2's `secret`, at most 32 characters; may be several, comma-separated: all are accepted",
        secret_of="openim_v2",
    )
    openim_v2_access_secret: tuple[str, ...] = _setting(
        "open_im_server",
        types.secrets,
        "OpenIM v2's `tokenpolicy.accessSecret`, which signs v2 tokens; may be several, comma-separated: the "
        "first signs, all are accepted",
        secret_of="openim_v2",
    )
    openim_v2_token_days: int = _setting("7", _DAYS, "lifetime of an OpenIM v2 token in days")
    openim_v3_token_days: int = _setting("90", _DAYS, "lifetime of an OpenIM v3 token in days")
    admins: tuple[str, ...] = _setting(
        "imAdmin,openIMAdmin,openIM123456,openIM654321,openIM333",
        types.user_ids,
        "user ids of the administrators in all dialects, comma-separated; registered at the start",
    )
    openim_v3_admins: tuple[str, ...] = _setting(
        "imAdmin", types.user_ids, "administrators that `/auth/get_admin_token` accepts, comma-separated"
    )
    rongcloud_apps: tuple[RongCloudApp, ...] = _setting(
        "your-app-key:Y1W2MeFwwwRxa0,your-app-key:your-app-secret,live-app-key:live-app-secret:live",
        types.apps,
        "RongCloud apps as `key:secret` or `key:secret:profile`, comma-separated; repeat a key to give it "
        "several secrets; the profile is `documented` (default) or `live`",
        secret_of="rongcloud",
    )
    rongcloud_token_days: int = _setting("30", _DAYS, "lifetime of a RongCloud token in days")
    rongcloud_timestamp_window: int = _setting(
        "0",
        types.int_range(0, 86_400),
        "maximum difference in seconds between a RongCloud timestamp and the clock; `0` does not check "
        "(official SDKs reuse timestamps)",
    )
    rongcloud_nonce_once: bool = _setting(
        "0", types.boolean, "`1` rejects a RongCloud nonce that was already used with the same timestamp"
    )
    rongcloud_rate_limit: int = _setting(
        "0",
        types.int_range(0, 1_000_000),
        "maximum requests per second and app key to each RongCloud call; beyond it the answer is 1008 (`0`: "
        "no limit)",
    )
    rongcloud_max_users: int = _setting(
        "0",
        types.int_range(0, 1_000_000_000),
        "maximum number of users; beyond it getToken answers 2007 to new ones (`0`: no limit)",
    )
    presence_history: int = _setting(
        "50000",
        types.int_range(1, 10_000_000),
        "number of presence changes to keep for `/presence/changes`, about 200 bytes each",
    )
    gateway_ttl: int = _setting(
        "86400",
        types.int_range(60, 31 * 86_400),
        "how long, in seconds, an online report is trusted if the gateway sends no refresh",
    )
    callback_key: str = _setting(
        "",
        types.key,
        "key of 16 characters or more with which OpenIM gateways on other machines send callbacks, to "
        "`/callback/<key>`; empty accepts callbacks from this machine only",
    )
    openim_callback_url: str = _setting(
        "", types.url, "URL to send OpenIM callbacks to, as upstream's `callbackUrl` or `webhooks.url`"
    )
    openim_callback_generation: str = _setting(
        "3.7",
        types.choice(*types.CALLBACKS),
        "OpenIM version whose callback names, URL layout and refusal rule to use: `2.3` (v2), `3.4` (3.0 to "
        "3.4), `3.5` (3.5 and 3.6) or `3.7` (3.7 and later)",
    )
    openim_callbacks: tuple[Callback, ...] = _setting(
        "",
        types.callbacks,
        "callbacks to send: `name[:timeout[:refuse]]`, comma-separated; the names are those of upstream's "
        "`webhooks.yml` (`beforeUserRegister`, `afterUserOnline` ...) and `presenceReset`; the timeout is in "
        "seconds (default 5, maximum 15); `refuse` is upstream's `failedContinue: false`",
    )
    rongcloud_callback_urls: tuple[tuple[str, str], ...] = _setting(
        "",
        types.urls_by_key,
        "URLs to send RongCloud's online-status callback to, as `app-key=url`, comma-separated",
    )
    webhook_secret: str = _setting(
        "",
        types.key,
        "key of 16 characters or more that signs all outgoing callbacks; empty does not sign",
    )
    webhook_allow_private: bool = _setting(
        "0", types.boolean, "`1` sends callbacks to private addresses even if Rollcall serves other machines"
    )
    webhook_max_age: int = _setting(
        "86400",
        types.int_range(1, 31 * 86_400),
        "seconds of uptime after which an undelivered user event is dropped",
    )
    webhook_max_backoff: int = _setting(
        "300", types.int_range(1, 3600), "maximum seconds between two delivery attempts"
    )
    trusted_proxies: int = _setting(
        "0",
        types.int_range(0, 10),
        "number of proxies in front of Rollcall that append to `X-Forwarded-For`; the client's address is "
        "taken from there (`0`: from the connection)",
    )
    path_prefix: str = _setting(
        "",
        types.path_prefix,
        "prefix of every path (`/im`), if a proxy passes it on; other paths are not served then",
    )
    log_format: str = _setting(
        "console",
        types.choice("console", "json"),
        "`console` for plain text, `json` for a JSON object per line",
    )
    log_requests: bool = _setting(
        "0", types.boolean, "`1` logs a line for each request: dialect, call, outcome, duration, operationID"
    )
    metrics: bool = _setting("1", types.boolean, "`1` serves `/metrics`, if the extra `metrics` is installed")
    metrics_key: str = _setting(
        "",
        types.key,
        "key of 16 characters or more with which other machines read `/metrics`, as `Authorization: Bearer`",
    )
    allow_documented_secrets: bool = _setting(
        "0", types.boolean, "`1` serves other machines despite documented or short secrets"
    )

    @property
    def database(self) -> Path:
        """The path of the database file."""
        return self.instance / "rollcall.db"

    @property
    def lock(self) -> Path:
        """The path of the lock file, which one server at a time holds."""
        return self.instance / "rollcall.lock"

    def weak_secrets(self) -> tuple[str, ...]:
        """Return the environment variables of the served dialects that have a documented or short secret."""
        return tuple(
            variable(setting.name)
            for setting in fields(self)
            if setting.metadata["secret_of"] in self.dialects and _is_weak(getattr(self, setting.name))
        )

    def restricting_secrets(self) -> tuple[str, ...]:
        """Return `weak_secrets`, which restrict Rollcall to this machine; empty if that is overridden."""
        return () if self.allow_documented_secrets else self.weak_secrets()


#: Settings of Rollcall 0.1: old name to new name.
RENAMED = {
    "webhook_give_up": "webhook_max_age",
    "webhook_longest_pause": "webhook_max_backoff",
    "webhook_private": "webhook_allow_private",
    "one_core": "pin_to_one_core",
    "rongcloud_most_users": "rongcloud_max_users",
}
TABLE: tuple[Field[Any], ...] = fields(Settings)
_PARSERS: dict[str, Callable[[object], Any]] = {setting.name: setting.metadata["parse"] for setting in TABLE}


def _is_weak(values: tuple[str | RongCloudApp, ...]) -> bool:
    secrets = [
        secret for value in values for secret in ((value,) if isinstance(value, str) else value.secrets)
    ]
    return any(secret in DOCUMENTED_SECRETS or len(secret) < MIN_SECRET_CHARS for secret in secrets)


def variable(name: str) -> str:
    """Return the environment variable of the setting `name`."""
    return PREFIX + name.upper()


def load(overrides: Mapping[str, object] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Load the settings from all sources; the keys of `overrides` are field names. Raises SettingInvalid."""
    given = {
        **_from_environ(os.environ if environ is None else environ),
        **_parsed(overrides or {}, lambda name: f"create_app's {name}"),
    }
    config = given.get("instance", Settings.instance) / "config.py"
    settings = Settings(**{**_from_file(config), **given})
    check_consistency(settings)
    return settings


def _from_environ(environ: Mapping[str, str]) -> dict[str, Any]:
    values = {
        name.removeprefix(PREFIX).lower(): value for name, value in environ.items() if name.startswith(PREFIX)
    }
    return _parsed(values, variable)


def _from_file(path: Path) -> dict[str, Any]:
    """Execute `config.py` of the instance folder and parse its upper-case names."""
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
        # Leave out the message: it may quote a secret, such as one without quotes (NameError).
        raise SettingInvalid(
            f"{path} does not run: {type(error).__name__} in line {_line(error, path)}"
        ) from None
    found = {name.lower(): value for name, value in names.items() if name.isupper()}
    if "instance" in found:
        raise SettingInvalid(f"INSTANCE in {path} has no effect there; set {variable('instance')}")
    return _parsed(found, lambda name: f"{name.upper()} in {path}")


def _line(error: Exception, path: Path) -> int | None:
    """Return the line of the file that raised `error`."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    return lines[-1] if lines else getattr(error, "lineno", None)


def _parsed(values: Mapping[str, object], label: Callable[[str], str]) -> dict[str, Any]:
    """Parse each value; `label` tells how to call a setting in an error message. Raises SettingInvalid."""
    parsed = {}
    for name, value in values.items():
        if name in RENAMED:
            raise SettingInvalid(f"{label(name)} is now called {variable(RENAMED[name])}")
        if name not in _PARSERS:
            raise SettingInvalid(f"{label(name)} is not a Rollcall setting{_suggestion(name)}")
        try:
            parsed[name] = _PARSERS[name](value)
        except ValueError as error:
            raise SettingInvalid(f"{label(name)} {error}") from None
    return parsed


def _suggestion(name: str) -> str:
    matches = difflib.get_close_matches(name.removeprefix(PREFIX.lower()), _PARSERS, 1)
    return f"; did you mean {variable(matches[0])}?" if matches else ""


def check_consistency(settings: Settings) -> None:
    """Check the settings against each other. Raises SettingInvalid."""
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
    names = types.CALLBACKS[generation]
    unknown = [callback.name for callback in settings.openim_callbacks if callback.name not in names]
    if unknown:
        raise SettingInvalid(
            f"{variable('openim_callbacks')} lists {', '.join(unknown)}, which "
            f"{variable('openim_callback_generation')} {generation} does not have"
        )
    keys = {app.key for app in settings.rongcloud_apps}
    unknown_keys = [key for key, _ in settings.rongcloud_callback_urls if key not in keys]
    if unknown_keys:
        raise SettingInvalid(
            f"{variable('rongcloud_callback_urls')} names {', '.join(unknown_keys)}, "
            f"{variable('rongcloud_apps')} does not: set both"
        )
    not_admins = [name for name in settings.openim_v3_admins if name not in settings.admins]
    if not_admins:
        raise SettingInvalid(
            f"{variable('openim_v3_admins')} lists {', '.join(not_admins)}, {variable('admins')} does not: "
            "set both"
        )
