"""What a regular client gets while others misbehave: `python -m benchmarks.hostile`.

Attackers of one kind hold or flood connections for some seconds while a regular client sends requests at a
steady rate on one connection. Measured with Rollcall's worker, and with gunicorn's by `--worker gthread`.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import multiprocessing
import os
import re
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.servers import ROOT, post

RATE = 350
#: Requests of the regular client take this long at most; then it counts them as not served.
PATIENCE = 20.0
COUNTS = (8, 64, 200, 500)
V3 = {"operationID": "1"}
_BODY = json.dumps({"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "1"}).encode()
_START = b"POST /auth/user_token HTTP/1.1\r\nHost: 127.0.0.1\r\n"
_HEAD = _START + b"Content-Length: %d\r\n" % len(_BODY)


@dataclass(frozen=True)
class Kind:
    """How one kind of attacker behaves on each of its connections."""

    first: bytes = b""
    drip: bytes = b""
    """Sent twice a second after that."""
    reads: int = 65_536
    """Bytes that it reads twice a second; 0 for none."""
    drops: bool = False
    """Whether it closes each connection at once."""


def kinds(token: str) -> dict[str, Kind]:
    """Return the kinds of attackers; the slow readers ask for an answer of a mebibyte with a token."""
    body = b'{"userID":"reader"}'
    large = (
        b"POST /user/process_user_command_get_all HTTP/1.1\r\nHost: 127.0.0.1\r\noperationID: 1\r\n"
        b"token: %s\r\nContent-Length: %d\r\n\r\n%s" % (token.encode(), len(body), body)
    )
    return {
        "half a head": Kind(_HEAD[:40]),
        "dripped head": Kind(_HEAD[:40], drip=b"x"),
        "half a body": Kind(_HEAD + b"\r\n" + _BODY[:10]),
        "dripped body": Kind(_START + b"Content-Length: 60000\r\n\r\n", drip=b"x"),
        "dripped chunks": Kind(_START + b"Transfer-Encoding: chunked\r\n\r\n", drip=b"1\r\nx\r\n"),
        "silent": Kind(),
        "asks to close and stays": Kind(_HEAD + b"Connection: close\r\n\r\n" + _BODY, reads=0),
        "garbage and stays": Kind(b"\x16\x03\x01 garbage\r\n\r\n", reads=0),
        "reads slowly": Kind(large, reads=2048),
        "does not read": Kind(large, reads=0),
        "connects and drops": Kind(drops=True),
    }


def attack(port: int, behaviours: list[Kind], seconds: float) -> None:
    """Hold a connection for each behaviour, and open it again whenever the server closes it."""
    selector = selectors.DefaultSelector()
    end = time.monotonic() + seconds
    dripped = time.monotonic()
    held: dict[socket.socket, Kind] = {}

    def connect(kind: Kind) -> None:
        with contextlib.suppress(OSError):
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.settimeout(1)
            one.connect(("127.0.0.1", port))
            if kind.drops:
                one.close()
                return
            one.sendall(kind.first)
            one.setblocking(False)
            held[one] = kind
            if kind.reads > 4096:
                selector.register(one, selectors.EVENT_READ)

    def close(one: socket.socket) -> None:
        with contextlib.suppress(KeyError):
            selector.unregister(one)
        del held[one]
        one.close()

    def take(one: socket.socket, size: int) -> None:
        with contextlib.suppress(BlockingIOError):
            try:
                if not one.recv(size):
                    close(one)
            except (ConnectionError, TimeoutError):
                close(one)

    floods = [kind for kind in behaviours if kind.drops]
    wanted = [kind for kind in behaviours if not kind.drops]
    while time.monotonic() < end:
        missing = list(wanted)
        for kind in held.values():
            missing.remove(kind)
        for kind in [*missing, *floods]:
            connect(kind)
        for key, _ in selector.select(0.0 if floods else 0.05):
            take(key.fileobj, 65_536)  # type: ignore[arg-type]
        if time.monotonic() - dripped > 0.5:
            dripped = time.monotonic()
            for one, kind in list(held.items()):
                with contextlib.suppress(OSError):
                    one.send(kind.drip)
                if 0 < kind.reads <= 4096:
                    take(one, kind.reads)
    for one in list(held):
        one.close()


def regular(port: int, seconds: float) -> tuple[list[float], int]:
    """Send RATE requests a second on kept connections; return each wait, and how many were not answered."""
    waits, failed = [], 0
    begun = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    while (now := time.perf_counter()) < begun + seconds:
        due = begun + (len(waits) + failed) / RATE
        if due > now:
            time.sleep(due - now)
        sent = time.perf_counter()
        try:
            connection.request("POST", "/auth/user_token", _BODY)
            answer = json.loads(connection.getresponse().read())
            assert answer["errCode"] == 0
            waits.append(time.perf_counter() - sent)
        except (OSError, http.client.HTTPException, ValueError):
            failed += 1
            connection.close()
    connection.close()
    return waits, failed


@contextlib.contextmanager
def rollcall(worker: str, folder: Path) -> Iterator[tuple[int, Path]]:
    """Serve Rollcall with a worker class, the default if empty; yield its port and its log."""
    log = folder / "log"
    environ = {**os.environ, "ROLLCALL_BIND": "127.0.0.1:0", "ROLLCALL_INSTANCE": str(folder / "instance")}
    command = [sys.executable, "-m", "gunicorn", *(["-k", worker] if worker else []), "wsgi:app"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + PATIENCE
        found: list[str] = []
        while not found and time.monotonic() < deadline:
            time.sleep(0.05)
            found = re.findall(r"(?s)Listening at: http://127.0.0.1:(\d+).*Rollcall speaks", log.read_text())
        if not found:
            raise SystemExit(f"the server did not start:\n{log.read_text()}")
        yield int(found[0]), log
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()


def prepare(port: int) -> str:
    """Register a user with a mebibyte of commands; return a token of that user."""
    address = f"http://127.0.0.1:{port}"
    admin = {"secret": "openIM123", "userID": "imAdmin"}
    headers = {**V3, "token": post(address, "/auth/get_admin_token", admin, V3)["data"]["token"]}
    users = {"users": [{"userID": "reader", "nickname": "R"}]}
    post(address, "/user/user_register", users, headers)
    for number in range(16):
        command = {"userID": "reader", "type": 1, "uuid": str(number), "value": "x" * 65_000}
        post(address, "/user/process_user_command_add", command, headers)
    request = {"userID": "reader", "platformID": 1}
    token: str = post(address, "/auth/get_user_token", request, headers)["data"]["token"]
    return token


def memory(log: Path) -> float:
    """Return the worker's memory in megabytes; 0 if it was replaced or has ended."""
    pids = re.findall(r"Booting worker with pid: (\d+)", log.read_text())
    if len(pids) != 1:
        return 0
    try:
        return int(Path(f"/proc/{pids[0]}/statm").read_text().split()[1]) * 4096 / 1e6
    except OSError:
        return 0


