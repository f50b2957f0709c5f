"""Copies of the database: made of a running server's, checked, and put in the place of another."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from app.errors import DatabaseRefused
from app.storage import migrate
from app.storage.migrate import read_only


def copy(path: Path, target: Path) -> None:
    """Write a whole copy of the database at `path`, as of one moment, to a new file `target`.

    A server may go on serving it. The copy is checked before it has its name, and nobody else can read it.
    Raises DatabaseRefused.
    """
    if os.path.lexists(target):
        raise DatabaseRefused(f"{target} is there already; nothing was written")
    draft = target.with_name(target.name + ".new")
    try:
        with closing(read_only(path)) as source:
            migrate.create_private(draft)
            try:
                with closing(sqlite3.connect(draft)) as made:
                    source.backup(made)
                    made.execute("PRAGMA journal_mode = DELETE")
                verify(draft)
                migrate.sync(draft)
                draft.rename(target)
                migrate.sync(target.parent)
            finally:
                draft.unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        raise DatabaseRefused(f"{path} cannot be copied to {target}: {error}") from error


def check(path: Path) -> dict[str, int]:
    """Look through all of a database, a server's too; return its schema's version and the rows of each table.

    Raises DatabaseRefused, with what is wrong.
    """
    try:
        verify(path)
        with closing(read_only(path)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            names = connection.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'"
            ).fetchall()
            counts = {
                name: connection.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0] for (name,) in names
            }
    except (OSError, sqlite3.Error) as error:
        raise DatabaseRefused(f"{path} cannot be checked: {error}") from error
    return {"schema": version, **counts}


def install(source: Path, path: Path) -> Path | None:
    """Serve a copy of the backup `source` as the database at `path` from now on.

    To be called by whoever holds the instance's lock. The old database, if there is one, is kept beside it,
    and its name returned. Raises DatabaseRefused; then everything is as it was.
    """
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    copy(source, draft)
    try:
        kept = _put_aside(path)
        draft.rename(path)
        migrate.sync(path.parent)
    except (OSError, sqlite3.Error) as error:
        raise DatabaseRefused(f"{path} cannot be replaced: {error}") from error
    return kept


def _put_aside(path: Path) -> Path | None:
    """Give a database another name, with the log and the index that belong to it."""
    if not os.path.lexists(path):
        return None
    number = 1
    while os.path.lexists(kept := path.with_name(f"{path.name}.replaced-{number}")):
        number += 1
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(kept.with_name(kept.name + suffix))
    return kept


def verify(path: Path) -> None:
    """Look through all of a database of ours. Raises DatabaseRefused with the first thing that is wrong."""
    migrate.check_header(path)
    with closing(read_only(path)) as connection:
        for pragma in ("integrity_check", "foreign_key_check"):
            found = connection.execute(f"PRAGMA {pragma}").fetchone()
            if found not in (None, ("ok",)):
                raise DatabaseRefused(f"{path} is damaged: {' '.join(' '.join(map(str, found)).split())}")
