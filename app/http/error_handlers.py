"""Flask's error handlers, for requests that match no call and for exceptions outside of the dialects."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from ..errors import NoSuchCall
from . import responses
from .dispatch import Dispatcher, no_such_call

Refuse = Callable[[NoSuchCall], Response]


def register(app: Flask, dispatcher: Dispatcher, others: Mapping[str, Refuse]) -> None:
    """Register handlers of unknown paths, wrong methods and exceptions; none sends HTML or a traceback.

    `others` answer what no dialect does, by the first part of the path.
    """

    @app.errorhandler(HTTPException)
    def unknown(error: HTTPException) -> Response:
        refusal = no_such_call(error.code or 404)
        refuse = others.get("/" + request.path.split("/")[1])
        return refuse(refusal) if refuse else dispatcher.refuse(request.environ, refusal).to_response()

    @app.errorhandler(Exception)
    def fault(error: Exception) -> Response:
        app.logger.error("unexpected error in %s %a", request.method, request.path, exc_info=error)
        return responses.internal_error().to_response()
