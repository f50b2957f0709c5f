"""The process itself: start time, memory, pauses of the garbage collector."""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rollcall_server.clock import Clock
from rollcall_server.domain.presence import Presence

from benchmarks.crowd import USERS, resident, worker_of
from benchmarks.servers import ROOT, serving

ROUNDS = 5


def measure() -> str:
    """Return the figures as a table in Markdown."""
    starts, sizes = [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as name:
            begun = time.perf_counter()
            with serving("wsgi:app", Path(name), ROLLCALL_INSTANCE=f"{name}/instance"):
                starts.append(time.perf_counter() - begun)
                sizes.append(resident(worker_of(Path(name) / "wsgi-app.log")))
    rows = [
        ("start to first answer", f"{statistics.median(starts):.2f} s", "0.6 s"),
        ("import of wsgi", f"{statistics.median(_import() for _ in range(ROUNDS)):.2f} s", "0.25 s"),
        ("idle memory of the worker", f"{statistics.median(sizes) / 1e6:.0f} MB", "60 MB"),
        ("longest garbage collection, 1,000,000 users coming online", f"{_pause() * 1000:.0f} ms", "50 ms"),
    ]
    lines = ["| process | | target |", "|---|---|---|", *(f"| {a} | {b} | {c} |" for a, b, c in rows)]
    return "\n".join(lines)


def _import() -> float:
    code = "import time; begun = time.perf_counter(); import wsgi; print(time.perf_counter() - begun)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout)


def _pause() -> float:
    presence = Presence(Clock(), history=50_000)
    gc.collect()
    presence.show_to_collector()
    gc.freeze()
    pauses = [0.0]
    begun = 0.0

    def record(phase: str, info: dict[str, int]) -> None:
        nonlocal begun
        if phase == "start":
            begun = time.perf_counter()
        else:
            pauses.append(time.perf_counter() - begun)

    gc.callbacks.append(record)
    for number in range(USERS):
        presence.touch(f"user{number:07d}", 1 + number % 5, 3600)
    gc.collect()
    gc.callbacks.remove(record)
    return max(pauses)
