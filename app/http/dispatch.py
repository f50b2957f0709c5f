"""Dispatch all requests to dialects, and those to unknown paths.

In order: strip the base path, detect the dialect, refuse other machines while documented or short secrets are
configured, start the services if the server has not, run the dialect's steps, call every observer.

POST requests to fixed paths of the dialects deliberately bypass Flask's request machinery, because their
calls need only the WSGI environment. Flask's URL map also has these paths, and handles all other requests; it
handles every request if the application has request hooks of its own (`before_request`, `after_request` ...).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import (
    DefaultSecretsInUse,
    DomainError,
    InternalError,
    NoSuchCall,
    NoSuchMethod,
    NoSuchPath,
    StartupError,
)
from ..services import Services
from . import loopback, responses
from .detect import Candidate, choose
from .dialect import Dialect, Endpoint, EndpointInfo, RequestContext
from .error_rows import ErrorTable
from .request import SENT_PATH, Request
from .responses import Answer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from flask import Flask

_log = logging.getLogger(__name__)
_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}

AnyDialect = Dialect[RequestContext]
#: Key in the WSGI environment of the base path that was stripped.
_BASE = "rollcall.base"
#: Why a request is taken for one of its dialect.
_ONLY_ONE = "no other protocol has this path"
_SUFFIX = "the path ends as those of this protocol do"
#: The declaration of a path that no dialect has.
_NOWHERE = EndpointInfo("", "", "", object, None, frozenset(), ErrorTable())


class BasePath(NamedTuple):
    """A path prefix: the dialects whose paths may follow it, and the variant that it selects."""

    dialects: tuple[AnyDialect, ...]
    because: str
    """What it says of a request that begins with it."""
    variant: str = ""
    selected: AnyDialect | None = None
    """The dialect that answers below the prefix, even on paths that it does not have."""


@dataclass(slots=True)
class Exchange:
    """A request and its answer, as observers see them."""

    http_request: Request
    dialect: AnyDialect | None
    """None if the request has none."""
    endpoint: EndpointInfo
    context: RequestContext | None
    """None without a dialect."""
    error: Exception | None
    """Why it was refused."""
    answer: Answer
    """What is sent; an observer may replace it."""
    seconds: float

    @property
    def dialect_name(self) -> str:
        """The dialect's name; empty if the request has none."""
        return self.dialect.name if self.dialect else ""

    @property
    def outcome(self) -> str:
        """`ok`, or the name of the error."""
        return type(self.error).__name__ if self.error else "ok"


Observer = Callable[[Exchange], None]


