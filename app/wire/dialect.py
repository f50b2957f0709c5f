"""What a dialect is to the rest of Rollcall: a value of its calls, its order of checks and its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import Response

from app.errors import DomainError
from app.settings import Settings
from app.wire.codecs import TokenFormats
from app.wire.request import Request

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Endpoint:
    """One call of a dialect."""

    path: str
    group: str
    """The blueprint that it belongs to."""
    view: Callable[[Any, Any], Any]
    """Take the dialect's call and the bound request, return what the dialect renders."""
    schema: Any
    """What the body is bound to."""
    access: Any
    """Who may call, in the dialect's terms."""
    body_keys: frozenset[str]
    """Keys of the body, in lower case, that only this dialect's form of the path has."""
    rows: Mapping[Any, Any]
    """What this call answers differently from its dialect's table of errors, in the dialect's terms."""
    method: str = "POST"


class Routes:
    """Collect the endpoints of a module as it declares them."""

    def __init__(self, group: str) -> None:
        self._group = group
        self.endpoints: list[Endpoint] = []

    def get(self, path: str, schema: Any, *, access: Any) -> Callable[[View], View]:
        """Declare the view below as the call at `path` that reads and has no body."""

        def declare(view: View) -> View:
            self.endpoints.append(Endpoint(path, self._group, view, schema, access, frozenset(), {}, "GET"))
            return view

        return declare

    def post(
        self,
        path: str,
        schema: Any,
        *,
        access: Any,
        body_keys: tuple[str, ...] = (),
        rows: Mapping[Any, Any] | None = None,
    ) -> Callable[[View], View]:
        """Declare the view below as the call at `path`."""

        def declare(view: View) -> View:
            folded = frozenset(mark.lower() for mark in body_keys)
            self.endpoints.append(Endpoint(path, self._group, view, schema, access, folded, rows or {}))
            return view

        return declare


@dataclass(frozen=True)
class DetectionHints:
    """By what a request on a shared path gives its dialect away."""

    version: str
    """What the setting `openim_default` calls it."""
    operation_id_in: str
    """`body` or `header`."""
    formats: frozenset[str]
    """The styles of the tokens that its clients hold."""


@dataclass(frozen=True)
class Dialect:
    """A wire protocol.

    A request goes through `open` (which raises nothing), `admit` (which refuses, in the dialect's order of
    checks, and returns the bound request), the endpoint's view, and `success` or `failure`.
    """

    name: str
    endpoints: tuple[Endpoint, ...]
    prefixes: Mapping[str, str]
    """Path prefix -> the variant that it forces; empty where it forces none."""
    make_context: Callable[[Request, Endpoint, str], Any]
    authorize_and_bind: Callable[[Any], Any]
    render_success: Callable[[Any, Any], Response]
    render_error: Callable[[Any, DomainError], Response]
    token_formats: Callable[[Settings], TokenFormats] = field(default=lambda settings: TokenFormats())
    detection_hints: DetectionHints | None = None
    """None for a dialect that shares no path with another."""
    unknown: Endpoint | None = None
    """What answers a POST to any other path behind a prefix; None if that is a 404 without any check."""
    suffixes: tuple[str, ...] = ()
    """Ends of paths that are this dialect's even where it has no such path."""
    aliases: tuple[str, ...] = ()
    """What may stand before a bare path all the same, as proxies put it there."""
    takes_double_slash: bool = False
    """Whether a path may begin with two slashes, as some of its clients write it."""
