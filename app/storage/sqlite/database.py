"""One SQLite file in WAL mode: writes go through one thread, reads never wait for them.

Contains no SQL of the tables. An operation is a function of a connection: `write` runs it in the writer's
next commit, `read` runs it immediately on a pooled connection.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import deque
from pathlib import Path

from ...errors import DatabaseRefused, StorageUnavailable
from . import migrate
from .writer import Operation, T, Writer

#: What an operation gets. The layers above pass it to the stores and do not use it themselves.
Transaction = sqlite3.Connection

#: Seconds that a statement waits for a lock of another process, such as an sqlite3 shell.
BUSY_TIMEOUT = 1.0


class Database:
    """The database file at `path`, to be opened with `open`."""

    def __init__(self, path: Path, max_waiting: int = 1000) -> None:
        """Up to `max_waiting` operations may wait or run; while the writer is stalled, others are refused."""
        self._path = path
        self.writer = Writer(max_waiting)
        #: Run an operation in the writer's next commit.
        self.write = self.writer.write
        # Idle read connections. A pool, not thread-locals: it is never larger than the number of concurrent
        # reads, and it outlives short-lived threads (a development server starts one per request).
        self._idle: deque[sqlite3.Connection] = deque()

    def open(self) -> None:
        """Create or migrate the file, then open it. Raises DatabaseRefused."""
        migrate.prepare(self._path)
        connection = None
        try:
            connection = self._connect()
            _enable_wal(connection)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            raise DatabaseRefused(f"the database {self._path} cannot be opened: {error}") from error
        self.writer.start(connection)

    def close(self) -> None:
        """Finish the waiting writes and close the file. Reads in progress close their own connections.

        The writer's connection is closed last, because closing it checkpoints the log.
        """
        connection = self.writer.stop()
        self._close_idle()
        if connection is not None:
            connection.close()

    def read(self, operation: Operation[T]) -> T:
        """Run `operation` on a snapshot of the last commit. Raises StorageUnavailable or what it raises."""

        def in_transaction(connection: Transaction) -> T:
            with connection:
                connection.execute("BEGIN")
                return operation(connection)

        return self.read_one(in_transaction)

    def read_one(self, operation: Operation[T]) -> T:
        """Like `read`, for an operation with one statement, which needs no transaction for a snapshot."""
        if not self.writer.is_open:
            raise StorageUnavailable("the database is not open")
        try:
            connection = self._borrow()
            try:
                return operation(connection)
            finally:
                self._idle.append(connection)
                if not self.writer.is_open:
                    self._close_idle()
        except sqlite3.Error as error:
            raise StorageUnavailable(str(error)) from error

    def _borrow(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._reader()

    def _close_idle(self) -> None:
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _reader(self) -> sqlite3.Connection:
        connection = self._connect()
        connection.execute("PRAGMA query_only = ON")
        # Only the writer may checkpoint: SQLite up to 3.51.2 can damage a log that two connections reset.
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        return connection

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(
            self._path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
        )


def _enable_wal(connection: sqlite3.Connection) -> None:
    """Switch the database to WAL mode, which backups are not in. Raises OperationalError."""
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise sqlite3.OperationalError(f"its file system does not support WAL mode (journal mode {mode})")
