"""Start gunicorn on a free port for a benchmark, and send requests to it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PATIENCE = 30.0


@contextmanager
def serving(application: str, folder: Path, **settings: str) -> Iterator[str]:
    """Serve `application` with the project's gunicorn.conf.py; yield its address."""
    environ = {**os.environ, "ROLLCALL_BIND": "127.0.0.1:0", **settings}
    with _running("gunicorn", application, folder, environ) as address:
        yield address


@contextmanager
def serving_asgi(application: str, folder: Path) -> Iterator[str]:
    """Serve `application` with uvicorn; yield its address."""
    with _running("uvicorn", application, folder, os.environ, "--port", "0", "--no-access-log") as address:
        yield address


@contextmanager
def _running(
    server: str, application: str, folder: Path, environ: Mapping[str, str], *options: str
) -> Iterator[str]:
    log = folder / f"{application.replace(':', '-')}.log"
    command = [sys.executable, "-m", server, application, *options]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environ, stdout=output, stderr=output, preexec_fn=_on_the_last_core
        )
    try:
        yield _address(process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


def _on_the_last_core() -> None:
    """Pin the server to the last core; the load generator has the others."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"(?:Listening at:|running on) (http://[\w.:]+)", log.read_text())
        if found and _answers(found[1]):
            return found[1]
        time.sleep(0.01)
    raise SystemExit(f"the server did not start:\n{log.read_text()}")


def _answers(address: str) -> bool:
    request = urllib.request.Request(address + "/", method="OPTIONS")
    try:
        urllib.request.urlopen(request, timeout=1).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def post(address: str, path: str, body: Any, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Send one request; return the JSON of its answer, which must be a success."""
    data = json.dumps(body).encode()
    request = urllib.request.Request(
        address + path, data, {"Content-Type": "application/json", **(headers or {})}
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        answer: dict[str, Any] = json.load(response)
    if answer.get("errCode", 0) != 0:
        raise SystemExit(f"{path} answers {answer}")
    return answer
