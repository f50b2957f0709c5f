"""What a dialect is to the rest of Rollcall: a value of its calls, its order of checks and its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import Response

from app.errors import DomainError
from app.settings import Settings
from app.wire.codecs import Vocabulary
from app.wire.incoming import Incoming

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
    marks: frozenset[str]
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
        marks: tuple[str, ...] = (),
        rows: Mapping[Any, Any] | None = None,
    ) -> Callable[[View], View]:
        """Declare the view below as the call at `path`."""

        def declare(view: View) -> View:
            folded = frozenset(mark.lower() for mark in marks)
            self.endpoints.append(Endpoint(path, self._group, view, schema, access, folded, rows or {}))
            return view

        return declare


@dataclass(frozen=True)
class Traits:
    """By what a request on a shared path gives its dialect away."""

    version: str
    """What the setting `openim_default` calls it."""
    operation_id_in: str
    """`body` or `header`."""
    styles: frozenset[str]
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
    open: Callable[[Incoming, Endpoint, str], Any]
    admit: Callable[[Any], Any]
    success: Callable[[Any, Any], Response]
    failure: Callable[[Any, DomainError], Response]
    vocabulary: Callable[[Settings], Vocabulary] = field(default=lambda settings: Vocabulary())
    traits: Traits | None = None
    """None for a dialect that shares no path with another."""
    unknown: Endpoint | None = None
    """What answers a POST to any other path behind a prefix; None if that is a 404 without any check."""
    suffixes: tuple[str, ...] = ()
    """Ends of paths that are this dialect's even where it has no such path."""
    aliases: tuple[str, ...] = ()
    """What may stand before a bare path all the same, as proxies put it there."""
    takes_double_slash: bool = False
    """Whether a path may begin with two slashes, as some of its clients write it."""
