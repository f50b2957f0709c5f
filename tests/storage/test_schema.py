"""The comparison of a file with the schema that the migrations make."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import pytest
from rollcall_server.errors import DatabaseRefused
from rollcall_server.storage.sqlite import backup
from rollcall_server.storage.sqlite.migrate import prepare
from rollcall_server.storage.sqlite.schema import migrations

#: A change of the schema, and how its refusal names it.
CHANGES = {
    "CREATE TRIGGER rewrite AFTER INSERT ON users BEGIN UPDATE users SET ex = 'x'; END": (
        "trigger 'rewrite' is not part of it"
    ),
    "CREATE VIEW seen AS SELECT 1": "view 'seen' is not part of it",
    'CREATE TABLE "x; y"" z" (a)': "table 'x; y\" z' is not part of it",
    "CREATE INDEX more ON users (email)": "index 'more' is not part of it",
    "DROP TABLE blocks": "table 'blocks' is missing",
    "DROP INDEX users_by_high_level": "index 'users_by_high_level' is missing",
    "DROP TRIGGER user_deleted": "trigger 'user_deleted' is missing",
    "ALTER TABLE users ADD COLUMN more TEXT": "table 'users' differs",
    "DROP TRIGGER user_deleted; CREATE TRIGGER user_deleted AFTER DELETE ON users BEGIN SELECT 1; END": (
        "trigger 'user_deleted' differs"
    ),
    'DROP TABLE blocks; CREATE TABLE "bl\nocks" (a)': (
        "table 'blocks' is missing; table 'bl\\nocks' is not part of it"
    ),
    "PRAGMA user_version = 0": "table 'users' is not part of it; ",
}


def changed(path: Path, script: str) -> Path:
    prepare(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    return path


@pytest.mark.parametrize("script", CHANGES)
def test_a_changed_schema_is_refused_by_check_start_backup_and_restore(tmp_path: Path, script: str) -> None:
    path = changed(tmp_path / "changed.db", script)
    before = path.read_bytes()
    for refused in (
        lambda: backup.check(path),
        lambda: prepare(path),
        lambda: backup.copy(path, tmp_path / "copy.db"),
        lambda: backup.install(path, tmp_path / "rollcall.db"),
    ):
        with pytest.raises(DatabaseRefused) as refusal:
            refused()
        _, _, named = str(refusal.value).partition(" does not have the schema of Rollcall ")
        found = 0 if "user_version" in script else migrations()[-1].version
        assert named.startswith(f"(version {found}): {CHANGES[script]}")
        assert "\n" not in named
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["changed.db"]


def test_a_newer_schema_is_refused_by_check_and_restore(tmp_path: Path) -> None:
    newest = migrations()[-1].version
    path = changed(tmp_path / "newer.db", f"PRAGMA user_version = {newest + 1}")
    for refused in (lambda: backup.check(path), lambda: backup.install(path, tmp_path / "rollcall.db")):
        with pytest.raises(DatabaseRefused) as refusal:
            refused()
        own = version("rollcall-server")
        assert str(refusal.value) == (
            f"{path} has schema {newest + 1} and needs Rollcall {own} or newer; this is {own}, which knows "
            f"schema {newest}"
        )


def test_statistics_of_the_query_planner_are_allowed(tmp_path: Path) -> None:
    path = changed(tmp_path / "rollcall.db", "ANALYZE")
    prepare(path)
    assert backup.check(path)["schema"] == migrations()[-1].version


def test_a_comment_in_a_migration_may_change(tmp_path: Path) -> None:
    path = tmp_path / "rollcall.db"
    first, *others = migrations()
    assert "-- Unix ms: tokens issued before this are void.\n" in first.script
    prepare(
        path, [first._replace(script=first.script.replace("-- Unix ms: ", "-- In Unix ms:\n-- ")), *others]
    )
    assert backup.check(path)["users"] == 0
