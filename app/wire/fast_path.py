"""The way past Flask's request machinery, for calls that do not use it.

A dialect's call needs the WSGI environment and nothing else, so its view is looked up by the whole path and
called at once. Flask's URL map stays the one list of paths; whatever is not in the table (another method, a
path with a variable part or a slash more) goes through Flask, and so does every failure, for its handlers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from werkzeug.routing import Rule

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class MatchOnlyRule(Rule):
    """A path that is only matched: compiling code that builds URLs of it would take most of the start."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        # Should Werkzeug no longer call it, the start takes a tenth of a second longer, and that is all.
        return _never_built


def _never_built(*values: object) -> tuple[str, str]:
    raise AssertionError("nobody asks for the URL of a call")


Serve = Callable[[dict[str, Any]], Response]


class View:
    """A view that can do without a Flask request."""

    def __init__(self, serve: Serve) -> None:
        self.serve = serve

    def __call__(self, **variable_parts: str) -> Response:
        """Answer Flask's request."""
        return self.serve(request.environ)


class FastPath:
    """The application with the shorter way in front."""

    def __init__(self, app: Flask) -> None:
        """Take the way of every POST whose path is fixed."""
        self._app = app
        self._through_flask = app.wsgi_app
        views = ((rule, app.view_functions[rule.endpoint]) for rule in app.url_map.iter_rules())
        self._table: dict[str, Serve] = {
            rule.rule: view.serve
            for rule, view in views
            if isinstance(view, View) and "POST" in (rule.methods or ()) and not rule.arguments
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        serve = self._table.get(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] == "POST" else None
        if serve is None:
            return self._through_flask(environ, start_response)
        try:
            response = serve(environ)
        except Exception as error:
            response = self._fail(environ, error)
        return response(environ, start_response)

    def _fail(self, environ: WSGIEnvironment, error: Exception) -> Response:
        with self._app.request_context(environ):
            try:
                return self._app.make_response(self._app.handle_user_exception(error))
            except Exception as failure:
                return self._app.handle_exception(failure)