def measure(worker: str, names: list[str], count: int, seconds: float) -> str:
    """Return a table row: what the regular client got, and the worker's memory."""
    with tempfile.TemporaryDirectory() as name, rollcall(worker, Path(name)) as (port, log):
        found = kinds(prepare(port))
        behaviours = [found[names[number % len(names)]] for number in range(count)] if names else []
        process = multiprocessing.Process(target=attack, args=(port, behaviours, seconds + 1.5))
        process.start()
        time.sleep(1.0)
        waits, failed = regular(port, seconds)
        size = memory(log)
        process.join(PATIENCE)
        process.kill()
    if len(waits) < 2:
        return f"{len(waits) / seconds:.0f} | - | - | - | {failed} | {size:.0f} MB"
    p99, worst = statistics.quantiles(waits, n=100)[98] * 1000, max(waits) * 1000
    middle = statistics.median(waits) * 1000
    rate = len(waits) / seconds
    return f"{rate:.0f} | {middle:.1f} ms | {p99:.0f} ms | {worst:.0f} ms | {failed} | {size:.0f} MB"


def main() -> None:
    """Measure every kind of attacker in every number and print a table in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile", description=__doc__)
    parser.add_argument("--worker", default="", help="a gunicorn worker class instead of Rollcall's")
    parser.add_argument("--count", type=int, nargs="*", default=COUNTS, help="numbers of attackers")
    parser.add_argument("--kind", nargs="*", help="kinds of attackers")
    parser.add_argument("--seconds", type=float, default=6.0)
    options = parser.parse_args()
    print("| attackers | number | served a second | median | p99 | longest | not served | memory |")
    print("|---|---|---|---|---|---|---|---|")
    print(f"| none | 0 | {measure(options.worker, [], 0, options.seconds)} |", flush=True)
    names = list(kinds(""))
    mixed = {"all kinds": names} if not options.kind else {}
    for kind in options.kind or names:
        mixed[kind] = [kind]
    for kind, parts in mixed.items():
        for count in options.count:
            row = measure(options.worker, parts, count, options.seconds)
            print(f"| {kind} | {count} | {row} |", flush=True)


if __name__ == "__main__":
    main()
