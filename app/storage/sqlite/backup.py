"""Copy, check and replace the database file."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from ...errors import DatabaseRefused
from . import migrate, schema
from .migrate import read_only


def copy(path: Path, target: Path) -> None:
    """Write a consistent copy of the database at `path` to a new file `target`.

    A server may be using the database. The copy is verified before it gets its name, and only its owner can
    read it. Raises DatabaseRefused.
    """
    if os.path.lexists(target):
        raise DatabaseRefused(f"{target} is there already; nothing was written")
    draft = target.with_name(target.name + ".new")
    try:
        with closing(read_only(path)) as source:
            migrate.create_private(draft)
            try:
                with closing(sqlite3.connect(draft)) as destination:
                    source.backup(destination)
                    destination.execute("PRAGMA journal_mode = DELETE")
                verify(draft)
                migrate.sync(draft)
                draft.rename(target)
                migrate.sync(target.parent)
            finally:
                draft.unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        raise DatabaseRefused(f"{path} cannot be copied to {target}: {error}") from error


def check(path: Path) -> dict[str, int]:
    """Verify a database; return its schema version, as `schema`, and the row count of each table.

    A server may be using the database. Raises DatabaseRefused.
    """
    try:
        verify(path)
        with closing(read_only(path)) as connection:
            return {"schema": schema.version_of(connection), **schema.row_counts(connection)}
    except (OSError, sqlite3.Error) as error:
        raise DatabaseRefused(f"{path} cannot be checked: {error}") from error


def install(source: Path, path: Path) -> Path | None:
    """Replace the database at `path` with a verified copy of the backup `source`.

    The caller holds the instance lock. Return the name to which the old database was moved; None if there was
    none. Raises DatabaseRefused.
    """
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    copy(source, draft)
    try:
        replaced = _move_aside(path)
        draft.rename(path)
        migrate.sync(path.parent)
    except (OSError, sqlite3.Error) as error:
        raise DatabaseRefused(f"{path} cannot be replaced: {error}") from error
    return replaced


def _move_aside(path: Path) -> Path | None:
    """Rename a database together with its WAL and shared-memory files; return the new name."""
    if not os.path.lexists(path):
        return None
    number = 1
    while os.path.lexists(target := path.with_name(f"{path.name}.replaced-{number}")):
        number += 1
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(target.with_name(target.name + suffix))
    return target


def verify(path: Path) -> None:
    """Check a Rollcall database completely: header, pages, references, schema.

    Raises DatabaseRefused with the first fault, OSError or sqlite3.Error.
    """
    migrate.check_header(path)
    with closing(read_only(path)) as connection:
        for pragma in ("integrity_check", "foreign_key_check"):
            found = connection.execute(f"PRAGMA {pragma}").fetchone()
            if found not in (None, ("ok",)):
                raise DatabaseRefused(f"{path} is damaged: {' '.join(' '.join(map(str, found)).split())}")
        schema.check(connection, path, schema.migrations())
