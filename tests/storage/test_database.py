"""One writer, many readers: order, group commit, savepoints, errors."""

from __future__ import annotations

import resource
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from contextlib import closing
from pathlib import Path

import pytest
from rollcall_server.errors import DatabaseRefused, StorageUnavailable
from rollcall_server.storage.sqlite import database as database_module
from rollcall_server.storage.sqlite import migrate
from rollcall_server.storage.sqlite.database import Database, Transaction


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rollcall.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database(path)
    database.open()
    database.write(lambda transaction: transaction.execute("CREATE TABLE t (a INTEGER PRIMARY KEY)"))
    yield database
    database.close()


def insert(value: object) -> object:
    def operation(transaction: Transaction) -> object:
        transaction.execute("INSERT INTO t VALUES (?)", (value,))
        return value

    return operation


def values(database: Database) -> list[int]:
    return database.read(lambda connection: [a for (a,) in connection.execute("SELECT a FROM t ORDER BY a")])


def test_a_write_returns_its_operations_result_and_is_visible_to_readers(database: Database) -> None:
    assert database.write(insert(7)) == 7
    assert values(database) == [7]


def test_connections_set_the_pragmas_that_durability_needs(database: Database) -> None:
    def pragmas(connection: Transaction) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "wal_autocheckpoint", "query_only")
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    full = 2
    assert database.write(pragmas) == ["wal", full, 1, 1000, 0]
    assert database.read(pragmas)[3:] == [0, 1]


def test_a_failed_operation_is_rolled_back_alone(database: Database) -> None:
    """The other operations of its commit stay, and nothing that it did before the failure."""
    released, started = threading.Event(), threading.Event()

    def hold(transaction: Transaction) -> None:
        started.set()
        released.wait(10)

    def half(transaction: Transaction) -> None:
        transaction.execute("INSERT INTO t VALUES (100)")
        raise LookupError("half-way")

    with ThreadPoolExecutor(8) as pool:
        holding = pool.submit(database.write, hold)
        assert started.wait(10)
        # These three wait together, so they share the next commit.
        first, failing, last = (
            pool.submit(database.write, operation) for operation in (insert(1), half, insert(2))
        )
        released.set()
        assert (holding.result(10), first.result(10), last.result(10)) == (None, 1, 2)
        with pytest.raises(LookupError, match="half-way"):
            failing.result(10)
    assert values(database) == [1, 2]


def test_waiting_operations_share_a_commit(database: Database) -> None:
    commits: list[str] = []
    released, started = threading.Event(), threading.Event()

    def hold(transaction: Transaction) -> None:
        transaction.set_trace_callback(commits.append)
        started.set()
        released.wait(10)

    with ThreadPoolExecutor(64) as pool:
        pool.submit(database.write, hold)
        assert started.wait(10)
        waiting = [pool.submit(database.write, insert(value)) for value in range(50)]
        while database.writer._jobs.qsize() < 50:
            time.sleep(0.001)
        released.set()
        assert sorted(one.result(10) for one in waiting) == list(range(50))
    database.write(lambda transaction: transaction.set_trace_callback(None))
    assert values(database) == list(range(50))
    # One for the slow operation and one for the fifty; the trace ends before the last commit.
    assert commits.count("COMMIT") == 2


def test_concurrent_writes_are_all_stored(database: Database) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(lambda value: database.write(insert(value)), range(500))) == list(range(500))
    assert values(database) == list(range(500))


def test_sqlite_errors_are_raised_as_storage_unavailable(database: Database) -> None:
    with pytest.raises(StorageUnavailable, match="no such table: nowhere"):
        database.write(lambda transaction: transaction.execute("INSERT INTO nowhere VALUES (1)"))
    with pytest.raises(StorageUnavailable, match="no such table: nowhere"):
        database.read(lambda connection: connection.execute("SELECT 1 FROM nowhere"))
    assert database.write(insert(1)) == 1


def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(StorageUnavailable, match="readonly"):
        database.read(insert(1))
    assert values(database) == []


def test_readers_do_not_wait_for_the_writer(database: Database) -> None:
    started, released = threading.Event(), threading.Event()

    def slow(transaction: Transaction) -> None:
        transaction.execute("INSERT INTO t VALUES (1)")
        started.set()
        released.wait(10)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(database.write, slow)
        assert started.wait(10)
        assert values(database) == []
        released.set()
        writing.result(10)
    assert values(database) == [1]


def test_a_lock_of_another_connection_fails_a_write_and_later_writes_succeed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT", 0.05)
    database = Database(path)
    database.open()
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageUnavailable, match="locked"):
                database.write(lambda transaction: None)
            other.execute("ROLLBACK")
        assert database.write(lambda transaction: "again") == "again"
    finally:
        database.close()


def test_a_full_disk_rolls_back_the_batch_and_later_writes_succeed(database: Database) -> None:
    def fill(transaction: Transaction) -> None:
        pages = transaction.execute("PRAGMA page_count").fetchone()[0]
        transaction.execute(f"PRAGMA max_page_count = {pages}")
        transaction.execute("CREATE TABLE more (a)")

    with pytest.raises(StorageUnavailable, match="full"):
        database.write(fill)
    database.write(lambda transaction: transaction.execute("PRAGMA max_page_count = 1000000"))
    assert database.write(insert(1)) == 1
    assert values(database) == [1]


def test_a_failed_commit_raises_in_the_caller(database: Database) -> None:
    """Deferred constraints fail at COMMIT, after all operations have succeeded."""

    def orphan(transaction: Transaction) -> None:
        transaction.execute("CREATE TABLE child (a REFERENCES t (a) DEFERRABLE INITIALLY DEFERRED)")
        transaction.execute("INSERT INTO child VALUES (99)")

    with pytest.raises(StorageUnavailable, match="FOREIGN KEY"):
        database.write(orphan)
    assert database.write(insert(1)) == 1


