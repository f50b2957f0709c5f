"""The table of settings: name, type, default, meaning. Nothing else in Rollcall reads the environment.

The value of a setting comes from, in order of precedence: the mapping given to `create_app`, the environment
variable `ROLLCALL_<NAME>`, the line `<NAME> = ...` in `config.py` of the instance folder, its default. An
unknown name, an invalid value or conflicting settings prevent the start with a message that names them and
never contains a secret. Each dialect adds a group of settings.
"""

from __future__ import annotations

import difflib
import os
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, fields
from dataclasses import field as dataclass_field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

from . import setting_types as types
from .errors import SettingInvalid

PREFIX = "ROLLCALL_"
#: Requests in the journal, unless a setting says otherwise.
_JOURNAL_REQUESTS = 1000
#: Minimum length of a secret that does not count as guessable.
MIN_SECRET_CHARS = 16


def setting(
    default: object,
    parse: Callable[[object], Any],
    meaning: str,
    *,
    secrets_of: Callable[[Any], Iterable[str]] | None = None,
    documented: Sequence[str] = (),
) -> Any:
    """Declare a setting.

    `secrets_of` returns the secrets in the value, so that weak ones are detected; `documented` are secrets
    that appear in the vendor's documentation or default configuration, or in Rollcall's own.
    """
    metadata = {"default": default, "parse": parse, "meaning": meaning}
    metadata |= {"secrets_of": secrets_of, "documented": documented}
    return dataclass_field(default=parse(default), metadata=metadata)


class SettingGroup:
    """The settings of a dialect: a frozen dataclass whose fields are declared by `setting`."""

    #: The dialect whose secrets these are; empty for settings that several dialects share.
    DIALECT: ClassVar[str] = ""

    def check(self, settings: Settings) -> None:
        """Check the group against all settings. Raises SettingInvalid."""


G = TypeVar("G", bound=SettingGroup)


class SettingGroups(dict[type[SettingGroup], SettingGroup]):
    """Groups by their class."""

    if TYPE_CHECKING:

        def __getitem__(self, group: type[G]) -> G: ...


