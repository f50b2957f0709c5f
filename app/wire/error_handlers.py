"""What is answered when no call was reached, or one failed that should not: no HTML, no traceback."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, InternalServerError

from app.errors import InternalError, NoSuchCall, NoSuchMethod, NoSuchPath, StartupError
from app.services import Services
from app.wire import responses
from app.wire.dialect import Dialect, Endpoint
from app.wire.endpoint import IN_PROGRESS
from app.wire.request import Request


def register(app: Flask, dialects: Sequence[Dialect], services: Services) -> None:
    """Give `app` its answers to OPTIONS, to unknown paths and methods, and to faults of its own."""

    @app.errorhandler(HTTPException)
    def no_such_call(error: HTTPException) -> Response:
        refusal = NoSuchMethod() if error.code == HTTPStatus.METHOD_NOT_ALLOWED else NoSuchPath()
        return _no_such_call(dialects, Request(request.environ, services), refusal)

    @app.errorhandler(StartupError)
    def not_serving(error: StartupError) -> Response:
        # Under gunicorn a start that is refused ends the server; others load first and ask later.
        app.logger.critical("%s", error)
        return Response(f"{error}\n", 503, content_type="text/plain; charset=utf-8")

    @app.errorhandler(Exception)
    def fault(error: Exception) -> Response:
        app.logger.error(
            "a fault in answering %s %r",
            request.method,
            Request(request.environ, services).loggable_path,
            exc_info=error,
        )
        dialect, context = request.environ.get(IN_PROGRESS, (None, None))
        return dialect.render_error(context, InternalError()) if dialect else responses.fault()

    @app.errorhandler(InternalServerError)
    def fault_in_a_fault(error: InternalServerError) -> Response:
        # One of the functions above failed in its turn; Flask has logged how.
        return responses.fault()


def _no_such_call(dialects: Sequence[Dialect], http_request: Request, error: NoSuchCall) -> Response:
    dialect_by_suffix = _by_suffix(dialects, http_request.path)
    # gin's OPTIONS is answered on every path, so no call is bound to it; RongCloud has none.
    if http_request.environ["REQUEST_METHOD"] == "OPTIONS" and dialect_by_suffix is None:
        return responses.options()
    for dialect in dialects:
        for prefix, variant in dialect.prefixes.items():
            if http_request.path.startswith(prefix + "/"):
                return dialect.render_error(dialect.make_context(http_request, _NOWHERE, variant), error)
    if dialect_by_suffix is None:
        return responses.not_found()
    return dialect_by_suffix.render_error(dialect_by_suffix.make_context(http_request, _NOWHERE, ""), error)


_NOWHERE = Endpoint("", "", lambda context, request: None, None, None, frozenset(), {})


def _by_suffix(dialects: Sequence[Dialect], path: str) -> Dialect | None:
    return next((dialect for dialect in dialects if path.endswith(dialect.suffixes or ("\0",))), None)
