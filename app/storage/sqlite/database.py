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
        self._max_waiting = max_waiting
        self._writer: Writer | None = None
        self._connection: sqlite3.Connection | None = None
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
        self._connection = connection
        self._writer = Writer(connection, self._max_waiting)

    def close(self) -> None:
        """Finish the waiting writes and close the file. Reads in progress close their own connections.

        The writer's connection is closed last, because closing it checkpoints the log.
        """
        if self._writer is None or self._connection is None:
            return
        writer, connection = self._writer, self._connection
        writer.close()
        self._writer = self._connection = None
        self._close_idle()
        connection.close()

    def write(self, operation: Operation[T]) -> T:
        """Run `operation` in the writer's next commit; return its result after the commit is on disk.

        Raises StorageUnavailable, or what the operation raises; its changes are then rolled back.
        """
        writer = self._writer
        if writer is None:
            raise StorageUnavailable("the database is not open")
        return writer.write(operation)

    def read(self, operation: Operation[T]) -> T:
        """Run `operation` on a snapshot of the last commit. Raises StorageUnavailable or what it raises."""

        def in_transaction(connection: Transaction) -> T:
            with connection:
                connection.execute("BEGIN")
                return operation(connection)

        return self.read_one(in_transaction)

    def read_one(self, operation: Operation[T]) -> T:
        """Like `read`, for an operation with one statement, which needs no transaction for a snapshot."""
        if self._writer is None:
            raise StorageUnavailable("the database is not open")
        try:
            connection = self._borrow()
            try:
                return operation(connection)
            finally:
                self._idle.append(connection)
                if self._writer is None:
                    self._close_idle()
        except sqlite3.Error as error:
            raise StorageUnavailable(str(error)) from error

    @property
    def stalled_for(self) -> float:
        """Seconds that the current batch of writes has taken so far; 0 if there is none."""
        return self._writer.stalled_for if self._writer else 0.0

    @property
    def waiting(self) -> int:
        """Number of write operations that wait or run."""
        return self._writer.waiting if self._writer else 0

    @property
    def commits(self) -> tuple[int, int]:
        """Number of commits since `open`, and of operations that they included."""
        return (self._writer.commits, self._writer.operations) if self._writer else (0, 0)

    @property
    def is_writing(self) -> bool:
        """Whether the writer thread is running."""
        return self._writer is not None and self._writer.is_alive

    @property
    def last_failure(self) -> str:
        """Why the last commit failed; empty if it did not."""
        return self._writer.last_failure if self._writer else ""

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