@dataclass(frozen=True)
class Settings:
    """All settings, parsed. The field `x` is the environment variable `ROLLCALL_X`."""

    instance: Path = setting(
        "instance",
        types.path_,
        "folder of the database, the lock file and `config.py`; created at the first start",
    )
    bind: str = setting(
        "127.0.0.1:10002",
        types.bind_address,
        "`host:port`, `[IPv6 address]:port` or `unix:/path` that gunicorn listens on",
    )
    threads: int = setting(
        "64",
        types.int_range(1, 512),
        "maximum number of threads that serve requests, started on demand; concurrent writes share a commit",
    )
    pin_to_one_core: bool = setting(
        "1",
        types.boolean,
        "`1` pins the server to one processor core, which avoids contention for the interpreter lock",
    )
    dialects: tuple[str, ...] = setting(
        "openim_v2,openim_v3,rongcloud", types.csv, "protocols to serve, comma-separated"
    )
    admins: tuple[str, ...] = setting(
        "imAdmin,openIMAdmin,openIM123456,openIM654321,openIM333",
        types.user_ids,
        "user ids of the administrators in all dialects, comma-separated; registered at the start",
    )
    allow_documented_secrets: bool = setting(
        "0", types.boolean, "`1` serves other machines despite documented or short secrets"
    )
    presence_history: int = setting(
        "50000",
        types.int_range(1, 10_000_000),
        "number of presence changes to keep for `/presence/changes`, about 200 bytes each",
    )
    gateway_ttl: int = setting(
        "86400",
        types.int_range(60, 31 * 86_400),
        "how long, in seconds, an online report is trusted if the gateway sends no refresh",
    )
    webhook_secret: str = setting(
        "",
        types.key,
        "key of 16 characters or more that signs all outgoing callbacks; empty does not sign",
    )
    webhook_allow_private: bool = setting(
        "0", types.boolean, "`1` sends callbacks to private addresses even if Rollcall serves other machines"
    )
    webhook_max_age: int = setting(
        "86400",
        types.int_range(1, 31 * 86_400),
        "seconds of uptime after which an undelivered user event is dropped",
    )
    webhook_max_events: int = setting(
        "100000",
        types.int_range(1, 10_000_000),
        "maximum number of undelivered user events to keep; beyond it the oldest are dropped",
    )
    webhook_max_bytes: int = setting(
        "268435456",
        types.int_range(1_000, 999_999_999),
        "maximum bytes of undelivered user events to keep; beyond it the oldest are dropped",
    )
    webhook_max_backoff: int = setting(
        "300", types.int_range(1, 3600), "maximum seconds between two delivery attempts"
    )
    trusted_proxies: int = setting(
        "0",
        types.int_range(0, 10),
        "number of proxies in front of Rollcall that append to `X-Forwarded-For`; the client's address is "
        "taken from there (`0`: from the connection)",
    )
    proxy_addresses: tuple[types.Network, ...] = setting(
        "127.0.0.0/8,::1",
        types.networks,
        "addresses or networks of the last proxy, comma-separated; `X-Forwarded-For` of others is ignored "
        "(over a Unix socket it is always accepted)",
    )
    path_prefix: str = setting(
        "",
        types.path_prefix,
        "prefix of every path (`/im`), if a proxy passes it on; other paths are not served then",
    )
    log_format: str = setting(
        "console",
        types.choice("console", "json"),
        "`console` for plain text, `json` for a JSON object per line",
    )
    log_requests: bool = setting(
        "0", types.boolean, "`1` logs a line for each request: dialect, call, outcome, duration, operationID"
    )
    metrics: bool = setting("1", types.boolean, "`1` serves `/metrics`, if the extra `metrics` is installed")
    metrics_key: str = setting(
        "",
        types.key,
        "key of 16 characters or more with which other machines read `/metrics`, as `Authorization: Bearer`",
    )
    bench: str = setting(
        "auto",
        types.choice("auto", "1", "0"),
        "whether the calls below `/_rollcall` for development and tests are served: `1`, `0`, or `auto`, "
        "while a documented secret is configured",
    )
    control_key: str = setting(
        "",
        types.key,
        "key of 16 characters or more that calls below `/_rollcall` then need, as `Authorization: Bearer`",
    )
    hosts: tuple[str, ...] = setting(
        "",
        types.csv,
        "host names under which `/_rollcall` is reached, comma-separated, besides IP addresses, `localhost` "
        "and names without a dot",
    )
    seed: Path | None = setting(
        "",
        types.optional_path,
        "file with users (JSON, or TOML if its name ends with `.toml`) for an empty database and after each "
        "reset: see docs/control.md",
    )
    journal_requests: int | None = setting(
        "",
        types.optional_int_range(0, 1_000_000),
        "number of requests that the journal keeps; empty keeps 1,000 while the bench is on, otherwise none",
    )
    journal_mib: int = setting(
        "32", types.int_range(1, 65_536), "mebibytes of requests that the journal keeps at most"
    )
    groups: SettingGroups = dataclass_field(default_factory=lambda: SettingGroups())
    """The settings of each dialect, by their class."""

    @property
    def database(self) -> Path:
        """The path of the database file."""
        return self.instance / "rollcall.db"

    @property
    def address(self) -> str:
        """The base URL of the server, as commands on the same machine reach it."""
        return f"http://{self.bind}{self.path_prefix}"

    @property
    def config(self) -> Path:
        """The path of the file with settings."""
        return self.instance / "config.py"

    @property
    def lock(self) -> Path:
        """The path of the lock file, which one server at a time holds."""
        return self.instance / "rollcall.lock"

    def weak_secrets(self) -> tuple[str, ...]:
        """Return the environment variables of the served dialects that have a documented or short secret."""
        documented = self._known_secrets
        return self._with_secrets(lambda one: one in documented or len(one) < MIN_SECRET_CHARS)

    def documented_secrets(self) -> tuple[str, ...]:
        """Return the environment variables of the served dialects that have a documented secret."""
        return self._with_secrets(self._known_secrets.__contains__)

    @cached_property
    def _known_secrets(self) -> set[str]:
        return {secret for row in rows(self.groups) for secret in row.metadata["documented"]}

    def _with_secrets(self, is_one: Callable[[str], bool]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(variable for variable, secret in self.secrets if is_one(secret)))

    @cached_property
    def secrets(self) -> Sequence[tuple[str, str]]:
        """The environment variable and the value of each secret of the served dialects."""
        return [
            (variable(row.name), secret)
            for group in self.groups.values()
            if group.DIALECT in self.dialects
            for row in rows([type(group)])
            for secret in _secrets_in(row, group)
        ]

    def is_bench_on(self) -> bool:
        """Return whether the control API's calls for development and tests are served."""
        return bool(self.documented_secrets()) if self.bench == "auto" else self.bench == "1"

    def journal_size(self) -> int:
        """Return how many requests the journal keeps; 0 if there is no journal."""
        if self.journal_requests is None:
            return _JOURNAL_REQUESTS if self.is_bench_on() else 0
        return self.journal_requests

    def restricting_secrets(self) -> tuple[str, ...]:
        """Return `weak_secrets`, which restrict Rollcall to this machine; empty if that is overridden."""
        return () if self.allow_documented_secrets else self.weak_secrets()


