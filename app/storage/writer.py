"""The one thread that writes. Contains no SQL of the tables.

Whatever waits when it comes round is run in one transaction, each piece in a savepoint of its own, and
answered after the one commit that makes all of it durable. So callers share the price of a sync, an
acknowledged write survives a power cut, and a piece that fails takes nothing with it.

When the disk or another process holds the writer up, only so many callers may wait for it; the others are
refused, so that there are threads left for those who read.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from app.errors import StorageUnavailable

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], T]

#: So many pieces share a commit at the most, which bounds how long the first of them waits.
MAX_BATCH = 512
#: Seconds that a batch may take before the writer counts as held up.
STALL = 0.25


class _Job:
    """One piece and the caller who waits for it."""

    __slots__ = ("done", "error", "operation", "result")

    def __init__(self, operation: Operation[Any]) -> None:
        self.operation = operation
        self.result: Any = None
        self.error: BaseException | None = None
        self.done = threading.Lock()
        self.done.acquire()


class Writer:
    """Run pieces of writing on one connection, in the order in which they came."""

    def __init__(self, connection: sqlite3.Connection, max_waiting: int) -> None:
        """Have up to `most_waiting` callers wait while the writer is held up."""
        self._connection = connection
        self._most_waiting = max_waiting
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._slot_freed = threading.Condition(self._lock)
        #: Pieces that wait or are under way, and since the start: commits, and the pieces that shared them.
        self.waiting = self.commits = self.operations = 0
        # When the batch under way was begun; None between two.
        self._begun: float | None = None
        #: Why the last commit failed; empty if it did not.
        self.last_failure = ""
        self._failed_at = 0.0
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="rollcall-writer", daemon=True)
        self._thread.start()

    def write(self, operation: Operation[T]) -> T:
        """Run `piece` and return its result once it is on the disk.

        Raises what the piece raised, with nothing of it kept, or StorageUnavailable.
        """
        job = _Job(operation)
        with self._lock:
            if self.waiting >= self._most_waiting:
                self._wait_for_slot()
            if self._closed:
                raise StorageUnavailable("the database is closed")
            self.waiting += 1
            self._jobs.put(job)
        job.done.acquire()
        if job.error is not None:
            raise job.error
        result: T = job.result
        return result

    @property
    def stalled_for(self) -> float:
        """The seconds that the batch under way has taken by now; 0 between two."""
        begun = self._begun
        return 0.0 if begun is None else time.monotonic() - begun

    @property
    def is_alive(self) -> bool:
        """Whether the thread is there."""
        return self._thread.is_alive()

    def _wait_for_slot(self) -> None:
        """Wait as long as the writer works as it should. Called with the door held."""
        while self.waiting >= self._most_waiting:
            if self.last_failure and time.monotonic() - self._failed_at < STALL:
                raise StorageUnavailable(self.last_failure)
            if self.stalled_for >= STALL:
                raise StorageUnavailable(f"the database has been busy for over {STALL} s")
            self._slot_freed.wait(STALL / 5)

    def close(self) -> None:
        """Finish what was asked for, then end the thread. Closing twice is once."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (first := self._jobs.get()) is not None:
            self._begun = time.monotonic()
            batch = self._gather(first)
            self._commit(batch)
            self._begun = None
            self.commits += 1
            self.operations += len(batch)
            with self._lock:
                self.waiting -= len(batch)
                self._slot_freed.notify_all()
            for job in batch:
                job.done.release()

    def _gather(self, first: _Job) -> list[_Job]:
        """Take what has come by now; leave the closing mark to the next round."""
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
            self.last_failure = ""
        except sqlite3.Error as error:
            self.last_failure, self._failed_at = str(error), time.monotonic()
            self._abandon(batch, error)

    def _run(self, job: _Job) -> None:
        self._connection.execute("SAVEPOINT piece")
        try:
            job.result = job.operation(self._connection)
        except BaseException as error:
            # Kept for the caller, in whose thread it is raised; this thread serves everybody and goes on.
            job.error = _translated(error)
            self._connection.execute("ROLLBACK TO piece")
        self._connection.execute("RELEASE piece")

    def _abandon(self, batch: list[_Job], error: sqlite3.Error) -> None:
        """Take back the whole batch; a piece that had failed by itself keeps its own reason."""
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
