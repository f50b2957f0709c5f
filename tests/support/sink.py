"""A real HTTP server on loopback that records requests and answers or fails as a test wants."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.server import PATIENCE

#: The answer of OpenIM's callback receivers on success.
FINE = b'{"actionCode":0,"errCode":0,"errMsg":"","errDlt":"","nextCode":0}'


@dataclass(frozen=True)
class Received:
    """One received request."""

    path: str
    headers: dict[str, str]
    """The names are in lower case."""
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


Answer = tuple[int, bytes]
Behaviour = Callable[[Received, socket.socket], Answer | None]
"""Return the answer; None if the behaviour used the connection itself, or to close it."""


def answering(body: bytes = FINE, status: int = 200) -> Behaviour:
    """Give every request the same answer."""
    return lambda received, connection: (status, body)


def garbled(received: Received, connection: socket.socket) -> None:
    """Send bytes that are not HTTP."""
    connection.sendall(b"\x00\xffwhat?\r\n\r\n")


def hung_up(received: Received, connection: socket.socket) -> None:
    """Close the connection without an answer."""


def trickling(received: Received, connection: socket.socket) -> None:
    """Send one byte every 0.1 s, and never a complete answer."""
    for _ in range(int(PATIENCE / 0.1)):
        connection.sendall(b"H")
        time.sleep(0.1)


def silent(received: Received, connection: socket.socket) -> None:
    """Send nothing until the client gives up."""
    connection.settimeout(PATIENCE)
    connection.recv(1)


class Sink:
    """The server. `behave` may be replaced at any time."""

    def __init__(self, port: int = 0) -> None:
        self.received: list[Received] = []
        self.behave: Behaviour = answering()
        self._changed = threading.Condition()
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                received = Received(self.path, headers, body)
                behave = sink.behave
                with sink._changed:
                    sink.received.append(received)
                    sink._changed.notify_all()
                self.close_connection = True
                try:
                    answer = behave(received, self.connection)
                    if answer is not None:
                        self.send_response(answer[0])
                        self.send_header("Content-Length", str(len(answer[1])))
                        if 300 <= answer[0] < 400:
                            self.send_header("Location", "/elsewhere")
                        self.end_headers()
                        self.wfile.write(answer[1])
                except OSError:
                    pass  # The client has given up.

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", port), Handler)
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the server; later connections are refused."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(PATIENCE)

    def wait_for(self, count: int) -> list[Received]:
        """Wait until `count` requests have come, and return all requests."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.received) >= count, PATIENCE), self.received
            return list(self.received)
