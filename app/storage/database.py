"""One SQLite file in WAL mode: a writer of its own thread, and readers that nobody waits for.

Contains no SQL of the tables. A piece is a function of a connection; `write` runs it in the writer's next
commit, `read` runs it at once on a connection that is kept for the next reader.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import deque
from pathlib import Path

from app.errors import DatabaseRefused, StorageUnavailable
from app.storage import migrate
from app.storage.writer import Operation, T, Writer

#: What a piece of writing gets; the layers above pass it on and never look inside.
Transaction = sqlite3.Connection

#: Seconds that a statement waits for another process (an operator's shell) to let go.
BUSY_TIMEOUT = 1.0


class Database:
    """The database file at `path`; nothing is opened before `open`."""

    def __init__(self, path: Path, max_waiting: int = 1000) -> None:
        """Have up to `most_waiting` callers wait to write while the disk or somebody else holds that up."""
        self._path = path
        self._most_waiting = max_waiting
        self._writer: Writer | None = None
        self._connection: sqlite3.Connection | None = None
        # Readers rest here between two reads, so there are never more than threads that read at once, and
        # they outlive threads that do not (a development server has one thread a request).
        self._idle: deque[sqlite3.Connection] = deque()

    def open(self) -> None:
        """Create or migrate the file, then serve it. Raises DatabaseRefused."""
        migrate.prepare(self._path)
        connection = None
        try:
            connection = self._connect()
            _log_ahead(connection)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            raise DatabaseRefused(f"the database {self._path} cannot be opened: {error}") from error
        self._connection = connection
        self._writer = Writer(connection, self._most_waiting)

    def close(self) -> None:
        """Finish the waiting writes and close the file, the writer's connection, which checkpoints, last.

        A read that is on its way closes its own connection.
        """
        if self._writer is None or self._connection is None:
            return
        writer, connection = self._writer, self._connection
        writer.close()
        self._writer = self._connection = None
        self._close_idle()
        connection.close()

    def write(self, operation: Operation[T]) -> T:
        """Run `piece` in the writer's next commit and return its result once that is on the disk.

        Raises what the piece raised, with nothing of it kept, or StorageUnavailable.
        """
        writer = self._writer
        if writer is None:
            raise StorageUnavailable("the database is not open")
        return writer.write(operation)

    def read(self, operation: Operation[T]) -> T:
        """Run `piece` on a connection that sees the last commit alone. Raises StorageUnavailable."""

        def at_one_commit(connection: Transaction) -> T:
            with connection:
                connection.execute("BEGIN")
                return operation(connection)

        return self.read_one(at_one_commit)

    def read_one(self, operation: Operation[T]) -> T:
        """Do what `read` does with a piece of a single statement, which sees one commit by itself."""
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
        """The seconds that the writing under way has taken by now; 0 if nobody writes."""
        return self._writer.stalled_for if self._writer else 0.0

    @property
    def waiting(self) -> int:
        """How many pieces of writing are under way."""
        return self._writer.waiting if self._writer else 0

    @property
    def commits(self) -> tuple[int, int]:
        """How many commits there were since the opening, and how many pieces shared them."""
        return (self._writer.commits, self._writer.operations) if self._writer else (0, 0)

    @property
    def is_writing(self) -> bool:
        """Whether there is a thread that writes."""
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


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Have the database written through a log, whatever a restored copy was in. Raises OperationalError."""
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise sqlite3.OperationalError(f"its file system has no room for a shared log (journal mode {mode})")
