"""The instance lock: one holder, siblings wait, the kernel releases it."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rollcall_server.errors import InstanceBusy
from rollcall_server.storage.lock import InstanceLock

HOLD = """
import sys, pathlib
from rollcall_server.storage.lock import InstanceLock
lock = InstanceLock(pathlib.Path(sys.argv[1]))
lock.acquire(int(sys.argv[2]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rollcall.lock"


def hold(path: Path, parent: int = 0) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), str(parent)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate(timeout=10)


def test_a_second_process_is_refused_with_the_holders_pid(path: Path) -> None:
    holder = hold(path)
    try:
        with pytest.raises(InstanceBusy) as refusal:
            InstanceLock(path).acquire(timeout=10)
        assert str(refusal.value) == (
            f"{path.parent} is served by process {holder.pid} already, and presence lives in one process: "
            "stop that one, or give this one a folder of its own with ROLLCALL_INSTANCE"
        )
    finally:
        kill(holder)


def test_a_process_with_another_parent_is_not_a_sibling(path: Path) -> None:
    holder = hold(path, parent=1)
    try:
        with pytest.raises(InstanceBusy):
            InstanceLock(path).acquire(parent=2, timeout=10)
    finally:
        kill(holder)


def test_a_sibling_waits_until_the_holder_ends(path: Path) -> None:
    holder = hold(path, parent=os.getpid())
    waits: list[int] = []

    def on_wait() -> None:
        waits.append(1)
        if len(waits) == 3:
            kill(holder)

    lock = InstanceLock(path)
    lock.acquire(os.getpid(), 10, on_wait)
    lock.release()
    assert len(waits) >= 3


def test_a_waiting_sibling_times_out(path: Path) -> None:
    holder = hold(path, parent=os.getpid())
    try:
        with pytest.raises(InstanceBusy):
            InstanceLock(path).acquire(parent=os.getpid(), timeout=0.1)
    finally:
        kill(holder)


def test_the_lock_of_a_killed_process_is_free(path: Path) -> None:
    kill(hold(path))
    lock = InstanceLock(path)
    lock.acquire()
    lock.release()
    lock.release()
    lock.acquire()
    lock.release()


def test_a_sibling_waits_while_the_file_still_names_an_earlier_holder(path: Path) -> None:
    """A new holder has the lock shortly before its record is in the file."""
    holder = hold(path, parent=os.getpid())
    record = path.read_bytes()
    path.write_bytes(json.dumps({"pid": 1, "parent": 1}).ljust(64).encode())
    waits: list[int] = []

    def on_wait() -> None:
        waits.append(1)
        if len(waits) == 1:
            path.write_bytes(record)
        if len(waits) == 5:
            kill(holder)

    lock = InstanceLock(path)
    lock.acquire(os.getpid(), 10, on_wait)
    lock.release()
    assert len(waits) >= 5


def test_a_lock_whose_holder_cannot_be_recorded_is_released(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(OSError, match="No space left on device"):
            InstanceLock(path).acquire()
    lock = InstanceLock(path)
    lock.acquire()
    lock.release()


def test_a_lock_without_a_recorded_holder_is_still_held(path: Path) -> None:
    holder = hold(path)
    try:
        path.write_bytes(b"")
        with pytest.raises(InstanceBusy, match="is served by process unknown"):
            InstanceLock(path).acquire(parent=1, timeout=10)
    finally:
        kill(holder)
