"""A client of the control API, which can start a server of its own. It needs the standard library only.

with Rollcall.start() as rollcall:
    application.configure(rollcall.url)
    ...
    rollcall.reset()
"""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Self
from urllib.parse import urlsplit

#: Seconds until a server has to listen, and to answer.
_START, _ANSWER = 20.0, 30.0
#: Seconds until a server that was told to stop is killed.
_STOP = 20.0
_PR_SET_PDEATHSIG = 1


class RollcallError(Exception):
    """A call that the server refused, or a server that cannot be started or reached."""


class NoServer(RollcallError):
    """No server answers at the address."""


class Rollcall:
    """A running Rollcall server. One thread at a time may use it."""

    def __init__(self, url: str, key: str | None = None) -> None:
        """`url` is the server's base address, `key` its ROLLCALL_CONTROL_KEY if it has one."""
        self.url = url.rstrip("/")
        self._parts = urlsplit(self.url)
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._connection: http.client.HTTPConnection | None = None

    @classmethod
    @contextlib.contextmanager
    def start(cls, **settings: str) -> Iterator[Self]:
        """Run a server of its own on a free port, in a temporary folder, until the end of the block.

        `settings` are those of the README in lower case, without `rollcall_`; those in the environment do not
        apply. The server also ends with the process that started it. Raises RollcallError.
        """
        with tempfile.TemporaryDirectory(prefix="rollcall-") as folder:
            log = Path(folder, "log")
            environ = {name: value for name, value in os.environ.items() if not name.startswith("ROLLCALL_")}
            environ |= {f"ROLLCALL_{name.upper()}": value for name, value in settings.items()}
            command = [sys.executable, "-m", "rollcall_server", "serve", "--port", "0"]
            command += ["--instance", str(Path(folder, "instance"))]
            with log.open("wb") as output:
                process = subprocess.Popen(
                    command,
                    env=environ,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=output,
                    preexec_fn=_ends_with_parent(),
                )
            try:
                with cls(_address(process, log)) as server:
                    yield server
            finally:
                _end(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def status(self) -> dict[str, Any]:
        """Return what the server is and holds: see the README. Raises RollcallError."""
        return self._call("GET", "/status")

    def reset(self) -> dict[str, Any]:
        """Return the server to the state after a first start. Raises RollcallError."""
        return self._call("POST", "/reset")

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _call(self, method: str, path: str) -> dict[str, Any]:
        try:
            status, text = self._exchange(method, f"{self._parts.path}/_rollcall{path}")
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise NoServer(f"no Rollcall answers at {self.url}: {error!r}") from error
        try:
            answer: dict[str, Any] = json.loads(text)
        except ValueError as error:
            raise RollcallError(f"{self.url} is not a Rollcall: {method} {path} answers {status}") from error
        if status >= http.client.BAD_REQUEST:
            raise RollcallError(f"{method} {path}: {status} {answer.get('detail', answer)}")
        return answer

    def _exchange(self, method: str, path: str) -> tuple[int, bytes]:
        """Send a request on the kept connection, or on a new one if the server has closed it."""
        is_kept = self._connection is not None
        try:
            connection = self._connect()
            connection.request(method, path, headers=self._headers)
            response = connection.getresponse()
            return response.status, response.read()
        except (ConnectionError, http.client.RemoteDisconnected):
            self.close()
            if not is_kept:
                raise
            return self._exchange(method, path)

    def _connect(self) -> http.client.HTTPConnection:
        if self._connection is None:
            kind = (
                http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
            )
            self._connection = kind(self._parts.netloc, timeout=_ANSWER)
        return self._connection


def _ends_with_parent() -> Any:
    """Return what a child process calls to end with this one, however that ends; None where it cannot be had.

    Linux ends the child with the thread that started it, so only the main thread can have it.
    """
    if not sys.platform.startswith("linux") or threading.current_thread() is not threading.main_thread():
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Return the address that a server prints when it listens. Raises RollcallError."""
    output: IO[bytes] | None = process.stdout
    assert output is not None, "it is a pipe"
    readable, _, _ = select.select([output], [], [], _START)
    line = output.readline().decode().strip() if readable else ""
    if not line:
        process.kill()
        process.wait()
        raise RollcallError(f"the server did not start:\n{log.read_text(errors='replace')}")
    return line


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
