"""Commands for a running server, over its control API."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from ..client import NoServer, Rollcall, RollcallError
from ..dialects import load_settings


class _NoServerAnswers(click.ClickException):
    """A failure with an exit status of its own: 1 is for a refusal, 2 for the command line."""

    exit_code = 3


def _for_a_server(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say which server, and how its answer is printed."""
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
        command = option(command)
    return command


@click.command()
@_for_a_server
def status(url: str | None, key_file: Path | None, as_json: bool) -> None:
    """Print what the server is and what it holds."""
    _print(_called(url, key_file, Rollcall.status), as_json)


@click.command()
@_for_a_server
@click.option("--yes", is_flag=True, help="do not ask")
def reset(url: str | None, key_file: Path | None, as_json: bool, yes: bool) -> None:
    """Delete all users, tokens and presence: the state after a first start."""
    if not yes:
        users = _called(url, key_file, Rollcall.status)["users"]
        click.confirm(f"Delete {users} users, and all that belongs to them?", abort=True, err=True)
    _print(_called(url, key_file, Rollcall.reset), as_json)


def _called(
    url: str | None, key_file: Path | None, call: Callable[[Rollcall], dict[str, Any]]
) -> dict[str, Any]:
    settings = load_settings()
    key = key_file.read_text().strip() if key_file else settings.control_key
    server = Rollcall(url or settings.address, key)
    try:
        return call(server)
    except NoServer as error:
        raise _NoServerAnswers(str(error)) from None
    except RollcallError as error:
        raise click.ClickException(str(error)) from None
    finally:
        server.close()


def _print(answer: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(answer))
        return
    width = max(map(len, answer))
    for name, value in answer.items():
        click.echo(f"{name:<{width}}  {_text(value)}")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
