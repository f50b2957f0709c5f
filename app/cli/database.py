"""Commands for the database file: back it up, restore it, check it."""

from __future__ import annotations

from pathlib import Path

import click

from ..dialects import load_settings
from ..storage.lock import InstanceLock
from ..storage.sqlite import backup as copies


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Back up the database to FILE, verified. FILE must not exist; the server may be running."""
    copies.copy(load_settings().database, file)
    click.echo(f"{file} is a complete copy")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Replace the database with a backup FILE. Stop the server first; the old database is kept, renamed."""
    settings = load_settings()
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


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
def check(file: Path | None) -> None:
    """Verify the content and schema of the database, or of a backup FILE. Prints row counts.

    Exit status 1 if it is damaged or has another schema.
    """
    path = file or load_settings().database
    for name, count in copies.check(path).items():
        click.echo(f"{name} {count}")
    click.echo(f"{path} is intact")
