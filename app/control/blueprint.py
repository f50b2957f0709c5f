"""Bind the calls of the control API to URLs below `/_rollcall`; every answer is JSON."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import closing, nullcontext
from typing import Any

from flask import Blueprint, Response, request

from ..devtools.devtools import DevTools
from ..errors import (
    DomainError,
    InternalError,
    NoSuchCall,
    NoSuchMethod,
    NoSuchPath,
    StartupError,
)
from ..http.dispatch import not_serving
from ..http.request import Request
from ..http.responses import Answer
from ..limits import MAX_BODY_BYTES
from ..services import Services
from .access import Group, check
from .call import Call, Context
from .calls import CALLS
from .problems import Problem, problem, success

PREFIX = "/_rollcall"
_NO_SUCH: dict[type[NoSuchCall], str] = {
    NoSuchPath: "the control API has no such path",
    NoSuchMethod: "the control API has no such method on this path",
}
_log = logging.getLogger(__name__)


def blueprint(services: Services, devtools: DevTools) -> Blueprint:
    """Return the blueprint of all calls."""
    made = Blueprint("control", __name__, url_prefix=PREFIX)
    for path, calls in _by_path().items():
        made.add_url_rule(
            path,
            endpoint=path,
            view_func=_view(services, devtools, calls),
            methods=list(calls),
            provide_automatic_options=False,
        )
    return made


def refuse(services: Services, error: NoSuchCall) -> Response:
    """Answer a request to a path below the prefix that no call has."""

    def view(http_request: Request) -> object:
        raise type(error)(_NO_SUCH[type(error)])

    return _answer(services, Group.OPERATE, view).to_response()


def _by_path() -> Mapping[str, Mapping[str, Call[Any]]]:
    """Return the calls by path and method."""
    found: dict[str, dict[str, Call[Any]]] = {}
    for call in CALLS:
        found.setdefault(call.path, {})[call.method] = call
    return found


def _view(services: Services, devtools: DevTools, calls: Mapping[str, Call[Any]]) -> Callable[..., Response]:
    def answer(**path: object) -> Response:
        # Flask answers HEAD as GET.
        call = calls["GET" if request.method == "HEAD" else request.method]

        def view(http_request: Request) -> object:
            bound = call.bind(http_request, path)
            with nullcontext() if call.waits else services.gate:
                try:
                    return call.view(Context(http_request, devtools), bound)
                finally:
                    services.revocations.settle(0)

        return _answer(services, call.group, view, call.max_body_bytes).to_response()

    return answer


def _answer(
    services: Services,
    group: Group,
    view: Callable[[Request], object],
    max_body_bytes: int = MAX_BODY_BYTES,
) -> Answer:
    """Check the access, call a view, and render what it returns or raises."""
    with closing(Request(request.environ, services, max_body_bytes)) as http_request:
        try:
            check(http_request, group)
            return success(view(http_request))
        except (DomainError, Problem) as error:
            return problem(error)
        except StartupError as error:
            return not_serving(error)
        except Exception:
            _log.exception("unexpected error in %s %a", http_request.method, http_request.loggable_path)
            return problem(InternalError("the log says more"))
