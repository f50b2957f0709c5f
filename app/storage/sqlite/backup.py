"""Copy, check and replace the database file."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from ...errors import DatabaseRefused
from . import migrate, schema
from .migrate import read_only

#: Errors of a database that may be sound.
_SOUND = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL}
#: Maximum lines that describe damage.
_MAX_FAULTS = 10


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

    Leaves a damaged database as it is. Raises sqlite3.Error if it is in use or the disk is full.
    """
    if not os.path.lexists(path):
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            schema.version_of(connection)
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite3.Error as error:
        if error.sqlite_errorcode & 0xFF in _SOUND:
            raise


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
    """Check a Rollcall database completely: header, pages, schema, references.

    Raises DatabaseRefused with the faults of `name`, OSError or sqlite3.Error.
    """
    migrate.check_header(path)
    migrate.roll_back_journal(path)
    with closing(read_only(path)) as connection:
        _refuse(name, _damage(connection))
        schema.check(connection, name, schema.migrations())
        _refuse(name, _broken_references(connection))


def _refuse(name: Path, faults: Sequence[str]) -> None:
    if faults:
        lines = "".join(f"\n  {ascii(fault)[1:-1]}" for fault in faults[:_MAX_FAULTS])
        raise DatabaseRefused(f"{name} is damaged:{lines}")


def _damage(connection: sqlite3.Connection) -> list[str]:
    """Return what SQLite's integrity check reports, the damaged tables first."""
    found = _integrity_check(connection, str(_MAX_FAULTS))
    if not found:
        return []
    by_table = [
        f"table {table}: {fault}"
        for table in schema.tables(connection)
        for fault in _integrity_check(connection, schema.quoted(table))
    ]
    return by_table + found


def _integrity_check(connection: sqlite3.Connection, argument: str) -> list[str]:
    """Return the faults; `argument` is a table, or the maximum number of faults in all of them."""
    try:
        rows = connection.execute(f"PRAGMA integrity_check({argument})").fetchall()
    except sqlite3.DatabaseError as error:
        # Some damage ends the check.
        return [str(error)]
    lines = [line for (text,) in rows for line in text.splitlines()]
    return [line for line in lines if line not in ("ok", "*** in database main ***")]


def _broken_references(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("PRAGMA foreign_key_check")
    counts = Counter((table, parent) for table, _, parent, _ in rows)
    return [f"{count} rows of {table} without a row of {parent}" for (table, parent), count in counts.items()]
