"""The schema: the migrations that make it, and the comparison of a file with it."""

from __future__ import annotations

import functools
import importlib.metadata
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from ...errors import DatabaseRefused

_FOLDER = Path(__file__).parent / "migrations"
#: Maximum differences that a refusal names.
_MAX_DIFFERENCES = 5
#: The schema from which on a file records the version of Rollcall.
_WITH_MIGRATED_BY = 2
#: Characters of another Rollcall's version in a message.
_MAX_VERSION_CHARS = 40
#: Kind and name of a table, index, trigger or view, with its SQL.
_Objects = dict[tuple[str, str], str]


class Migration(NamedTuple):
    """A migration: the `PRAGMA user_version` that it leads to, and its SQL."""

    version: int
    script: str

    @property
    def title(self) -> str:
        """What it does: the comment in its first line."""
        return self.script.lstrip().partition("\n")[0].removeprefix("-- ")


def migrations() -> tuple[Migration, ...]:
    """Return all migrations in order."""
    files = sorted(_FOLDER.glob("[0-9][0-9][0-9]_*.sql"))
    return tuple(Migration(int(file.name[:3]), file.read_text(encoding="utf-8")) for file in files)


def version_of(connection: sqlite3.Connection) -> int:
    """Return the schema version of a database."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def advance(connection: sqlite3.Connection, steps: Sequence[Migration]) -> None:
    """Run migrations, each in a transaction of its own. Raises sqlite3.Error."""
    for step in steps:
        connection.execute("BEGIN IMMEDIATE")
        # Not executescript(): it commits first, so a crash could leave half a schema.
        for statement in _statements(step.script):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {step.version}")
        if step.version >= _WITH_MIGRATED_BY:
            connection.execute("UPDATE migrated_by SET version = ?", (rollcall_version(),))
        connection.execute("COMMIT")


@functools.cache
def rollcall_version() -> str:
    """Return the version of this Rollcall."""
    return importlib.metadata.version("rollcall-server")


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def check(connection: sqlite3.Connection, path: Path, steps: Sequence[Migration]) -> None:
    """Check that a database has exactly the schema that the migrations make for its version.

    `path` is its file, for the message. Raises DatabaseRefused with the differences, or sqlite3.Error.
    """
    version, newest = version_of(connection), steps[-1].version
    if version > newest:
        raise DatabaseRefused(
            f"{path} has schema {version} and needs Rollcall {_migrated_by(connection)} or newer; this is "
            f"{rollcall_version()}, which knows schema {newest}"
        )
    found = _differences(_objects(connection), _expected([step for step in steps if step.version <= version]))
    if found:
        named = "; ".join(found[:_MAX_DIFFERENCES])
        raise DatabaseRefused(f"{path} does not have the schema of Rollcall (version {version}): {named}")


def _migrated_by(connection: sqlite3.Connection) -> str:
    """Return the version of Rollcall that last migrated a database, as far as it says."""
    try:
        (version,) = connection.execute("SELECT version FROM migrated_by").fetchone()
    except (sqlite3.Error, TypeError):
        return "(unknown version)"
    # The file may come from anywhere.
    return ascii(str(version))[1:-1][:_MAX_VERSION_CHARS]


def _expected(steps: Sequence[Migration]) -> _Objects:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        advance(connection, steps)
        return _objects(connection)


def _objects(connection: sqlite3.Connection) -> _Objects:
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall()
    return {
        (str(kind), str(name)): f"{table} {_normalised(str(sql))}"
        for kind, name, table, sql in rows
        # An index without SQL follows from its table. ANALYZE in an sqlite3 shell makes tables sqlite_stat*,
        # which do no harm.
        if sql is not None and not (kind == "table" and str(name).startswith("sqlite_stat"))
    }


def _normalised(sql: str) -> str:
    """Return SQL without comments and line breaks, which may change in a migration's file."""
    return " ".join(re.sub(r"--[^\n]*", "", sql).split())


def _differences(found: _Objects, expected: _Objects) -> list[str]:
    return [
        *(f"{kind} {name!a} is missing" for kind, name in expected if (kind, name) not in found),
        *(f"{kind} {name!a} is not part of it" for kind, name in found if (kind, name) not in expected),
        *(
            f"{kind} {name!a} differs"
            for (kind, name), sql in found.items()
            if expected.get((kind, name), sql) != sql
        ),
    ]


def tables(connection: sqlite3.Connection) -> list[str]:
    """Return the names of the tables, without SQLite's own."""
    rows = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'"
    )
    return [name for (name,) in rows]


def row_counts(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the number of rows of each table."""
    return {
        name: connection.execute(f"SELECT COUNT(*) FROM {quoted(name)}").fetchone()[0]
        for name in tables(connection)
    }


def quoted(name: str) -> str:
    """Return a name for use in SQL."""
    return '"' + name.replace('"', '""') + '"'