def test_a_closed_database_raises_storage_unavailable(database: Database) -> None:
    database.close()
    database.close()
    with pytest.raises(StorageUnavailable):
        database.write(insert(1))
    with pytest.raises(StorageUnavailable):
        values(database)


def test_close_leaves_one_file_with_all_writes(database: Database, path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda value: database.write(insert(value)), range(20)))
    assert values(database) == done
    database.close()
    assert [file.name for file in path.parent.iterdir()] == ["rollcall.db"]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM t").fetchone() == (20,)


def test_a_read_that_outlives_close_leaves_no_connection(database: Database) -> None:
    started, released = threading.Event(), threading.Event()

    def slow(connection: Transaction) -> None:
        started.set()
        released.wait(10)

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(database.read, slow)
        assert started.wait(10)
        database.close()
        released.set()
        reading.result(10)
    assert not database._idle


def test_a_file_in_another_journal_mode_is_opened_in_wal_mode(path: Path) -> None:
    migrate.prepare(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    restored = Database(path)
    restored.open()
    try:
        assert restored.write(lambda transaction: transaction.execute("PRAGMA journal_mode").fetchone()) == (
            "wal",
        )
    finally:
        restored.close()


def test_a_database_that_cannot_be_created_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatabaseRefused):
        Database(tmp_path / "missing" / "rollcall.db").open()


def test_writes_fail_while_the_database_is_read_only_and_succeed_afterwards(database: Database) -> None:
    connection = database.write(lambda transaction: transaction)
    connection.execute("PRAGMA query_only = ON")
    for _ in range(2):
        with pytest.raises(StorageUnavailable, match="attempt to write a readonly database"):
            database.write(insert(1))
        assert database.writer.last_failure == "attempt to write a readonly database"
    assert values(database) == []
    connection.execute("PRAGMA query_only = OFF")
    database.write(insert(2))
    assert (values(database), database.writer.last_failure) == ([2], "")


def test_failing_writes_are_logged_when_they_begin_and_when_they_end(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    connection = database.write(lambda transaction: transaction)
    for _ in range(2):
        connection.execute("PRAGMA query_only = ON")
        for value in range(3):
            with pytest.raises(StorageUnavailable):
                database.write(insert(value))
        connection.execute("PRAGMA query_only = OFF")
        for value in range(3):
            database.write(insert(value))
        database.write(lambda transaction: transaction.execute("DELETE FROM t"))
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "writes fail: attempt to write a readonly database"),
        ("WARNING", "writes succeed again"),
    ] * 2


def test_a_failure_that_makes_sqlite_roll_back_keeps_its_reason(
    database: Database, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """RLIMIT_FSIZE stands in for a full disk; the small cache makes the operation write before its commit."""

    def fill(transaction: Transaction) -> None:
        transaction.execute("PRAGMA cache_size = 1")
        transaction.executemany("INSERT INTO t VALUES (?)", ((number,) for number in range(100_000)))

    previous = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.with_name("rollcall.db-wal").stat().st_size, previous[1]))
    try:
        with pytest.raises(StorageUnavailable, match="disk I/O error"):
            database.write(fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, previous)
    assert database.write(insert(1)) == 1
    assert values(database) == [1]
    assert caplog.messages == ["writes fail: disk I/O error", "writes succeed again"]


def test_a_read_of_several_statements_sees_one_snapshot(database: Database) -> None:
    def read_twice(connection: Transaction) -> tuple[int, int]:
        before = len(connection.execute("SELECT a FROM t").fetchall())
        database.write(insert(7))
        return before, len(connection.execute("SELECT a FROM t").fetchall())

    assert database.read(read_twice) == (0, 0)
    assert values(database) == [7]


def test_a_stalled_writer_has_a_limited_number_of_waiting_callers(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(path, max_waiting=3)
    database.open()
    released, begun = threading.Event(), threading.Event()

    def slow(transaction: Transaction) -> None:
        begun.set()
        released.wait(10)

    try:
        with ThreadPoolExecutor(10) as pool:
            first = pool.submit(database.write, slow)
            assert begun.wait(10)
            writes = [pool.submit(database.write, lambda transaction: "written") for _ in range(9)]
            done, waiting = wait(writes, timeout=2)
            assert (len(done), len(waiting)) == (7, 2)
            for refused in done:
                with pytest.raises(StorageUnavailable, match="busy for over 0.25 s"):
                    refused.result()
            assert database.writer.stalled_for >= 0.25
            released.set()
            first.result(10)
            assert {each.result(10) for each in waiting} == {"written"}
        assert caplog.messages == [
            "writes fail: the database has been busy for over 0.25 s",
            "writes succeed again",
        ]
        assert database.writer.stalled_for == 0
        with ThreadPoolExecutor(10) as pool:
            assert list(pool.map(lambda _: database.write(lambda transaction: 1), range(200))) == [1] * 200
    finally:
        database.close()


def test_after_a_failed_commit_callers_above_the_limit_are_refused_at_once(path: Path) -> None:
    database = Database(path, max_waiting=2)
    database.open()
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as other, ThreadPoolExecutor(9) as pool:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageUnavailable, match="database is locked"):
                database.write(lambda transaction: None)
            writes = [pool.submit(database.write, lambda transaction: "written") for _ in range(9)]
            refused = next(as_completed(writes))
            # The two accepted callers wait a second longer for the lock.
            assert database.writer.waiting == 2
            with pytest.raises(StorageUnavailable, match="database is locked"):
                refused.result()
            other.execute("ROLLBACK")
        assert [each.result() for each in writes if each.exception() is None] == ["written"] * 2
        assert database.writer.last_failure == ""
    finally:
        database.close()
