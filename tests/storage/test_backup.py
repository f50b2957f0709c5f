"""Restoring a backup while the power may fail at any step, and what an interrupted change leaves behind."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from rollcall_server.errors import DatabaseRefused
from rollcall_server.storage.sqlite import backup
from rollcall_server.storage.sqlite.database import Database
from rollcall_server.storage.sqlite.migrate import prepare

from tests.support.server import PATIENCE

#: Restores argv[1] to argv[2] and ends before the argv[3]th operation on a file or a database, as by SIGKILL.
RESTORE = """
import os, sqlite3, sys
from pathlib import Path
from rollcall_server.storage.sqlite import backup

left = int(sys.argv[3])

def step(*_):
    global left
    left -= 1
    if left == 0:
        os._exit(9)

class Counted(sqlite3.Connection):
    def execute(self, *arguments):
        step()
        return super().execute(*arguments)

    def backup(self, *arguments):
        step()
        return super().backup(*arguments)

connect, fsync = sqlite3.connect, os.fsync
sqlite3.connect = lambda path, **options: connect(
    path, factory=sqlite3.Connection if path == ":memory:" else Counted, **options
)
os.fsync = lambda descriptor: (step(), fsync(descriptor))
sys.addaudithook(lambda event, _: step() if event in ("os.rename", "os.link", "os.remove", "open") else None)
backup.install(Path(sys.argv[1]), Path(sys.argv[2]))
"""
KILLED = 9


def make(path: Path, *names: str) -> Path:
    """Make a database with a block for each name."""
    prepare(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO blocks VALUES (?, 1)", [(name,) for name in names])
        connection.execute("COMMIT")
    return path


def names_in(path: Path) -> list[str]:
    """Return the names, after an ordinary start that finds the database whole."""
    database = Database(path)
    database.open()
    try:
        return database.read(
            lambda connection: [
                *(name for (name,) in connection.execute("SELECT user_id FROM blocks ORDER BY 1")),
                *(row for (row,) in connection.execute("PRAGMA integrity_check") if row != "ok"),
            ]
        )
    finally:
        database.close()


def sound(path: Path) -> None:
    make(path, "old")


def with_wal(path: Path) -> None:
    """As a server leaves it that was killed: the commits are in the log."""
    served = make(path.with_name("served.db"))
    with closing(sqlite3.connect(served, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("INSERT INTO blocks VALUES ('old', 1)")
        shutil.copy(served, path)
        shutil.copy(f"{served}-wal", f"{path}-wal")
    served.unlink()


def with_journal(path: Path) -> None:
    """As a power failure leaves it inside a transaction that has written to the file."""
    changing = make(path.with_name("changing.db"), "old", *(f"old-{number}" for number in range(2000)))
    with closing(sqlite3.connect(changing, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE blocks SET user_id = 'changed' || user_id")
        shutil.copy(changing, path)
        shutil.copy(f"{changing}-journal", f"{path}-journal")
        connection.execute("ROLLBACK")
    assert b"changed" in path.read_bytes()
    changing.unlink()


OLD: dict[Callable[[Path], None], int] = {sound: 1, with_wal: 1, with_journal: 2001}


@pytest.mark.parametrize("make_old", OLD)
def test_a_restore_cut_anywhere_leaves_the_old_or_the_new_database(
    tmp_path: Path, make_old: Callable[[Path], None]
) -> None:
    source = make(tmp_path / "backup.db", "new")
    made = tmp_path / "made"
    made.mkdir()
    make_old(made / "rollcall.db")
    found: list[str] = []
    status = KILLED
    while status == KILLED:
        folder = tmp_path / f"cut-{len(found)}"
        shutil.copytree(made, folder)
        path = folder / "rollcall.db"
        command = [sys.executable, "-c", RESTORE, str(source), str(path), str(len(found) + 1)]
        status = subprocess.run(command, timeout=PATIENCE, check=False).returncode
        names = names_in(path)
        assert names == ["new"] or (len(names), names[0]) == (OLD[make_old], "old"), len(found)
        if names == ["new"]:
            assert len(names_in(folder / "rollcall.db.replaced-1")) == OLD[make_old]
        found.append(names[0])
        # A further restore is not in the way of what the first one left.
        backup.install(source, path)
        assert names_in(path) == ["new"]
    assert status == 0
    before = found.index("new")
    assert found == ["old"] * before + ["new"] * (len(found) - before)
    assert before > 20


@pytest.mark.parametrize("damage", [b"damaged" * 1000, b"SQLite format 3\0\x10\0\x09\x09" + bytes(4076)])
@pytest.mark.parametrize("suffix", ["-wal", "-journal"])
def test_what_belonged_to_a_damaged_database_leaves_with_it(
    tmp_path: Path, suffix: str, damage: bytes
) -> None:
    path = tmp_path / "rollcall.db"
    {"-wal": with_wal, "-journal": with_journal}[suffix](path)
    beside = path.with_name(path.name + suffix)
    if suffix == "-journal":
        # A journal without its end is not rolled back.
        beside.write_bytes(b"\0" * 512)
    path.write_bytes(damage)
    expected = {path.name: path.read_bytes(), beside.name: beside.read_bytes()}
    source = make(tmp_path / "backup.db", "new")
    assert backup.install(source, path) == tmp_path / "rollcall.db.replaced-1"
    kept = {name: (tmp_path / name.replace(".db", ".db.replaced-1")).read_bytes() for name in expected}
    assert kept == expected
    assert not beside.exists()
    assert names_in(path) == ["new"]


def test_files_beside_a_missing_database_leave_too(tmp_path: Path) -> None:
    path = tmp_path / "rollcall.db"
    with_journal(path)
    path.unlink()
    assert backup.install(make(tmp_path / "backup.db", "new"), path) is None
    assert names_in(path) == ["new"]
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "backup.db",
        "rollcall.db",
        "rollcall.db.replaced-1-journal",
    ]


def test_a_database_in_use_by_another_program_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "rollcall.db"
    with_wal(path)
    source = make(tmp_path / "backup.db", "new")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseRefused, match="cannot be replaced: database is locked"):
            backup.install(source, path)
    assert names_in(path) == ["old"]


@pytest.mark.parametrize(
    "look", [prepare, backup.check, lambda path: backup.copy(path, path.with_name("copy"))]
)
def test_an_interrupted_change_is_undone_by_start_check_and_backup(
    tmp_path: Path, look: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "rollcall.db"
    with_journal(path)
    look(path)
    assert caplog.messages == [f"{path} had a rollback journal of an interrupted change, which was undone"]
    assert not os.path.lexists(f"{path}-journal")
    assert len(names_in(path)) == 2001


def test_a_backup_does_not_overwrite_an_unfinished_one(tmp_path: Path) -> None:
    source, target = make(tmp_path / "rollcall.db", "a"), tmp_path / "copy.db"
    (tmp_path / "copy.db.new").write_text("half")
    with pytest.raises(DatabaseRefused) as refusal:
        backup.copy(source, target)
    assert str(refusal.value) == (
        f"{target}.new is there, from a backup that is under way or was interrupted"
    )
    assert (tmp_path / "copy.db.new").read_text() == "half"
