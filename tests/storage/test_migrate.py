"""Database files: new, opened twice, interrupted, newer, foreign, damaged."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import resource
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from rollcall_server.errors import DatabaseRefused
from rollcall_server.storage.sqlite import migrate
from rollcall_server.storage.sqlite.migrate import (
    APPLICATION_ID,
    APPLICATION_ID_0_1,
    prepare,
)
from rollcall_server.storage.sqlite.schema import Migration, migrations

TABLES = [
    "blocks",
    "deactivated",
    "migrated_by",
    "outbox",
    "outbox_totals",
    "sqlite_sequence",
    "subscriptions",
    "tokens",
    "uptime",
    "user_attributes",
    "user_commands",
    "user_counts",
    "users",
]
SECOND = Migration(
    migrations()[-1].version + 1,
    """
    -- A step; with a semicolon in the comment.
    CREATE TABLE second (a TEXT);
    INSERT INTO second VALUES ('x;y');
    """,
)
BROKEN = Migration(SECOND.version, SECOND.script + "INSERT INTO nowhere VALUES (1);\n")


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def tables(path: Path) -> list[object]:
    return [name for (name,) in query(path, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1")]


def test_a_new_database_is_complete_and_private(tmp_path: Path) -> None:
    path = tmp_path / "rollcall.db"
    prepare(path)
    assert tables(path) == TABLES
    assert query(path, "PRAGMA user_version") == [(migrations()[-1].version,)]
    assert query(path, "PRAGMA application_id") == [(APPLICATION_ID,)]
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["rollcall.db"]


def test_a_new_database_is_synced_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[list[str]] = []
    sync = os.fsync

    def record_sync(descriptor: int) -> None:
        synced.append([os.readlink(f"/proc/self/fd/{descriptor}"), *sorted(os.listdir(tmp_path))])
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", record_sync)
    prepare(tmp_path / "rollcall.db")
    assert synced == [
        [str(tmp_path / "rollcall.db.new"), "rollcall.db.new"],
        [str(tmp_path), "rollcall.db"],
    ]


@pytest.mark.parametrize("limit", range(1024, 40 * 1024, 1024))
def test_a_full_disk_leaves_a_complete_database_or_none(tmp_path: Path, limit: int) -> None:
    """RLIMIT_FSIZE stands in for a full disk: writes beyond it fail."""
    path = tmp_path / "rollcall.db"
    previous = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, previous[1]))
    try:
        with contextlib.suppress(DatabaseRefused):
            prepare(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, previous)
    if path.exists():
        assert tables(path) == TABLES
    prepare(path)
    assert tables(path) == TABLES
    assert [file.name for file in tmp_path.iterdir()] == ["rollcall.db"]


def test_a_dangling_symlink_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "rollcall.db"
    path.symlink_to(tmp_path / "unmounted" / "rollcall.db")
    with pytest.raises(DatabaseRefused, match="No such file or directory"):
        prepare(path)
    assert path.is_symlink()


def test_prepare_leaves_a_current_database_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "rollcall.db"
    prepare(path)
    before = path.read_bytes()
    prepare(path)
    assert path.read_bytes() == before


def test_a_database_of_rollcall_0_1_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "rollcall.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID_0_1}")
        connection.execute("CREATE TABLE users (a)")
    before = path.read_bytes()
    with pytest.raises(DatabaseRefused) as refusal:
        prepare(path)
    assert str(refusal.value) == (
        f"{path} was written by Rollcall 0.1, whose files this version does not read: move it away to start "
        "with an empty database"
    )
    assert path.read_bytes() == before


def test_an_older_database_gets_the_missing_migrations_and_a_copy_is_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "rollcall.db"
    prepare(path, migrations()[:1])
    assert caplog.messages == []
    kept = tmp_path / "rollcall.db.schema-1"
    kept.write_text("of an earlier attempt")
    steps = [*migrations(), SECOND]
    prepare(path, steps)
    assert query(path, "SELECT a FROM second") == [("x;y",)]
    assert query(path, "PRAGMA user_version") == [(SECOND.version,)]
    assert query(path, "SELECT version FROM migrated_by") == [
        (importlib.metadata.version("rollcall-server"),)
    ]
    assert query(kept, "PRAGMA user_version") == [(1,)]
    assert kept.stat().st_mode & 0o777 == 0o600
    assert sorted(file.name for file in tmp_path.iterdir()) == ["rollcall.db", kept.name]
    assert caplog.messages == [
        f"{path} has schema 1 and is migrated; {kept} is a copy of it",
        *(f"{path} has schema {step.version} now: {step.title}" for step in steps[1:]),
    ]
    assert SECOND.title == "A step; with a semicolon in the comment."


def test_the_events_of_an_older_database_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "rollcall.db"
    prepare(path, migrations()[:2])
    with closing(sqlite3.connect(path)) as connection, connection:
        values = [("a", '["u"]', "{}"), ("b", "[]", '{"x": 1}')]
        connection.executemany("INSERT INTO outbox VALUES (NULL, ?, 'kind', ?, ?, 0)", values)
    prepare(path)
    assert query(path, "SELECT * FROM outbox_totals") == [(2, 5 + 2 + 2 + 8, 0)]


def test_a_failed_migration_is_rolled_back(tmp_path: Path) -> None:
    path = tmp_path / "rollcall.db"
    prepare(path)
    with pytest.raises(DatabaseRefused, match="no such table: nowhere"):
        prepare(path, [*migrations(), BROKEN])
    assert tables(path) == TABLES
    assert query(path, "PRAGMA user_version") == [(migrations()[-1].version,)]
    prepare(path, [*migrations(), SECOND])
    assert query(path, "SELECT a FROM second") == [("x;y",)]


def test_a_failed_creation_leaves_no_database_and_can_be_repeated(tmp_path: Path) -> None:
    path = tmp_path / "rollcall.db"
    with pytest.raises(DatabaseRefused):
        prepare(path, [*migrations(), BROKEN])
    assert not path.exists()
    assert [file.name for file in tmp_path.iterdir()] == ["rollcall.db.new"]
    prepare(path)
    assert tables(path) == TABLES
    assert [file.name for file in tmp_path.iterdir()] == ["rollcall.db"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("UPDATE migrated_by SET version = '9.1'", "9.1"),
        ("UPDATE migrated_by SET version = char(10) || 'x'", "\\nx"),
        ("DELETE FROM migrated_by", "(unknown version)"),
        ("DROP TABLE migrated_by", "(unknown version)"),
    ],
)
def test_a_newer_database_is_refused_untouched_with_the_version_that_it_needs(
    tmp_path: Path, change: str, named: str
) -> None:
    path = tmp_path / "rollcall.db"
    prepare(path, [*migrations(), SECOND])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(change)
    before = path.read_bytes()
    with pytest.raises(DatabaseRefused) as refusal:
        prepare(path)
    own = importlib.metadata.version("rollcall-server")
    assert str(refusal.value) == (
        f"{path} has schema {SECOND.version} and needs Rollcall {named} or newer; this is {own}, which knows "
        f"schema {migrations()[-1].version}"
    )
    assert path.read_bytes() == before


def test_another_applications_database_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "rollcall.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    before = path.read_bytes()
    with pytest.raises(DatabaseRefused) as refusal:
        prepare(path)
    assert str(refusal.value) == f"{path} is another application's database, not Rollcall's"
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"SQLite", b"not a database\n" * 100])
def test_a_file_that_is_not_a_database_is_refused_untouched(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rollcall.db"
    path.write_bytes(content)
    with pytest.raises(DatabaseRefused, match="is not a database; move it away"):
        prepare(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("page", [1, 2, 5, -1])
@pytest.mark.parametrize("damage", [b"\xff" * 4096, b"\0" * 4096, bytes(range(256)) * 16])
def test_a_damaged_page_is_refused_untouched(tmp_path: Path, page: int, damage: bytes) -> None:
    path = tmp_path / "rollcall.db"
    prepare(path)
    whole = path.read_bytes()
    start = 4096 * (page if page > 0 else len(whole) // 4096 + page)
    broken = whole[:start] + damage + whole[start + 4096 :]
    assert len(broken) == len(whole)
    path.write_bytes(broken)
    with pytest.raises(DatabaseRefused) as refusal:
        prepare(path)
    assert "\n" not in str(refusal.value)
    assert path.read_bytes() == broken


def test_a_truncated_database_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "rollcall.db"
    prepare(path)
    half = path.read_bytes()[: path.stat().st_size // 2]
    path.write_bytes(half)
    with pytest.raises(DatabaseRefused, match="is damaged|malformed"):
        prepare(path)
    assert path.read_bytes() == half


def test_a_database_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rollcall.db"
    path.mkdir()
    with pytest.raises(DatabaseRefused, match="cannot be used"):
        prepare(path)


def test_an_old_sqlite_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "MIN_SQLITE", (99, 0, 0))
    with pytest.raises(DatabaseRefused, match="and Rollcall needs"):
        prepare(tmp_path / "rollcall.db")


def test_migrations_are_numbered_without_gaps() -> None:
    assert [step.version for step in migrations()] == list(range(1, len(migrations()) + 1))


def test_migrations_say_what_they_do_in_their_first_line() -> None:
    assert [step.script.startswith("-- ") and step.title.endswith(".") for step in migrations()] == [
        True
    ] * len(migrations())
