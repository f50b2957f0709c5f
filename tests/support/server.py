"""A real gunicorn on a free port, and a plain HTTP client for it. Every wait has a timeout."""

from __future__ import annotations

import http.client
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
#: Timeout in seconds of every wait: for a start, a stop, an answer.
PATIENCE = 20.0


class Server:
    """`gunicorn wsgi:app`, run in the project's folder."""

    def __init__(self, instance: Path, log: Path, *arguments: str, **settings: str) -> None:
        self.instance = instance
        self.root = ROOT
        self._log = log
        self._arguments = arguments
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        #: The limit of open files; 0 leaves it as it is.
        self.max_files = 0

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the process without waiting for it."""
        environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ROLLCALL_", "GUNICORN_", "WEB_CONCURRENCY", "COVERAGE"))
        }
        environ |= {"ROLLCALL_INSTANCE": str(self.instance), "ROLLCALL_BIND": "127.0.0.1:0", **self._settings}
        command = [sys.executable, "-W", "error", "-m", "gunicorn", *self._arguments, "wsgi:app"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self.root, env=environ, stdout=log, stderr=log, preexec_fn=self._limit
            )
        return self._process

    def _limit(self) -> None:
        if self.max_files:
            resource.setrlimit(resource.RLIMIT_NOFILE, (self.max_files, self.max_files))

    def start(self) -> Server:
        """Start the process and wait until it serves."""
        seen = len(self.log)
        self.launch()
        self.wait_for(r"Rollcall speaks .* at http://[^:]+:(\d+)", seen)
        found = re.findall(r"Listening at: http://[^:]+:(\d+)", self.log[seen:])
        self.port = int(found[-1])
        return self

    @property
    def log(self) -> str:
        """The server's log output of all its starts."""
        return self._log.read_text() if self._log.exists() else ""

    @property
    def pid(self) -> int:
        """The master's process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def worker(self) -> int:
        """The process id of the newest worker."""
        return int(re.findall(r"Booting worker with pid: (\d+)", self.log)[-1])

    def wait_for(self, pattern: str, seen: int = 0) -> None:
        """Wait until the log matches `pattern` after its first `seen` characters."""
        deadline = time.monotonic() + PATIENCE
        while not re.search(pattern, self.log[seen:]):
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"no {pattern!r} in the log:\n{self.log}")
            time.sleep(0.02)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the master."""
        os.kill(self.pid, number)

    def exit_status(self, patience: float = PATIENCE) -> int:
        """Wait up to `patience` seconds for the process to end; return its exit status."""
        assert self._process is not None
        return self._process.wait(patience)

    def stop(self) -> int:
        """Send SIGTERM, wait, and return the exit status."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self.exit_status()

    def kill(self) -> None:
        """End master and worker with SIGKILL, like a power cut."""
        for pid in (self.pid, self.worker):
            os.kill(pid, signal.SIGKILL)
        self.exit_status()

    def post(
        self, path: str, body: Any = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Send one request on a new connection; return status and JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, _, answer = self.request("POST", path, data, headers or {})
        decoded: dict[str, Any] = json.loads(answer)
        return status, decoded

    def request(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Send one request on a new connection; return status, headers and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()
