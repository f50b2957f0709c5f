"""The command line: `rollcall ...`, also available as `flask ...`."""

from __future__ import annotations

import json
import secrets
import sys
import time
from pathlib import Path

import click

from app import settings as settings_table
from app.errors import StartupError
from app.storage import backup as copies
from app.storage.lock import InstanceLock

#: Random bytes of a secret. Encoded, it has 32 characters, the maximum that OpenIM v2 accepts.
SECRET_BYTES = 24


class _Commands(click.Group):
    """Report a StartupError as a one-line error, with exit status 1."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except StartupError as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=_Commands)
def main() -> None:
    """Operate a Rollcall server. The instance folder is ROLLCALL_INSTANCE, by default `instance`."""


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Back up the database to FILE, verified. FILE must not exist; the server may be running."""
    copies.copy(settings_table.load().database, file)
    click.echo(f"{file} is a whole copy")


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Replace the database with a backup FILE. Stop the server first; the old database is kept, renamed."""
    settings = settings_table.load()
    try:
        settings.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = InstanceLock(settings.lock)
        lock.acquire()
    except OSError as error:
        raise click.ClickException(f"{settings.instance} cannot be used: {error}") from error
    try:
        replaced = copies.install(file, settings.database)
    finally:
        lock.release()
    click.echo(f"{file} is in place" + (f", the database before it is {replaced}" if replaced else ""))


@main.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
def check(file: Path | None) -> None:
    """Verify the database, or a backup FILE. Prints row counts; exit status 1 means damage."""
    path = file or settings_table.load().database
    for name, count in copies.check(path).items():
        click.echo(f"{name} {count}")
    click.echo(f"{path} is whole")


@main.command()
def secret() -> None:
    """Print a new random secret. It is valid for every setting that takes one."""
    click.echo(secrets.token_urlsafe(SECRET_BYTES))


@main.command()
@click.option("--url", help="base URL of the server; default: from ROLLCALL_BIND and ROLLCALL_PATH_PREFIX")
@click.option("--wait", default=0.0, metavar="SECONDS", help="retry for up to this long until it is ready")
def health(url: str | None, wait: float) -> None:
    """Print the server's readiness as JSON. Exit status 1 if it is not ready."""
    settings = settings_table.load()
    address = url or f"http://{settings.bind}{settings.path_prefix}"
    deadline = time.monotonic() + wait
    while True:
        ready, answer = _ready(f"{address.rstrip('/')}/readyz")
        if ready or time.monotonic() >= deadline:
            break
        time.sleep(0.1)
    click.echo(answer)
    if not ready:
        sys.exit(1)


def _ready(url: str) -> tuple[bool, str]:
    # Imported here because it is slow to import and the server never needs it.
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return True, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return False, error.read().decode("utf-8", "replace")
    except (OSError, ValueError) as error:
        return False, json.dumps({"status": "unreachable", "reason": str(error)})
