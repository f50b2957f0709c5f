"""A client of the control API, which can start a server of its own. It needs the standard library only.

with Rollcall.start() as rollcall:
    rollcall.users.register("alice", nickname="Alice")
    application.configure(rollcall.url)
    ...
    assert rollcall.requests(path="/auth/get_user_token", userID="alice").count == 1

docs/control.md has the calls and what they answer.
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
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Self
from urllib.parse import quote, urlencode, urlsplit

#: Seconds until a server has to listen, and to answer.
_START, _ANSWER = 20.0, 30.0
#: Seconds until a server that was told to stop is killed.
_STOP = 20.0
_PR_SET_PDEATHSIG = 1
_JSON = {"Content-Type": "application/json"}
#: OpenIM's names of platforms; upper and lower case do not matter.
_PLATFORMS = {
    "ios": 1,
    "android": 2,
    "windows": 3,
    "osx": 4,
    "web": 5,
    "miniweb": 6,
    "linux": 7,
    "apad": 8,
    "ipad": 9,
    "admin": 10,
    "harmonyos": 11,
}
Answer = dict[str, Any]
#: Requests of the journal in one answer.
_PAGE = 1000


class RollcallError(Exception):
    """A call that the server refused, or a server that cannot be started or reached."""


class NoServer(RollcallError):
    """No server answers at the address."""


class _Own(threading.local):
    connection: http.client.HTTPConnection | None = None


class Requests:
    """The requests that match: rows of the journal, oldest first."""

    def __init__(self, rows: list[Answer], last: int) -> None:
        self._rows = rows
        #: The number of the newest request of all.
        self.last = last

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Answer]:
        return iter(self._rows)

    def __getitem__(self, index: int) -> Answer:
        return self._rows[index]

    def __repr__(self) -> str:
        return f"Requests({self._rows!r})"


class Users:
    """The users of a server. Each method raises RollcallError."""

    def __init__(self, server: Rollcall) -> None:
        self._server = server

    def register(
        self,
        user_id: str,
        *,
        nickname: str | None = None,
        face_url: str | None = None,
        ex: str | None = None,
    ) -> Answer:
        """Register a user, or change the given fields of one who is registered; return the user."""
        fields = {"nickname": nickname, "faceURL": face_url, "ex": ex}
        return self._server.call("PUT", _user(user_id), _given(fields))

    def get(self, user_id: str) -> Answer:
        """Return a user."""
        return self._server.call("GET", _user(user_id))

    def delete(self, user_id: str) -> None:
        """Delete a user."""
        self._server.call("DELETE", _user(user_id))

    def list(self, text: str = "", *, online: bool | None = None) -> Iterator[Answer]:
        """Yield the users whose id or nickname has a text, in order of registration."""
        after = 0
        while after is not None:
            query = {"q": text, "after": after, **({} if online is None else {"online": str(online).lower()})}
            page = self._server.call("GET", f"/users?{urlencode(query)}")
            yield from page["users"]
            after = page["next"]

    def block(self, user_id: str, seconds: int) -> None:
        """Block a user for some seconds."""
        self._server.call("PUT", f"{_user(user_id)}/block", {"for": seconds})

    def unblock(self, user_id: str) -> None:
        """Lift a user's block."""
        self._server.call("DELETE", f"{_user(user_id)}/block")


class Clock:
    """The clock of a server. Each method returns `now`, `offset` and `frozen`, and raises RollcallError."""

    def __init__(self, server: Rollcall) -> None:
        self._server = server

    def get(self) -> Answer:
        """Return the time, and how it differs from the machine's."""
        return self._server.call("GET", "/clock")

    def advance(self, seconds: float) -> Answer:
        """Move on by some seconds; what becomes due happens before it returns."""
        return self._server.call("PUT", "/clock", {"advance": seconds})

    def set(self, now: str) -> Answer:
        """Set the time, as RFC 3339 has it."""
        return self._server.call("PUT", "/clock", {"now": now})

    def freeze(self, frozen: bool = True) -> Answer:
        """Let the clock stand still, or go on."""
        return self._server.call("PUT", "/clock", {"frozen": frozen})

    def restore(self) -> Answer:
        """Set wall time back to the machine's."""
        return self._server.call("PUT", "/clock", {"offset": 0})


