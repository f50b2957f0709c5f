"""One process to an instance folder. The lock is a file of its own.

(Opening and closing the database file itself would drop SQLite's locks on it.) The kernel frees the lock
when its holder ends, however it ends.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from app.errors import InstanceBusy

#: Seconds between two attempts while a sibling is leaving.
POLL_SECONDS = 0.05
#: Seconds within which who holds the lock has written its name over its predecessor's.
WRITE_HOLDER_TIME = 0.1
_RECORD = 64


class InstanceLock:
    """Exclusive hold on an instance folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(
        self, parent: int = 0, timeout: float = 0.0, on_wait: Callable[[], None] = lambda: None
    ) -> None:
        """Take the lock, or say who has it.

        A holder with the same `parent` (a process id; 0 for none) is a sibling that is about to end, as
        gunicorn's old worker is on a reload: it gets `patience` seconds, while `waiting` is called now and
        then. Anybody else is refused. Raises InstanceBusy, or OSError if the file cannot be written.
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
        began = time.monotonic()
        while not _locked(descriptor):
            holder = _holder(self._path)
            is_sibling = parent != 0 and holder.get("parent") == parent
            if time.monotonic() - began > (timeout if is_sibling else WRITE_HOLDER_TIME):
                raise InstanceBusy(
                    f"{self._path.parent} is served by process {holder.get('pid', 'unknown')} already, and "
                    "presence lives in one process: stop that one, or give this one a folder of its own with "
                    "ROLLCALL_INSTANCE"
                )
            on_wait()
            time.sleep(POLL_SECONDS)

    def release(self) -> None:
        """Let go. Releasing twice is once."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_holder(descriptor: int, parent: int) -> None:
    """Write who holds the lock: in one piece of constant size, so that nobody reads half a name."""
    record = json.dumps({"pid": os.getpid(), "parent": parent}).ljust(_RECORD)
    os.pwrite(descriptor, record.encode(), 0)


def _holder(path: Path) -> dict[str, int]:
    """Return what the holder wrote of itself; nothing if it has not yet written."""
    try:
        holder = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return holder if isinstance(holder, dict) else {}