class Dispatcher:
    """The WSGI application in front of Flask's, which calls the dialects."""

    def __init__(
        self,
        app: Flask,
        services: Services,
        dialects: Sequence[AnyDialect],
        observers: Sequence[Observer] = (),
    ) -> None:
        self._app, self._flask = app, app.wsgi_app
        self._services = services
        self._dialects = dialects
        self._observers = observers
        # Where nothing can be reset, no request pays for it.
        self._gate = services.gate if services.settings.is_bench_on() else nullcontext()
        self._base_paths = _base_paths(dialects)
        self._doubled_slash = BasePath(
            tuple(each for each in dialects if each.takes_double_slash),
            "the path begins with two slashes, as some clients of this protocol send it",
        )
        #: The dialects that have each path, with their endpoints.
        self.candidates: dict[str, list[Candidate]] = {}
        for dialect in dialects:
            for endpoint in dialect.endpoints:
                self.candidates.setdefault(endpoint.path, []).append(Candidate(dialect, endpoint))
        # The paths that bypass Flask; None before the first request.
        self._direct: Mapping[str, Sequence[Candidate]] | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        self._take_base_path_off(environ)
        if self._direct is None:
            self._direct = self._direct_paths()
        candidates = self._direct.get(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] == "POST" else None
        if candidates is None:
            return self._flask(environ, start_response)
        answer = self.handle(environ, candidates)
        headers = [*answer.headers, ("Content-Length", str(len(answer.body)))]
        start_response(_STATUS_LINES.get(answer.status) or f"{answer.status} Unknown", headers)
        return (answer.body,)

    def _direct_paths(self) -> Mapping[str, Sequence[Candidate]]:
        # Make Flask refuse further hooks from now on: it may never see this first request.
        self._app._got_first_request = True
        groups = {each.endpoint.group for found in self.candidates.values() for each in found}
        if _has_hooks(self._app, groups):
            return {}
        return {
            path: found
            for path, found in self.candidates.items()
            if found[0].endpoint.method == "POST" and "<" not in path
        }

    def _take_base_path_off(self, environ: dict[str, Any]) -> None:
        """Strip a base path (`/v3.8`, `/api`, a doubled slash) and record it in the environment."""
        sent: str = environ["PATH_INFO"]
        is_doubled = sent.startswith("//")
        path = sent[1:] if is_doubled else sent
        end = path.find("/", 1)
        base = self._base_paths.get(path[:end]) if end > 0 else None
        if base is not None:
            path = path[end:]
            is_doubled = is_doubled or path.startswith("//")
            path = path[1:] if path.startswith("//") else path
        if is_doubled:
            base = self._with_doubled_slash(base or self._doubled_slash)
        if base is not None:
            environ[SENT_PATH], environ[_BASE], environ["PATH_INFO"] = sent, base, path

    def _with_doubled_slash(self, base: BasePath) -> BasePath:
        dialects = tuple(each for each in base.dialects if each.takes_double_slash)
        return base._replace(dialects=dialects)

    def handle(self, environ: dict[str, Any], candidates: Sequence[Candidate]) -> Answer:
        """Answer a request to a path that these candidates have; never raises."""
        max_body_bytes = max(each.endpoint.max_body_bytes for each in candidates)
        with closing(Request(environ, self._services, max_body_bytes)) as http_request:
            try:
                return self._handle(http_request, candidates)
            except Exception:
                return _fault(http_request)

    def refuse(self, environ: dict[str, Any], error: NoSuchCall) -> Answer:
        """Answer a request that matches no call; never raises."""
        with closing(Request(environ, self._services)) as http_request:
            try:
                return self._refuse(http_request, error)
            except Exception:
                return _fault(http_request)

    def _handle(self, http_request: Request, candidates: Sequence[Candidate]) -> Answer:
        base: BasePath | None = http_request.environ.get(_BASE)
        if base is not None:
            candidates = [each for each in candidates if each.dialect in base.dialects]
            if not candidates:
                return self._refuse(http_request, NoSuchPath())
        if len(candidates) == 1:
            chosen = candidates[0]
            http_request.recognised_by = base.because if base and base.selected else _ONLY_ONE
        else:
            chosen = choose(candidates, http_request)
        return self._answer(http_request, chosen.dialect, chosen.endpoint, base.variant if base else "")

    def _refuse(self, http_request: Request, error: NoSuchCall) -> Answer:
        """Answer as the dialect that the path looks like, or as gin does."""
        base: BasePath | None = http_request.environ.get(_BASE)
        dialect = (base.selected if base else None) or self._by_suffix(http_request.path)
        # gin answers OPTIONS on every path; RongCloud does not.
        if http_request.method == "OPTIONS" and not (dialect and dialect.suffixes):
            return self._nowhere(http_request, None, responses.options())
        if dialect is None:
            return self._nowhere(http_request, error, responses.not_found())
        http_request.recognised_by = base.because if base and base.selected else _SUFFIX
        variant = base.variant if base else ""
        if dialect.unknown is not None and http_request.method == "POST":
            return self._answer(http_request, dialect, dialect.unknown, variant)
        if not any(each.dialect is dialect for each in self.candidates.get(http_request.path, ())):
            error = NoSuchPath()
        return self._answer(http_request, dialect, _refusing(error), variant)

    def _nowhere(self, http_request: Request, error: NoSuchCall | None, answer: Answer) -> Answer:
        """Return the answer to a request that is none of a dialect's."""
        with self._gate:
            return self._observed(Exchange(http_request, None, _NOWHERE, None, error, answer, 0.0))

    def _by_suffix(self, path: str) -> AnyDialect | None:
        return next((each for each in self._dialects if path.endswith(each.suffixes or ("\0",))), None)

    def _answer(
        self, http_request: Request, dialect: AnyDialect, endpoint: Endpoint[RequestContext], variant: str
    ) -> Answer:
        """Run the steps; every DomainError becomes the dialect's answer to it."""
        # Observers are inside, too: after a reset, they shall not see requests from before.
        with self._gate:
            begun = time.perf_counter()
            context = dialect.make_context(http_request, endpoint, variant)
            error: Exception | None = None
            try:
                keep_local(http_request.environ, self._services)
                ensure_started(http_request.environ, self._services)
                answer = dialect.render_success(context, endpoint.call(context))
            except DomainError as refusal:
                answer = dialect.render_error(context, refusal)
                # Error and frames refer to each other and would stay in memory until a garbage collection.
                refusal.__traceback__ = refusal.__context__ = None
                error = refusal
            except StartupError as refusal:
                answer, error = not_serving(refusal), refusal
            except Exception:
                _log_fault(http_request)
                error = InternalError()
                answer = dialect.render_error(context, error)
            seconds = time.perf_counter() - begun
            return self._observed(Exchange(http_request, dialect, endpoint, context, error, answer, seconds))

    def _observed(self, exchange: Exchange) -> Answer:
        for observe in self._observers:
            observe(exchange)
        return exchange.answer


