"""Commands for a running server, over its control API."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, wraps
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import click

from ..client import NoServer, Rollcall, RollcallError
from ..dialects import load_settings

T = TypeVar("T")
#: Seconds that --follow waits for the next request before it asks again.
_FOLLOW = 20
#: The exit status after Ctrl-C.
_INTERRUPTED = 130


_LIMIT = click.option(
    "--limit",
    default=100,
    type=click.IntRange(1),
    metavar="N",
    help="print at most so many",
    show_default=True,
)


class _NoServerAnswers(click.ClickException):
    """A failure with an exit status of its own: 1 is for a refusal, 2 for the command line."""

    exit_code = 3


@dataclass(frozen=True)
class _Server:
    """The server that a command talks to, and how its answer is printed."""

    url: str | None
    key_file: Path | None
    as_json: bool

    def call(self, call: Callable[[Rollcall], T]) -> T:
        """Return what a call of the server returns. Raises a click exception for each way to fail."""
        settings = load_settings()
        key = _key_in(self.key_file) if self.key_file else settings.control_key
        try:
            client = Rollcall(self.url or settings.address, key or None)
        except RollcallError as error:
            raise click.UsageError(str(error)) from None
        try:
            return call(client)
        except NoServer as error:
            raise _NoServerAnswers(str(error)) from None
        except RollcallError as error:
            raise click.ClickException(str(error)) from None
        except (KeyError, TypeError) as error:
            raise click.ClickException(f"{client.url} is not a Rollcall: its answer lacks {error}") from None
        except KeyboardInterrupt:
            raise click.exceptions.Exit(_INTERRUPTED) from None
        finally:
            client.close()


def _for_a_server(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say which server, and how its answer is printed."""

    @wraps(command)
    def with_server(url: str | None, key_file: Path | None, as_json: bool, **rest: Any) -> None:
        command(_Server(url, key_file, as_json), **rest)

    made: Callable[..., None] = with_server
    for option in (
        click.option("--json", "as_json", is_flag=True, help="print JSON"),
        click.option(
            "--key-file",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="file with the server's ROLLCALL_CONTROL_KEY; default: that setting here",
        ),
        click.option(
            "--url",
            envvar="ROLLCALL_URL",
            help="base URL of the server; default: ROLLCALL_URL, or from ROLLCALL_BIND and "
            "ROLLCALL_PATH_PREFIX",
        ),
    ):
        made = option(made)
    return made


@click.command()
@_for_a_server
def status(server: _Server) -> None:
    """Print what the server is and what it holds."""
    _print(server.call(Rollcall.status), server.as_json)


@click.command()
@_for_a_server
@click.option("--yes", is_flag=True, help="do not ask")
def reset(server: _Server, yes: bool) -> None:
    """Delete all users, tokens and presence: the state after a first start."""
    if not yes:
        users = server.call(Rollcall.status)["users"]
        click.confirm(f"Delete {users} users, and all that belongs to them?", abort=True, err=True)
    _print(server.call(Rollcall.reset), server.as_json)


@click.command()
@_for_a_server
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def seed(server: _Server, file: Path) -> None:
    """Make the users match a seed in a JSON or TOML file."""
    try:
        text = file.read_text(encoding="utf-8")
        document = tomllib.loads(text) if file.suffix.lower() == ".toml" else json.loads(text)
        json.dumps(document)
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise click.UsageError(f"{file} cannot be read: {error}") from None
    answer = server.call(lambda client: client.seed(document))
    if server.as_json:
        click.echo(json.dumps(answer))
        return
    click.echo(f"users  {answer['users']}")
    _table(answer["tokens"], {"userID": "user", "dialect": "dialect", "token": "token"})


@click.command()
@_for_a_server
@click.argument("text", default="")
@_LIMIT
def users(server: _Server, text: str, limit: int) -> None:
    """List the users whose id or nickname has TEXT."""
    _list_users(server.call(lambda client: list(islice(client.users.list(text), limit))), server.as_json)


@click.command()
@_for_a_server
@_LIMIT
def online(server: _Server, limit: int) -> None:
    """List the users who are online."""
    _list_users(
        server.call(lambda client: list(islice(client.users.list(online=True), limit))), server.as_json
    )


@click.command()
@_for_a_server
@click.argument("user")
@click.option("--platform", default="iOS", show_default=True, help="OpenIM's name or number of the platform")
@click.option("--dialect", default="openim_v3", show_default=True)
@click.option("--generation", help="default: the newest of the dialect")
@click.option("--app", help="RongCloud's app key; default: the first")
@click.option("--expires-in", type=int, metavar="SECONDS", help="default: as in the server's settings")
@click.option("--kick", is_flag=True, help="cancel older tokens, as the multi-login policy says")
def token(server: _Server, user: str, platform: str, **wanted: Any) -> None:
    """Issue a token for USER and print it."""
    given = {name: value for name, value in wanted.items() if value is not None}
    number = int(platform) if platform.isascii() and platform.isdigit() else platform
    text = server.call(lambda client: client.token(user, platform=number, **given))
    click.echo(json.dumps({"token": text}) if server.as_json else text)


