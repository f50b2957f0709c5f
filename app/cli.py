"""The commands: `rollcall ...`, and the same under `flask ...`."""

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

#: Random bytes of a secret; as text it has 32 characters, as many as OpenIM v2 takes.
SECRET_BYTES = 24


class _Commands(click.Group):
    """Tell what was refused in a sentence, with exit status 1."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except StartupError as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=_Commands)
def main() -> None:
    """Look after a Rollcall. The instance folder is that of ROLLCALL_INSTANCE, or `instance`."""


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Write a whole, checked copy of the database to FILE, which must not be there; a server may go on."""
    copies.copy(settings_table.load().database, file)
    click.echo(f"{file} is a whole copy")


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Put the backup FILE in the place of the database; the old one is kept. No server may run."""
    settings = settings_table.load()
    try:
        settings.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = InstanceLock(settings.lock)
        lock.acquire()
    except OSError as error:
        raise click.ClickException(f"{settings.instance} cannot be used: {error}") from error
    try:
        kept = copies.install(file, settings.database)
    finally:
        lock.release()
    click.echo(f"{file} is in place" + (f", the database before it is {kept}" if kept else ""))


@main.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
def check(file: Path | None) -> None:
    """Look through the database, or through FILE, a backup; exit status 1 says that it is damaged."""
    path = file or settings_table.load().database
    for name, count in copies.check(path).items():
        click.echo(f"{name} {count}")
    click.echo(f"{path} is whole")


@main.command()
def secret() -> None:
    """Print a secret that nobody can guess, fit for every setting that takes one."""
    click.echo(secrets.token_urlsafe(SECRET_BYTES))


@main.command()
@click.option("--url", help="the server's address; by default that of ROLLCALL_BIND and ROLLCALL_PATH_PREFIX")
@click.option("--wait", default=0.0, metavar="SECONDS", help="try for so long until it is ready")
def health(url: str | None, wait: float) -> None:
    """Ask a server whether it is ready; exit status 1 says that it is not."""
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
    # It takes a while to import, and a server never needs it.
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return True, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return False, error.read().decode("utf-8", "replace")
    except (OSError, ValueError) as error:
        return False, json.dumps({"status": "unreachable", "reason": str(error)})
