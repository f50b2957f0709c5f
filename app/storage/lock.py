"""A lock file that allows one process per instance folder.

It is separate from the database, because opening and closing that file would drop SQLite's locks on it. The
kernel releases the lock when the holder ends, even if it crashes.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from ..errors import InstanceBusy

#: Seconds between two attempts to take the lock.
POLL_SECONDS = 0.05
#: Seconds to allow a new holder for replacing its predecessor's record in the file.
WRITE_HOLDER_TIME = 0.1
_RECORD_BYTES = 64


class InstanceLock:
    """An exclusive lock on an instance folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(
        self, parent: int = 0, timeout: float = 0.0, on_wait: Callable[[], None] = lambda: None
    ) -> None:
        """Take the lock. Raises InstanceBusy with the holder, or OSError if the file cannot be written.

        A holder with the same `parent` (a process id; 0 for none) is a sibling that is about to end, such as
        gunicorn's old worker during a reload. Wait up to `timeout` seconds for it, calling `on_wait` before
        every further attempt.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._wait(descriptor, parent, timeout, on_wait)
            _write_holder(descriptor, parent)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def _wait(self, descriptor: int, parent: int, timeout: float, on_wait: Callable[[], None]) -> None:
        started = time.monotonic()
        while not _try_lock(descriptor):
            holder = _holder(self._path)
            is_sibling = parent != 0 and holder.get("parent") == parent
            if time.monotonic() - started > (timeout if is_sibling else WRITE_HOLDER_TIME):
                raise InstanceBusy(
                    f"{self._path.parent} is served by process {holder.get('pid', 'unknown')} already, and "
                    "presence lives in one process: stop that one, or give this one a folder of its own with "
                    "ROLLCALL_INSTANCE"
                )
            on_wait()
            time.sleep(POLL_SECONDS)

    def release(self) -> None:
        """Release the lock. Idempotent."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_holder(descriptor: int, parent: int) -> None:
    """Record this process as the holder, in one write of constant size, so that no reader sees half of it."""
    record = json.dumps({"pid": os.getpid(), "parent": parent}).ljust(_RECORD_BYTES)
    os.pwrite(descriptor, record.encode(), 0)


def _holder(path: Path) -> dict[str, int]:
    """Return the holder's record; empty if there is none yet."""
    try:
        holder = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return holder if isinstance(holder, dict) else {}
