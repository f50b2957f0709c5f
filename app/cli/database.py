"""Commands for the database file: back it up, restore it, check it."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ..dialects import load_settings
from ..errors import DatabaseRefused
from ..settings import Settings
from ..storage.lock import InstanceLock
from ..storage.sqlite import backup as copies

_instance = click.option(
    "--instance",
    type=click.Path(file_okay=False, path_type=Path),
    help="folder of the server's data; default: ROLLCALL_INSTANCE, or `instance` in the current folder",
)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@_instance
def backup(file: Path, instance: Path | None) -> None:
    """Back up the database to FILE, verified. FILE must not exist; the server may be running.

    The settings and secrets in `config.py` are not part of the backup.
    """
    settings = _settings(instance)
    path = _database(settings)
    copies.copy(path, file)
    click.echo(f"{file} is a complete copy of {path}")
    if settings.config.exists():
        click.echo(f"not part of it: the settings and secrets in {settings.config.absolute()}")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_instance
def restore(file: Path, instance: Path | None) -> None:
    """Replace the database with a backup FILE. Stop the server first; the old database is kept, renamed."""
    settings = _settings(instance)
    try:
        settings.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = InstanceLock(settings.lock)
        lock.acquire()
    except OSError as error:
        raise click.ClickException(f"{settings.instance.absolute()} cannot be used: {error}") from error
    path = settings.database.absolute()
    try:
        replaced = copies.install(file, path)
    finally:
        lock.release()
    click.echo(
        f"{file} is in place as {path}" + (f", the database before it is {replaced}" if replaced else "")
    )


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_instance
def check(file: Path | None, instance: Path | None) -> None:
    """Verify the content and schema of the database, or of a backup FILE. Prints row counts.

    Exit status 1 if it is damaged or has another schema.
    """
    path = file or _database(_settings(instance))
    for name, count in copies.check(path).items():
        click.echo(f"{name} {count}")
    click.echo(f"{path} is intact")


def _settings(instance: Path | None) -> Settings:
    return load_settings({"instance": instance} if instance else None)


def _database(settings: Settings) -> Path:
    """Return the full path of the database. Raises DatabaseRefused if there is none."""
    path = settings.database.absolute()
    if not os.path.lexists(path):
        raise DatabaseRefused(
            f"there is no database {path}: name the folder of the server's data with --instance or "
            "ROLLCALL_INSTANCE"
        )
    return path
