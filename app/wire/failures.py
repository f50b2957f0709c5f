"""What is answered when no call was reached, or one failed that should not: no HTML, no traceback."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from app.errors import InternalError, NoSuchCall, StartRefused
from app.services import Services
from app.wire import plain
from app.wire.dialect import Dialect
from app.wire.endpoint import ANSWERING, answer
from app.wire.incoming import Incoming


def register(app: Flask, dialects: Sequence[Dialect], services: Services) -> None:
    """Give `app` its answers to OPTIONS, to unknown paths and methods, and to faults of its own."""

    @app.errorhandler(HTTPException)
    def no_such_call(error: HTTPException) -> Response:
        return _no_such_call(dialects, Incoming(request.environ, services), error.code or 404)

    @app.errorhandler(StartRefused)
    def not_serving(error: StartRefused) -> Response:
        # Under gunicorn a start that is refused ends the server; others load first and ask later.
        app.logger.critical("%s", error)
        return Response(f"{error}\n", 503, content_type="text/plain; charset=utf-8")

    @app.errorhandler(Exception)
    def fault(error: Exception) -> Response:
        app.logger.error("a fault in answering %s %r", request.method, request.path, exc_info=error)
        dialect, call = request.environ.get(ANSWERING, (None, None))
        return dialect.failure(call, InternalError()) if dialect else plain.fault()


def _no_such_call(dialects: Sequence[Dialect], incoming: Incoming, status: int) -> Response:
    dialect_by_suffix = _by_suffix(dialects, incoming.path)
    # gin's OPTIONS is answered on every path, so no call is bound to it; RongCloud has none.
    if incoming.environ["REQUEST_METHOD"] == "OPTIONS" and dialect_by_suffix is None:
        return plain.options()
    for dialect in dialects:
        for prefix, variant in dialect.prefixes.items():
            if incoming.path.startswith(prefix + "/"):
                return _refuse(dialect, incoming, variant, status)
    return _refuse(dialect_by_suffix, incoming, "", status) if dialect_by_suffix else plain.not_found()


def _refuse(dialect: Dialect, incoming: Incoming, variant: str, status: int) -> Response:
    """Word a 404 or 405; where the dialect checks something before it looks at the path, it does so here."""
    if incoming.environ["REQUEST_METHOD"] == "POST":
        return answer(dialect, dialect.unknown, incoming, variant)
    return dialect.failure(dialect.open(incoming, dialect.unknown, variant), NoSuchCall(status))


def _by_suffix(dialects: Sequence[Dialect], path: str) -> Dialect | None:
    return next((dialect for dialect in dialects if path.endswith(dialect.suffixes or ("\0",))), None)
