"""The one deliberate short cut: POST requests to fixed paths of the dialects go past Flask's machinery.

A dialect's call needs the WSGI environment and nothing else, so its view is looked up by the whole path and
called at once. Flask's URL map stays the one list of paths; whatever is not in the table (another method, a
path with a variable part or a trailing slash, any other blueprint) goes through Flask. So does everything if
the application has hooks for requests of its own (`before_request`, `after_request` and the like).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Flask

from .blueprints import EnvironView
from .dispatch import Dispatcher
from .responses import Answer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class FastPath:
    """The WSGI application in front of Flask's."""

    def __init__(self, app: Flask, dispatcher: Dispatcher) -> None:
        self._app = app
        self._flask = app.wsgi_app
        self._dispatcher = dispatcher
        self._views: dict[str, Callable[[dict[str, Any]], Answer]] | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        self._dispatcher.take_base_path_off(environ)
        views = self._views
        if views is None:
            views = self._views = self._direct_views()
        view = views.get(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] == "POST" else None
        if view is None:
            return self._flask(environ, start_response)
        answer = view(environ)
        headers = [*answer.headers, ("Content-Length", str(len(answer.body)))]
        start_response(_STATUS_LINES.get(answer.status) or f"{answer.status} Unknown", headers)
        return (answer.body,)

    def _direct_views(self) -> dict[str, Callable[[dict[str, Any]], Answer]]:
        """Return what goes past Flask, as of the first request: nothing if there are hooks."""
        # Flask refuses further hooks from its first request on, and that may never reach it.
        self._app._got_first_request = True
        views = [
            (rule, view)
            for rule in self._app.url_map.iter_rules()
            if isinstance(view := self._app.view_functions[rule.endpoint], EnvironView)
        ]
        if self._has_hooks({rule.endpoint.partition(".")[0] for rule, _ in views}):
            return {}
        return {
            rule.rule: view.answer
            for rule, view in views
            if "POST" in (rule.methods or ()) and not rule.arguments
        }

    def _has_hooks(self, blueprints: set[str]) -> bool:
        app = self._app
        scopes: set[str | None] = {None, *blueprints}
        tables: tuple[dict[Any, Any], ...] = (
            app.before_request_funcs,
            app.after_request_funcs,
            app.teardown_request_funcs,
            app.url_value_preprocessors,
        )
        return bool(app.teardown_appcontext_funcs) or any(scopes & table.keys() for table in tables)