#: Environment variables that are for clients of a server, and not settings.
_OF_CLIENTS = {"ROLLCALL_URL", "ROLLCALL_TEST_URL"}
#: Settings of Rollcall 0.1: old name to new name.
RENAMED = {
    "webhook_give_up": "webhook_max_age",
    "webhook_longest_pause": "webhook_max_backoff",
    "webhook_private": "webhook_allow_private",
    "one_core": "pin_to_one_core",
    "rongcloud_most_users": "rongcloud_max_users",
}
Row = Field[Any]
_Parsers = Mapping[str, Callable[[object], Any]]


class _Names(NamedTuple):
    """How a source of settings names them in error messages."""

    spell: Callable[[str], str]
    """Returns a setting's name as the source has it."""
    place: str = ""

    def label(self, name: str) -> str:
        return self.spell(name) + self.place


def rows(classes: Iterable[type[Any]]) -> Iterator[Row]:
    """Yield the settings that classes declare."""
    for class_ in classes:
        yield from (row for row in fields(class_) if "parse" in row.metadata)


def _secrets_in(row: Row, group: SettingGroup) -> Iterable[str]:
    secrets_of = row.metadata["secrets_of"]
    return secrets_of(getattr(group, row.name)) if secrets_of else ()


def variable(name: str) -> str:
    """Return the environment variable of the setting `name`."""
    return PREFIX + name.upper()


def load(
    groups: Sequence[type[SettingGroup]],
    dialects: Sequence[str],
    overrides: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Load the settings of the core and of `groups`; the keys of `overrides` are field names.

    `dialects` are the valid entries of the setting `dialects`. Raises SettingInvalid.
    """
    parsers = {row.name: row.metadata["parse"] for row in rows([Settings, *groups])}
    given = {
        **_from_environ(os.environ if environ is None else environ, parsers),
        **_parsed(overrides or {}, _Names(lambda name: f"create_app's {name}"), parsers),
    }
    config = given.get("instance", Settings.instance) / "config.py"
    values = {**_from_file(config, parsers), **given}
    made = SettingGroups((group, group(**_only(group, values))) for group in groups)
    settings = Settings(**_only(Settings, values), groups=made)
    _check_dialects(settings.dialects, dialects)
    for group in made.values():
        group.check(settings)
    return settings


def _only(class_: type[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the settings that a class declares."""
    return {row.name: values[row.name] for row in rows([class_]) if row.name in values}


def _check_dialects(wanted: Sequence[str], known: Sequence[str]) -> None:
    name = variable("dialects")
    if not wanted:
        raise SettingInvalid(f"{name} must name at least one of {', '.join(known)}")
    for dialect in wanted:
        if dialect not in known:
            raise SettingInvalid(f"{name} names {dialect!r}; the dialects are {', '.join(known)}")


def _from_environ(environ: Mapping[str, str], parsers: _Parsers) -> dict[str, Any]:
    values = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and name not in _OF_CLIENTS
    }
    return _parsed(values, _Names(variable), parsers)


def _from_file(path: Path, parsers: _Parsers) -> dict[str, Any]:
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
    _check_names(names, path, parsers)
    found = {name.lower(): value for name, value in names.items() if name.isupper()}
    if "instance" in found:
        raise SettingInvalid(f"INSTANCE in {path} has no effect there; set {variable('instance')}")
    return _parsed(found, _Names(str.upper, f" in {path}"), parsers)


def _check_names(names: Iterable[str], path: Path, parsers: _Parsers) -> None:
    """Refuse a setting's name that is not in upper case or has the prefix. Raises SettingInvalid."""
    for name in names:
        setting_name = name.upper().removeprefix(PREFIX)
        if setting_name.lower() in parsers and setting_name not in names:
            raise SettingInvalid(
                f"{name} in {path} has to be written {setting_name}: names are in upper case there, "
                f"without {PREFIX}"
            )


def _line(error: Exception, path: Path) -> int | None:
    """Return the line of the file that raised `error`."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    return lines[-1] if lines else getattr(error, "lineno", None)


def _parsed(values: Mapping[str, object], names: _Names, parsers: _Parsers) -> dict[str, Any]:
    """Parse each value. Raises SettingInvalid."""
    parsed = {}
    for name, value in values.items():
        if name in RENAMED:
            raise SettingInvalid(f"{names.label(name)} is now called {names.spell(RENAMED[name])}")
        if name not in parsers:
            suggestion = _suggestion(name, names.spell, parsers)
            raise SettingInvalid(f"{names.label(name)} is not a Rollcall setting{suggestion}")
        try:
            parsed[name] = parsers[name](value)
        except ValueError as error:
            raise SettingInvalid(f"{names.label(name)} {error}") from None
    return parsed


def _suggestion(name: str, spell: Callable[[str], str], known: Iterable[str]) -> str:
    matches = difflib.get_close_matches(name.removeprefix(PREFIX.lower()), list(known), 1)
    return f"; did you mean {spell(matches[0])}?" if matches else ""
