"""Five hundred slow clients of one kind hold connections while a regular client sends requests.

Measured bare and behind the nginx of `deploy/`, for the gunicorn releases of the interpreters named on the
command line: `python -m benchmarks.slow python3 ...`.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import itertools
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.servers import ROOT

CLIENTS = 500
SECONDS = 6.0
PATIENCE = 10.0
BODY = json.dumps({"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "1"}).encode()
_HEAD = b"POST /auth/user_token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n" % len(BODY)
#: What each kind sends at first; `a byte a second` then goes on with that.
KINDS = {
    "silent": b"",
    "half a head": _HEAD[:40],
    "stalled body": _HEAD + b"\r\n" + BODY[:10],
    "a byte a second": _HEAD + b"\r\n" + BODY[:10],
    "do not close": _HEAD + b"Connection: close\r\n\r\n" + BODY,
}


class Crowd:
    """Slow clients of one kind."""

    def __init__(self, port: int, kind: str) -> None:
        self._port, self._kind = port, kind
        self._sockets: list[socket.socket] = []
        self._going = True

    def __enter__(self) -> Crowd:
        for _ in range(CLIENTS):
            with contextlib.suppress(OSError):
                one = socket.create_connection(("127.0.0.1", self._port), 2)
                one.settimeout(1)
                one.sendall(KINDS[self._kind])
                self._sockets.append(one)
        if self._kind == "a byte a second":
            threading.Thread(target=self._trickle, daemon=True).start()
        return self

    def _trickle(self) -> None:
        while self._going:
            for one in self._sockets:
                with contextlib.suppress(OSError):
                    one.send(b"x")
            time.sleep(1)

    def __exit__(self, *unused: object) -> None:
        self._going = False
        for one in self._sockets:
            one.close()


def regular(port: int) -> tuple[list[float], int]:
    """Request tokens for SECONDS; return the duration of each answer, and the number of failures."""
    times, failed, end = [], 0, time.monotonic() + SECONDS
    while time.monotonic() < end:
        begun = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("POST", "/auth/user_token", BODY)
            answer = json.loads(connection.getresponse().read())
            assert answer["errCode"] == 0
            times.append(time.perf_counter() - begun)
        except (OSError, http.client.HTTPException, ValueError):
            failed += 1
        finally:
            connection.close()
        time.sleep(0.01)
    return times, failed


@contextlib.contextmanager
def rollcall(python: str, worker: str, folder: Path) -> Iterator[tuple[int, Path]]:
    """Serve Rollcall with an interpreter's gunicorn and a worker class; yield its port and its log."""
    log = folder / "log"
    environ = {
        **os.environ,
        "ROLLCALL_BIND": "127.0.0.1:0",
        "ROLLCALL_INSTANCE": str(folder / "instance"),
        "ROLLCALL_ALLOW_DOCUMENTED_SECRETS": "1",
        "ROLLCALL_TRUSTED_PROXIES": "1",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [python, "-m", "gunicorn", "-k", worker, "wsgi:app"],
            cwd=ROOT,
            env=environ,
            stdout=output,
            stderr=output,
        )
    try:
        found = _wait_for(log, r"(?s)Listening at: http://127.0.0.1:(\d+).*Rollcall speaks", process)
        yield int(found), log
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()


def _wait_for(log: Path, pattern: str, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        found = re.findall(pattern, log.read_text())
        if found:
            return str(found[-1])
        time.sleep(0.05)
    raise SystemExit(f"the server did not start:\n{log.read_text()}")


@contextlib.contextmanager
def nginx(port: int, folder: Path) -> Iterator[int]:
    """Start the nginx of `deploy/` in front of `port`; yield its own port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        own: int = free.getsockname()[1]
    site = (ROOT / "deploy" / "nginx.conf").read_text()
    site = site.replace("127.0.0.1:10002", f"127.0.0.1:{port}").replace(
        "listen 8080", f"listen 127.0.0.1:{own}"
    )
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;\n"
        "events { worker_connections 4096; }\n"
        f"http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n"
        f"fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n"
        f"include {folder}/site.conf; }}\n"
    )
    process = subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)])
    try:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", own), 1):
                break
        yield own
    finally:
        process.terminate()
        process.wait(10)


def measure(python: str, worker: str, kind: str, behind_nginx: bool) -> str:
    """Return a table row: the regular client's results, and whether the worker survived."""
    with tempfile.TemporaryDirectory() as name, rollcall(python, worker, Path(name)) as (port, log):
        with contextlib.ExitStack() as stack:
            front = stack.enter_context(nginx(port, Path(name))) if behind_nginx else port
            stack.enter_context(Crowd(front, kind))
            time.sleep(0.5)
            times, failed = regular(front)
        workers = len(re.findall("Booting worker", log.read_text()))
    if len(times) < 2:
        results = f"- | - | {len(times)} | {failed}"
    else:
        p99 = statistics.quantiles(times, n=100)[98]
        results = f"{statistics.median(times) * 1000:.1f} ms | {p99 * 1000:.1f} ms | {len(times)} | {failed}"
    return f"{results} | {'lives' if workers == 1 else 'was replaced'}"


def main() -> None:
    """Measure every kind with every interpreter and print a table in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.slow", description=__doc__)
    parser.add_argument("python", nargs="*", default=[sys.executable])
    parser.add_argument("--worker", default=["gthread"], nargs="*", help="gunicorn worker classes")
    parser.add_argument("--bare", action="store_true", help="leave nginx out")
    options = parser.parse_args()
    print("| gunicorn | workers | served | slow clients | median | p99 | answered | not answered | worker |")
    print("|---|---|---|---|---|---|---|---|---|")
    for python in options.python:
        command = [python, "-c", "import gunicorn; print(gunicorn.__version__)"]
        version = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        fronts = (False,) if options.bare or shutil.which("nginx") is None else (False, True)
        for worker, behind, kind in itertools.product(options.worker, fronts, KINDS):
            row = measure(python, worker, kind, behind)
            served = "nginx" if behind else "bare"
            print(f"| {version} | {worker} | {served} | {kind} | {row} |", flush=True)


if __name__ == "__main__":
    main()
