"""Bind the calls of the control API to URLs below `/_rollcall`; every answer is JSON."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from contextlib import closing, nullcontext
from urllib.parse import parse_qsl

from flask import Blueprint, Response, request

from ..errors import (
    BodyInvalid,
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
from ..services import Services
from .access import Group, check
from .calls import CALLS, Call
from .problems import Problem, invalid, problem, success

PREFIX = "/_rollcall"
#: Characters of an unknown name that an error quotes.
_MAX_QUOTED = 64
_NO_SUCH: dict[type[NoSuchCall], str] = {
    NoSuchPath: "the control API has no such path",
    NoSuchMethod: "the control API has no such method on this path",
}
_log = logging.getLogger(__name__)


def blueprint(services: Services) -> Blueprint:
    """Return the blueprint of all calls."""
    made = Blueprint("control", __name__, url_prefix=PREFIX)
    for call in CALLS:
        made.add_url_rule(
            call.path,
            endpoint=f"{call.method} {call.path}",
            view_func=_view(services, call),
            methods=[call.method],
            provide_automatic_options=False,
        )
    return made


def refuse(services: Services, error: NoSuchCall) -> Response:
    """Answer a request to a path below the prefix that no call has."""

    def view(http_request: Request) -> object:
        raise type(error)(_NO_SUCH[type(error)])

    return _answer(services, Group.OPERATE, view).to_response()


def _view(services: Services, call: Call) -> Callable[[], Response]:
    def view(http_request: Request) -> object:
        _refuse_others(parse_qsl(http_request.query, keep_blank_values=True), call.query, "parameter")
        _refuse_others(_body(http_request), call.fields, "field")
        with nullcontext() if call.is_exclusive else services.gate:
            return call.view(http_request)

    return lambda: _answer(services, call.group, view).to_response()


def _refuse_others(pairs: Iterable[tuple[str, object]], known: Collection[str], kind: str) -> None:
    """Refuse names that are not known, as a misspelt one would have no effect. Raises Problem."""
    for name, _ in pairs:
        if name not in known:
            raise invalid(f"{name[:_MAX_QUOTED]!a} is not a {kind} of this call")


def _body(http_request: Request) -> Iterable[tuple[str, object]]:
    """Return the pairs of the body, which has to be a JSON object or empty. Raises BadRequest or Problem."""
    if not http_request.body:
        return ()
    decoded = http_request.json
    error = decoded.error or decoded.extra_data_error
    if error:
        raise BodyInvalid(f"the body is not JSON: {error}")
    if type(decoded.value) is not tuple:
        raise invalid("the body has to be a JSON object")
    return decoded.value


def _answer(services: Services, group: Group, view: Callable[[Request], object]) -> Answer:
    """Check the access, call a view, and render what it returns or raises."""
    with closing(Request(request.environ, services)) as http_request:
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