@click.command()
@_for_a_server
@click.argument("text", metavar="TOKEN", default="-")
def explain(server: _Server, text: str) -> None:
    """Tell what a TOKEN is, whether it is good, and why not; - reads it from the standard input."""
    text = sys.stdin.read().strip() if text == "-" else text
    answer = server.call(lambda client: client.explain(text))
    if server.as_json:
        click.echo(json.dumps(answer))
        return
    parts = {**(answer["kind"] or {}), **(answer["claims"] or {})}
    _print({name: value for name, value in parts.items() if value is not None}, server.as_json)
    click.echo("valid" if answer["valid"] else "\n".join(answer["why"]))


@click.command()
@_for_a_server
@click.option("--advance", type=float, metavar="SECONDS", help="move on by some seconds")
@click.option("--now", metavar="TIME", help="set the time, as RFC 3339 has it")
@click.option("--freeze/--thaw", "frozen", default=None, help="stand still, or go on")
@click.option("--restore", is_flag=True, help="set wall time back to the machine's")
def clock(server: _Server, restore: bool, **change: float | str | bool | None) -> None:
    """Print the server's clock, or change it in one way."""
    given: dict[str, Any] = {name: value for name, value in change.items() if value is not None}
    if restore:
        given["offset"] = 0
    if len(given) > 1:
        raise click.UsageError("give one change at a time")
    method, body = ("PUT", given) if given else ("GET", None)
    _print(server.call(lambda client: client.call(method, "/clock", body)), server.as_json)


@click.command()
@_for_a_server
@click.argument("number", type=int, required=False)
@click.option("--follow", is_flag=True, help="go on printing new requests")
@click.option("--path", help="only this path, which may hold *")
@click.option("--user", "user_id", help="only requests about this user")
@click.option("--dialect", help="only this dialect")
@click.option("--outcome", help="only this outcome: ok, or the name of an error")
def requests(
    server: _Server,
    number: int | None,
    follow: bool,
    user_id: str | None,
    **filters: str | None,
) -> None:
    """List the last requests, or show the one with NUMBER: what was sent, and why it was refused."""
    if number is not None:
        if follow or user_id or any(filters.values()):
            raise click.UsageError("a NUMBER goes with no other option but --json")
        _show(server.call(lambda client: client.request(number)), server.as_json)
        return
    given = {"userID": user_id, **filters}
    wanted: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    while True:
        found = server.call(partial(Rollcall.requests, **wanted))
        _print_rows(found, server.as_json)
        if not follow:
            return
        # After a reset, numbers begin again.
        wanted |= {"after": found.last, "wait": _FOLLOW}


def _key_in(file: Path) -> str:
    try:
        key = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as error:
        raise click.UsageError(f"{file} cannot be read: {error}") from None
    if not key:
        raise click.UsageError(f"{file} is empty")
    return key


def _shown(text: str) -> str:
    """Return a text that an application sent, on one line and without control characters."""
    return text if text.isprintable() else ascii(text)[1:-1]


def _list_users(users: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(users))
        return
    rows = [
        {**user, "online": ", ".join(str(one["platformID"]) for one in user["online"]) or "-"}
        for user in users
    ]
    _table(rows, {"userID": "user", "nickname": "nickname", "online": "online on", "createdAt": "created"})


def _print_rows(rows: Iterable[Mapping[str, Any]], as_json: bool) -> None:
    """Print requests, as one line of JSON each or as a line of text each."""
    for row in rows:
        if as_json:
            click.echo(json.dumps(row))
            continue
        about = " ".join(filter(None, (row["dialect"], row["generation"])))
        parts = (f"{row['number']:>5}", row["at"], row["outcome"], row["method"], row["target"])
        click.echo(_shown("  ".join([*parts, about, row["userID"] or ""]).rstrip()))


def _show(request: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(request))
        return
    _print_rows([request], as_json)
    for sentence in request["why"]:
        click.echo(_shown(sentence))
    for part in ("request", "answer"):
        click.echo(f"\n{part}")
        for header in request[part]["headers"]:
            click.echo(_shown(f"{header['name']}: {header['value']}"))
        click.echo("\n" + "\n".join(map(_shown, request[part]["body"].split("\n"))))
    click.echo("\n" + _shown(request["curl"] or ""))


def _table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> None:
    """Print rows in columns, which have headings."""
    lines = [list(columns.values()), *([_shown(str(row[name])) for name in columns] for row in rows)]
    widths = [max(len(line[number]) for line in lines) for number in range(len(columns))]
    for line in lines:
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def _print(answer: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(answer))
        return
    width = max(map(len, answer), default=0)
    for name, value in answer.items():
        click.echo(f"{name:<{width}}  {_text(value)}")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {part}" for name, part in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
