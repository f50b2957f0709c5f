"""The single writer thread, with group commit. Contains no SQL of the tables.

All waiting operations run in one transaction, each in its own savepoint, and return after the commit. So
callers share the cost of a sync, an acknowledged write survives a power failure, and an operation that fails
does not affect the others.

While the disk or another process stalls the writer, the number of waiting callers is limited and the others
are refused, so that threads remain for reads.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from ...errors import StorageUnavailable

_log = logging.getLogger(__name__)
T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], T]

#: Maximum operations per commit, which bounds how long the first of them waits.
MAX_BATCH = 512
#: Seconds that a batch may take before the writer counts as stalled.
STALL = 0.25


class _Job:
    """An operation and its outcome, for which the caller waits."""

    __slots__ = ("done", "error", "operation", "result")

    def __init__(self, operation: Operation[Any]) -> None:
        self.operation = operation
        self.result: Any = None
        self.error: BaseException | None = None
        self.done = threading.Lock()
        self.done.acquire()


class Writer:
    """Runs write operations on one connection, in order of arrival, between `start` and `stop`."""

    def __init__(self, max_waiting: int) -> None:
        """Up to `max_waiting` operations may wait or run; while the writer is stalled, others are refused."""
        self._max_waiting = max_waiting
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._slot_freed = threading.Condition(self._lock)
        #: Operations that wait or run; commits since the start, and operations that they included.
        self.waiting = self.commits = self.operations = 0
        # When the current batch started; None if there is none.
        self._batch_started: float | None = None
        #: Why the last write failed or was refused; empty if it succeeded.
        self.last_failure = ""
        self._failed_at = 0.0
        #: Whether operations are accepted.
        self.is_open = False
        self._connection: sqlite3.Connection
        self._thread: threading.Thread | None = None

    def start(self, connection: sqlite3.Connection) -> None:
        """Accept operations, and run them on a connection."""
        self._connection = connection
        self._thread = threading.Thread(target=self._work, name="rollcall-writer", daemon=True)
        self._thread.start()
        self.is_open = True

    def write(self, operation: Operation[T]) -> T:
        """Run `operation` and return its result after the commit is on disk.

        Raises StorageUnavailable, or what the operation raises; its changes are then rolled back.
        """
        job = _Job(operation)
        with self._lock:
            if self.waiting >= self._max_waiting:
                self._wait_for_slot()
            if not self.is_open:
                raise StorageUnavailable("the database is not open")
            self.waiting += 1
            self._jobs.put(job)
        job.done.acquire()
        if job.error is not None:
            raise job.error
        result: T = job.result
        return result

    @property
    def stalled_for(self) -> float:
        """Seconds that the current batch has taken so far; 0 if there is none."""
        started = self._batch_started
        return 0.0 if started is None else time.monotonic() - started

    @property
    def is_alive(self) -> bool:
        """Whether the thread is running."""
        return self._thread is not None and self._thread.is_alive()

    def _wait_for_slot(self) -> None:
        """Wait until fewer than `max_waiting` operations wait or run. Called with the lock held.

        Raises StorageUnavailable if the writer is stalled or the last write has just failed.
        """
        while self.waiting >= self._max_waiting:
            if self.last_failure and time.monotonic() - self._failed_at < STALL:
                raise StorageUnavailable(self.last_failure)
            if self.stalled_for >= STALL:
                reason = f"the database has been busy for over {STALL} s"
                self._report(reason)
                raise StorageUnavailable(reason)
            self._slot_freed.wait(STALL / 5)

    def stop(self) -> sqlite3.Connection | None:
        """Finish the waiting operations, end the thread, return the connection; None if there is none."""
        with self._lock:
            if self._thread is None or not self.is_open:
                return None
            self.is_open = False
            self._jobs.put(None)
        self._thread.join()
        return self._connection

    def _work(self) -> None:
        while (first := self._jobs.get()) is not None:
            self._batch_started = time.monotonic()
            batch = self._gather(first)
            self._commit(batch)
            self._batch_started = None
            self.commits += 1
            self.operations += len(batch)
            with self._lock:
                self.waiting -= len(batch)
                self._slot_freed.notify_all()
            for job in batch:
                job.done.release()

    def _gather(self, first: _Job) -> list[_Job]:
        """Return a batch of the waiting jobs; leave the None of `close` in the queue."""
        batch = [first]
        while len(batch) < MAX_BATCH and not self._jobs.empty():
            job = self._jobs.get()
            if job is None:
                self._jobs.put(None)
                break
            batch.append(job)
        return batch

    def _commit(self, batch: list[_Job]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for job in batch:
                self._run(job)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back(batch, error)
        failures = (str(job.error) for job in batch if isinstance(job.error, StorageUnavailable))
        with self._lock:
            self._report(next(failures, ""))

    def _report(self, failure: str) -> None:
        """Remember why a write failed (empty: it succeeded), and log the changes. The caller has the lock."""
        if failure and not self.last_failure:
            _log.error("writes fail: %s", failure)
        elif self.last_failure and not failure:
            _log.warning("writes succeed again")
        self.last_failure = failure
        if failure:
            self._failed_at = time.monotonic()

    def _run(self, job: _Job) -> None:
        self._connection.execute("SAVEPOINT operation")
        try:
            job.result = job.operation(self._connection)
        except BaseException as error:
            # Re-raised in the caller's thread. This thread has to go on, whatever an operation raises.
            job.error = _translated(error)
            if isinstance(error, sqlite3.Error) and not self._connection.in_transaction:
                # A full disk, for instance, makes SQLite roll back everything by itself.
                raise
            self._connection.execute("ROLLBACK TO operation")
        self._connection.execute("RELEASE operation")

    def _roll_back(self, batch: list[_Job], error: sqlite3.Error) -> None:
        """Roll back the whole batch; an operation that had failed by itself keeps its own error."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        for job in batch:
            if job.error is None:
                job.error = StorageUnavailable(str(error))


def _translated(error: BaseException) -> BaseException:
    if not isinstance(error, sqlite3.Error):
        return error
    unavailable = StorageUnavailable(str(error))
    unavailable.__cause__ = error
    return unavailable
