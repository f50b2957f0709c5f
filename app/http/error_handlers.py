"""Flask's error handlers, for requests that match no call and for exceptions outside of the dialects."""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from . import responses
from .dispatch import Dispatcher, no_such_call


def register(app: Flask, dispatcher: Dispatcher) -> None:
    """Register handlers of unknown paths, wrong methods and exceptions; none sends HTML or a traceback."""

    @app.errorhandler(HTTPException)
    def unknown(error: HTTPException) -> Response:
        return dispatcher.refuse(request.environ, no_such_call(error.code or 404)).to_response()

    @app.errorhandler(Exception)
    def fault(error: Exception) -> Response:
        app.logger.error("unexpected error in %s %a", request.method, request.path, exc_info=error)
        return responses.internal_error().to_response()
