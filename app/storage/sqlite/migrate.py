"""Bring a database file to the schema of this version, or refuse it and leave it unchanged.

The numbered files in `migrations/` run in order, each in one transaction that also sets the schema version,
so a migration is applied completely or not at all. A new database is created under a temporary name, without
WAL, and renamed when it is complete, so a file with the final name is never half-created.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from ...errors import DatabaseRefused
from . import schema
from .schema import Migration, advance, migrations

#: In the header of every Rollcall database; other files are refused.
APPLICATION_ID = 0x526F4361
#: In the header of databases of Rollcall 0.1 (never released), which had another schema.
APPLICATION_ID_0_1 = 0x526F6C6C
#: The first version with STRICT tables, which the migrations use.
MIN_SQLITE = (3, 37, 0)
#: What SQLite appends to a database's name for the files that belong to it.
SIDECAR_SUFFIXES = ("-wal", "-shm", "-journal")

_log = logging.getLogger(__name__)
_MAGIC = b"SQLite format 3\0"
_APPLICATION_ID_AT = slice(68, 72)  # https://www.sqlite.org/fileformat2.html#the_database_header


def prepare(path: Path, steps: Sequence[Migration] | None = None) -> None:
    """Create the database at `path`, or check and migrate it.

    Raises DatabaseRefused.
    """
    steps = migrations() if steps is None else steps
    if sqlite3.sqlite_version_info < MIN_SQLITE:
        raise DatabaseRefused(
            f"this Python has SQLite {sqlite3.sqlite_version}, and Rollcall needs 3.37 or newer"
        )
    try:
        if os.path.lexists(path):
            check_header(path)
            roll_back_journal(path)
            _check_content(path, steps)
            _migrate(path, steps)
        else:
            _create(path, steps)
    except (OSError, sqlite3.Error) as error:
        raise DatabaseRefused(f"the database {path} cannot be used: {error}") from error


def _create(path: Path, steps: Sequence[Migration]) -> None:
    draft = path.with_name(path.name + ".new")
    for leftover in (draft, *sidecar_files(draft), *sidecar_files(path)):
        leftover.unlink(missing_ok=True)
    create_private(draft)
    with closing(_connect(draft)) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        advance(connection, steps)
    sync(draft)
    draft.rename(path)
    sync(path.parent)


def sidecar_files(path: Path) -> list[Path]:
    """Return the paths of the WAL, shared-memory and journal files of a database."""
    return [path.with_name(path.name + suffix) for suffix in SIDECAR_SUFFIXES]


def create_private(path: Path) -> None:
    """Create an empty file that only its owner can access. Raises OSError, also if it exists."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def check_header(path: Path) -> None:
    """Check the file header before SQLite opens the file. Raises DatabaseRefused or OSError."""
    with path.open("rb") as file:
        header = file.read(100)
    if not header.startswith(_MAGIC):
        raise DatabaseRefused(f"{path} is not a database; move it away, or restore a backup in its place")
    application_id = int.from_bytes(header[_APPLICATION_ID_AT], "big")
    if application_id == APPLICATION_ID_0_1:
        raise DatabaseRefused(
            f"{path} was written by Rollcall 0.1, whose files this version does not read: move it away to "
            "start with an empty database"
        )
    if application_id != APPLICATION_ID:
        raise DatabaseRefused(f"{path} is another application's database, not Rollcall's")


def roll_back_journal(path: Path) -> None:
    """Undo a transaction that a power failure interrupted, if there is one.

    Any ordinary connection does so, for instance on a database that was being switched to WAL; `read_only`
    cannot. Raises sqlite3.Error.
    """
    if not path.with_name(path.name + "-journal").exists():
        return
    with closing(_connect(path)) as connection:
        schema.version_of(connection)
    _log.warning("%s had a rollback journal of an interrupted change, which was undone", path)


def _check_content(path: Path, steps: Sequence[Migration]) -> None:
    """Run SQLite's quick check, which takes 0.2 s per million users, and check the schema.

    Raises DatabaseRefused.
    """
    with closing(read_only(path)) as connection:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise DatabaseRefused(
                f"{path} is damaged, restore a backup in its place: {' '.join(found.split())}"
            )
        schema.check(connection, path, steps)


def read_only(path: Path) -> sqlite3.Connection:
    """Open a database without ever changing the file, not even on close. Raises sqlite3.Error."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _migrate(path: Path, steps: Sequence[Migration]) -> None:
    with closing(_connect(path)) as connection:
        version = schema.version_of(connection)
        pending = [step for step in steps if step.version > version]
        if not pending:
            return
        target = path.with_name(f"{path.name}.schema-{version}")
        _keep_copy(connection, target)
        _log.warning("%s has schema %d and is migrated; %s is a copy of it", path, version, target)
        for step in pending:
            advance(connection, [step])
            _log.warning("%s has schema %d now: %s", path, step.version, step.title)


def _keep_copy(connection: sqlite3.Connection, target: Path) -> None:
    """Copy the database to `target`, so that a faulty migration can be undone by hand.

    Replaces an older copy: a failing migration that is tried at every start does not fill the disk.
    """
    draft = target.with_name(target.name + ".new")
    draft.unlink(missing_ok=True)
    create_private(draft)
    connection.execute("VACUUM INTO ?", (str(draft),))
    sync(draft)
    draft.rename(target)
    sync(target.parent)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def sync(path: Path) -> None:
    """Flush a file or a folder to disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
