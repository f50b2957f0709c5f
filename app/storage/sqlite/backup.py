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
    draft = _draft(target)
    if os.path.lexists(target):
        raise DatabaseRefused(f"{target} is there already; nothing was written")
    if os.path.lexists(draft):
        raise DatabaseRefused(f"{draft} is there, from a backup that is under way or was interrupted")
    try:
        migrate.check_header(path)
        migrate.roll_back_journal(path)
        with closing(read_only(path)) as source:
            migrate.create_private(draft)
            try:
                with closing(sqlite3.connect(draft)) as destination:
                    source.backup(destination)
                    destination.execute("PRAGMA journal_mode = DELETE")
                _verify(draft, path)
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
        _verify(path, path)
        with closing(read_only(path)) as connection:
            return {"schema": schema.version_of(connection), **schema.row_counts(connection)}
    except (OSError, sqlite3.Error) as error:
        raise DatabaseRefused(f"{path} cannot be checked: {error}") from error


def install(source: Path, path: Path) -> Path | None:
    """Replace the database at `path` with a verified copy of the backup `source`.

    The caller holds the instance lock. After a power failure at any moment, the file is the old or the new
    database, whole. Return the name to which the old one was moved; None if there was none. Raises
    DatabaseRefused.
    """
    draft = _draft(path)
    try:
        for leftover in (draft, _draft(draft)):
            for part in _parts(leftover):
                part.unlink()
        copy(source, draft)
        _fold(path)
        replaced = _move_aside(path)
        draft.rename(path)
        migrate.sync(path.parent)
    except (OSError, sqlite3.Error) as error:
        raise DatabaseRefused(f"{path} cannot be replaced: {error}") from error
    return replaced


def _draft(target: Path) -> Path:
    """Return the name of a file until it is complete."""
    return target.with_name(target.name + ".new")


def _parts(path: Path) -> list[Path]:
    """Return the files of a database that exist: its own and those beside it."""
    return [part for part in (path, *migrate.sidecar_files(path)) if os.path.lexists(part)]


def _fold(path: Path) -> None:
    """Bring the content of the files beside a database into it, so that it is whole without them.

    Leaves a damaged database as it is. Raises sqlite3.OperationalError, for instance if it is in use.
    """
    if not os.path.lexists(path):
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            schema.version_of(connection)
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        return


def _move_aside(path: Path) -> Path | None:
    """Give the files of a database other names; return the new name of the database, None if there was none.

    The database also keeps its old name, so that one with the name is there at any moment.
    """
    number = 1
    while _parts(target := path.with_name(f"{path.name}.replaced-{number}")):
        number += 1
    parts = _parts(path)
    for part in parts:
        os.link(part, target.with_name(target.name + part.name.removeprefix(path.name)))
    migrate.sync(path.parent)
    # None are left of a sound database.
    for part in parts:
        if part != path:
            part.unlink()
    migrate.sync(path.parent)
    return target if path in parts else None


def _verify(path: Path, name: Path) -> None:
    """Check a Rollcall database completely: header, pages, references, schema.

    Raises DatabaseRefused with the first fault of `name`, OSError or sqlite3.Error.
    """
    migrate.check_header(path)
    migrate.roll_back_journal(path)
    with closing(read_only(path)) as connection:
        for pragma in ("integrity_check", "foreign_key_check"):
            found = connection.execute(f"PRAGMA {pragma}").fetchone()
            if found not in (None, ("ok",)):
                raise DatabaseRefused(f"{name} is damaged: {' '.join(' '.join(map(str, found)).split())}")
        schema.check(connection, name, schema.migrations())
