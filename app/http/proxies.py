"""Rollcall behind a proxy that forwards a path prefix."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Application = Callable[["WSGIEnvironment", "StartResponse"], Iterable[bytes]]


class PathPrefix:
    """WSGI middleware that serves only the paths below a prefix."""

    def __init__(self, application: Application, prefix: str) -> None:
        self._application = application
        self._prefix = prefix

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Strip the prefix; answer 404 to paths without it."""
        path = environ.get("PATH_INFO", "")
        if not path.startswith(self._prefix + "/"):
            headers = [("Content-Type", "text/plain"), ("Content-Length", "18")]
            start_response("404 Not Found", headers)
            return [b"404 page not found"]
        environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + self._prefix
        environ["PATH_INFO"] = path.removeprefix(self._prefix)
        return self._application(environ, start_response)
