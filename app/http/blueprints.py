"""Bind the dialects' endpoints to URLs, with a blueprint for each group (`auth`, `user` ...)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from flask import Blueprint, Flask, Response, request

from ..errors import DefaultSecretsInUse, ServiceUnavailable, StartupError
from ..services import Services
from . import responses
from .detect import Candidate
from .dispatch import Dispatcher, ensure_started, keep_local, not_serving


def dialect_blueprints(dispatcher: Dispatcher) -> Iterable[Blueprint]:
    """Return a blueprint for each group; a path that several dialects share is bound once."""
    made: dict[str, Blueprint] = {}
    for path, candidates in dispatcher.candidates.items():
        endpoint = candidates[0].endpoint
        blueprint = made.setdefault(endpoint.group, Blueprint(endpoint.group, __name__))
        blueprint.add_url_rule(
            path,
            # Flask forbids dots in the names of a blueprint's endpoints.
            endpoint=path.replace(".", "_"),
            view_func=_view(dispatcher, candidates),
            methods=[endpoint.method],
            provide_automatic_options=False,
            strict_slashes=False,
        )
    return made.values()


def _view(dispatcher: Dispatcher, candidates: Sequence[Candidate]) -> Callable[..., Response]:
    def view(**path_parts: str) -> Response:
        return dispatcher.handle(request.environ, candidates).to_response()

    return view


def register_guarded(app: Flask, blueprint: Blueprint, services: Services) -> None:
    """Register a blueprint outside the dialects, with their check for local requests and start on demand."""

    @blueprint.before_request
    def guard() -> Response | None:
        try:
            keep_local(request.environ, services)
            ensure_started(request.environ, services)
        except DefaultSecretsInUse as error:
            return responses.plain(f"{error}\n", 403).to_response()
        except ServiceUnavailable as error:
            return responses.plain(f"{error}\n", 503).to_response()
        except StartupError as error:
            return not_serving(error).to_response()
        return None

    app.register_blueprint(blueprint)
