"""What is answered when no call was reached, or one failed that should not: no HTML, no traceback."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, InternalServerError

from app.errors import InternalError, NoSuchCall, NoSuchMethod, NoSuchPath, StartRefused
from app.services import Services
from app.wire import plain
from app.wire.dialect import Dialect, Endpoint
from app.wire.endpoint import ANSWERING
from app.wire.incoming import Incoming


def register(app: Flask, dialects: Sequence[Dialect], services: Services) -> None:
    """Give `app` its answers to OPTIONS, to unknown paths and methods, and to faults of its own."""

    @app.errorhandler(HTTPException)
    def no_such_call(error: HTTPException) -> Response:
        refusal = NoSuchMethod() if error.code == HTTPStatus.METHOD_NOT_ALLOWED else NoSuchPath()
        return _no_such_call(dialects, Incoming(request.environ, services), refusal)

    @app.errorhandler(StartRefused)
    def not_serving(error: StartRefused) -> Response:
        # Under gunicorn a start that is refused ends the server; others load first and ask later.
        app.logger.critical("%s", error)
        return Response(f"{error}\n", 503, content_type="text/plain; charset=utf-8")

    @app.errorhandler(Exception)
    def fault(error: Exception) -> Response:
        app.logger.error(
            "a fault in answering %s %r",
            request.method,
            Incoming(request.environ, services).shown_path,
            exc_info=error,
        )
        dialect, call = request.environ.get(ANSWERING, (None, None))
        return dialect.failure(call, InternalError()) if dialect else plain.fault()

    @app.errorhandler(InternalServerError)
    def fault_in_a_fault(error: InternalServerError) -> Response:
        # One of the functions above failed in its turn; Flask has logged how.
        return plain.fault()


def _no_such_call(dialects: Sequence[Dialect], incoming: Incoming, error: NoSuchCall) -> Response:
    dialect_by_suffix = _by_suffix(dialects, incoming.path)
    # gin's OPTIONS is answered on every path, so no call is bound to it; RongCloud has none.
    if incoming.environ["REQUEST_METHOD"] == "OPTIONS" and dialect_by_suffix is None:
        return plain.options()
    for dialect in dialects:
        for prefix, variant in dialect.prefixes.items():
            if incoming.path.startswith(prefix + "/"):
                return dialect.failure(dialect.open(incoming, _NOWHERE, variant), error)
    if dialect_by_suffix is None:
        return plain.not_found()
    return dialect_by_suffix.failure(dialect_by_suffix.open(incoming, _NOWHERE, ""), error)


_NOWHERE = Endpoint("", "", lambda call, request: None, None, None, frozenset(), {})


def _by_suffix(dialects: Sequence[Dialect], path: str) -> Dialect | None:
    return next((dialect for dialect in dialects if path.endswith(dialect.suffixes or ("\0",))), None)