def keep_local(environ: Mapping[str, Any], services: Services) -> None:
    """Refuse other machines while weak secrets are configured. Raises DefaultSecretsInUse."""
    restricting = services.restricting_secrets
    if restricting:
        reason = loopback.why_not_local(environ)
        if reason:
            raise DefaultSecretsInUse(restricting, reason)


def ensure_started(environ: Mapping[str, Any], services: Services) -> None:
    """Start the services if the server has not. Raises StartupError or ServiceUnavailable."""
    if environ.get("wsgi.multiprocess"):
        raise StartupError(
            "Rollcall is served by several processes, and presence lives in one: run a single worker (-w 1) "
            "with threads"
        )
    if not services.started:
        services.start_if_new()


def not_serving(error: StartupError) -> Answer:
    """Log and answer why the services cannot start; with serving/ the worker exits instead."""
    _log.critical("%s", error)
    return responses.plain(f"{error}\n", 503)


def _has_hooks(app: Flask, blueprints: set[str]) -> bool:
    """Return whether an application has hooks that run on requests to these blueprints."""
    scopes: set[str | None] = {None, *blueprints}
    tables: tuple[Mapping[Any, Any], ...] = (
        app.before_request_funcs,
        app.after_request_funcs,
        app.teardown_request_funcs,
        app.url_value_preprocessors,
    )
    return bool(app.teardown_appcontext_funcs) or any(scopes & table.keys() for table in tables)


def _fault(http_request: Request) -> Answer:
    _log_fault(http_request)
    return responses.internal_error()


def _log_fault(http_request: Request) -> None:
    _log.exception("unexpected error in %s %a", http_request.method, http_request.loggable_path)


def _refusing(error: NoSuchCall) -> Endpoint[RequestContext]:
    """Return an endpoint that only raises an error."""

    def call(context: RequestContext) -> object:
        raise error

    return Endpoint("", "", "", object, None, frozenset(), ErrorTable(), call)


def _base_paths(dialects: Sequence[AnyDialect]) -> dict[str, BasePath]:
    found = {
        prefix: BasePath((dialect,), f"the base path {prefix}", variant, dialect)
        for dialect in dialects
        for prefix, variant in dialect.base_paths.items()
    }
    for dialect in dialects:
        for alias in dialect.aliases:
            before = found[alias].dialects if alias in found else ()
            found[alias] = BasePath((*before, dialect), f"the base path {alias}")
    return found


def no_such_call(status: int) -> NoSuchCall:
    """Return the error for Flask's 404 or 405."""
    return NoSuchMethod() if status == 405 else NoSuchPath()