class Rollcall:
    """A running Rollcall server. Each thread that uses it has a connection of its own."""

    def __init__(self, url: str, key: str | None = None) -> None:
        """`url` is the server's base address, `key` its ROLLCALL_CONTROL_KEY if it has one."""
        self.url = url.rstrip("/")
        try:
            self._parts = urlsplit(self.url)
            is_valid = self._parts.scheme in ("http", "https") and self._parts.port != 0
        except ValueError:
            is_valid = False
        if not is_valid or not self._parts.hostname:
            raise RollcallError(f"{url!r} is no address like http://127.0.0.1:10002")
        if key is not None and not (key.isascii() and key.isprintable()):
            raise RollcallError("the control key has to be printable ASCII on one line")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._own = _Own()
        self.users = Users(self)
        self.clock = Clock(self)

    @classmethod
    @contextlib.contextmanager
    def start(cls, **settings: object) -> Iterator[Self]:
        """Run a server of its own on a free port, in a temporary folder, until the end of the block.

        `settings` are those of the README in lower case, without `rollcall_`; those in the environment do not
        apply. The server also ends with the process that started it. Raises RollcallError.
        """
        with tempfile.TemporaryDirectory(prefix="rollcall-") as folder:
            log = Path(folder, "log")
            environ = {name: value for name, value in os.environ.items() if not name.startswith("ROLLCALL_")}
            environ |= {f"ROLLCALL_{name.upper()}": str(value) for name, value in settings.items()}
            # Without the folder of the tests, whose modules could take the place of the server's.
            command = [sys.executable, "-P", "-m", "rollcall_server", "serve", "--port", "0"]
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
                url = _address(process, log) + environ.get("ROLLCALL_PATH_PREFIX", "")
                with cls(url, environ.get("ROLLCALL_CONTROL_KEY")) as server:
                    yield server
            finally:
                _end(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def status(self) -> Answer:
        """Return what the server is and holds. Raises RollcallError."""
        return self.call("GET", "/status")

    def reset(self, *, seed: bool = True) -> Answer:
        """Return to the state after a first start, with the configured seed unless told not to."""
        return self.call("POST", "/reset", {"seed": seed})

    def seed(self, document: Mapping[str, Any]) -> Answer:
        """Make the users match a seed; return their number and the tokens issued. Raises RollcallError."""
        return self.call("POST", "/seed", document)

    def token(self, user_id: str, *, platform: str | int = "iOS", **wanted: Any) -> str:
        """Issue a token for a user; no secret is needed. Raises RollcallError.

        `platform` is OpenIM's name or number. Of `wanted`: `dialect` (`openim_v3`), `generation`, `app`,
        `expires_in` (seconds; 0 or less give a token that is expired already), `kick`.
        """
        body = {"platformID": platform_id(platform), "expiresIn": wanted.pop("expires_in", None), **wanted}
        return str(self.call("POST", f"{_user(user_id)}/tokens", _given(body))["token"])

    def cancel_tokens(
        self, user_id: str, *, platform: str | int | None = None, dialect: str | None = None
    ) -> int:
        """Cancel a user's tokens; return how many. Raises RollcallError."""
        query = urlencode(_tokens(platform, dialect))
        return int(self.call("DELETE", f"{_user(user_id)}/tokens?{query}")["tokens"])

    def expire_tokens(
        self, user_id: str, *, platform: str | int | None = None, dialect: str | None = None
    ) -> int:
        """Make a user's tokens answer as expired; return how many. Raises RollcallError."""
        body = _tokens(platform, dialect)
        return int(self.call("POST", f"{_user(user_id)}/tokens/expire", body)["tokens"])

    def online(
        self, user_id: str, *, platform: str | int = "iOS", ttl: int = 1800, connection_id: str = ""
    ) -> None:
        """Put a connection of a user online for `ttl` seconds. Raises RollcallError."""
        body = {"ttl": ttl, "connID": connection_id}
        self.call("PUT", f"{_user(user_id)}/presence/{platform_id(platform)}", body)

    def offline(self, user_id: str, *, platform: str | int = "iOS") -> None:
        """Take a user offline on a platform. Raises RollcallError."""
        self.call("DELETE", f"{_user(user_id)}/presence/{platform_id(platform)}")

    def requests(self, *, wait: float = 0.0, **filters: Any) -> Requests:
        """Return the requests of the journal that match. Raises RollcallError.

        `filters` are `path` (may hold `*`), `userID`, `dialect`, `outcome`, `status` and `after`, a number.
        With `wait`, waits up to so many seconds for `count` of them (by default one).
        """
        given = _given(filters)
        if wait:
            self.call("GET", f"/requests?{urlencode({**given, 'wait': wait})}", seconds=wait)
        given |= {"limit": _PAGE, "after": given.get("after", 0)}
        given.pop("count", None)
        rows: list[Answer] = []
        while True:
            page = self.call("GET", f"/requests?{urlencode(given)}")
            rows += page["requests"]
            if len(page["requests"]) < _PAGE:
                return Requests(rows, page["last"])
            given["after"] = rows[-1]["number"]

    def request(self, number: int) -> Answer:
        """Return all that is known of a request: heads, bodies, `why`, `curl`. Raises RollcallError."""
        return self.call("GET", f"/requests/{number}")

    def explain(self, token: str) -> Answer:
        """Return what a token is, whether it is good, and why not. Raises RollcallError."""
        return self.call("POST", "/explain", {"token": token})

    def close(self) -> None:
        """Close the thread's connection; the next call opens another."""
        if self._own.connection is not None:
            self._own.connection.close()
            self._own.connection = None

    def call(self, method: str, path: str, body: object = None, *, seconds: float = 0.0) -> Answer:
        """Make a call of the control API, which may take `seconds` longer. Raises RollcallError."""
        try:
            target = f"{self._parts.path}/_rollcall{path}"
            status, text = self._exchange(method, target, body, _ANSWER + seconds)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise NoServer(f"no Rollcall answers at {self.url}: {error!r}") from error
        try:
            answer: Answer = json.loads(text)
        except ValueError as error:
            raise RollcallError(f"{self.url} is not a Rollcall: {method} {path} answers {status}") from error
        if not isinstance(answer, dict):
            raise RollcallError(f"{self.url} is not a Rollcall: {method} {path} answers {status}")
        if status >= http.client.BAD_REQUEST:
            raise RollcallError(f"{method} {path}: {status} {answer.get('detail', answer)}")
        return answer

    def _exchange(self, method: str, target: str, body: object, seconds: float) -> tuple[int, bytes]:
        """Send a request on the kept connection, or on a new one if the server has closed it."""
        is_kept = self._own.connection is not None
        data = None if body is None else json.dumps(body).encode()
        try:
            if method == "POST" and self._is_stale():
                self.close()
            connection = self._connect()
            if connection.sock is not None:
                connection.sock.settimeout(seconds)
            connection.timeout = seconds
            headers = self._headers | (_JSON if data else {})
            connection.request(method, target, data, headers)
            response = connection.getresponse()
            return response.status, response.read()
        except (ConnectionError, http.client.RemoteDisconnected):
            self.close()
            if not is_kept or method == "POST":
                raise
            return self._exchange(method, target, body, seconds)

    def _is_stale(self) -> bool:
        """Return whether the server has closed the kept connection: then there is something to read."""
        connection = self._own.connection
        if connection is None or connection.sock is None:
            return False
        return bool(select.select([connection.sock], [], [], 0)[0])

    def _connect(self) -> http.client.HTTPConnection:
        if self._own.connection is None:
            kind = (
                http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
            )
            self._own.connection = kind(self._parts.netloc, timeout=_ANSWER)
        return self._own.connection


def platform_id(platform: str | int) -> int:
    """Return the number of a platform, by OpenIM's name. Raises RollcallError."""
    if isinstance(platform, int):
        return platform
    try:
        return _PLATFORMS[platform.lower()]
    except (KeyError, AttributeError):
        raise RollcallError(f"{platform!r} is none of the platforms {', '.join(_PLATFORMS)}") from None


def _user(user_id: str) -> str:
    if not user_id:
        raise RollcallError("a user id has to have 1 to 64 characters")
    return f"/users/{quote(user_id, safe='')}"


def _given(fields: Mapping[str, Any]) -> Answer:
    return {name: value for name, value in fields.items() if value is not None}


def _tokens(platform: str | int | None, dialect: str | None) -> Answer:
    number = None if platform is None else platform_id(platform)
    return _given({"platformID": number, "dialect": dialect})


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
