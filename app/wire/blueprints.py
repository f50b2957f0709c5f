"""Bind the dialects' calls to URLs: the blueprints `auth`, `user` and whatever other groups there are.

Flask gives a URL one endpoint, so a bare path is bound once, to a view that asks whose the request is. Under
a dialect's prefix there is nothing to ask.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, closing
from typing import Any

from flask import Blueprint, Response
from werkzeug.exceptions import NotFound

from app.services import Services
from app.wire.detect import Candidate, choose
from app.wire.dialect import Dialect
from app.wire.endpoint import answer
from app.wire.fast_path import View
from app.wire.request import Request


def blueprints(dialects: Sequence[Dialect], services: Services) -> Iterable[Blueprint]:
    """Return a blueprint for each group of endpoints."""
    bare: dict[str, list[Candidate]] = defaultdict(list)
    made: dict[str, Blueprint] = {}
    for dialect in dialects:
        for endpoint in dialect.endpoints:
            bare[endpoint.path].append(Candidate(dialect, endpoint))
            made.setdefault(endpoint.group, Blueprint(endpoint.group, __name__))
    for path, candidates in bare.items():
        blueprint = made[candidates[0].endpoint.group]
        asking = _asking(candidates, services)
        for alias in ("", *dict.fromkeys(alias for each in candidates for alias in each.dialect.aliases)):
            _bind(blueprint, alias + path, asking, candidates[0].endpoint.method)
        for candidate in candidates:
            _bind_behind_prefixes(blueprint, candidate, services)
    for dialect in dialects:
        if dialect.unknown is not None:
            group = made[dialect.endpoints[0].group]
            _bind_behind_prefixes(group, Candidate(dialect, dialect.unknown), services)
    return made.values()


def _bind_behind_prefixes(blueprint: Blueprint, candidate: Candidate, services: Services) -> None:
    dialect, endpoint = candidate
    for prefix, variant in dialect.prefixes.items():
        view = _fixed(candidate, variant, services)
        _bind(blueprint, prefix + endpoint.path, view, endpoint.method)
        if dialect.takes_double_slash:
            _bind(blueprint, f"{prefix}/{endpoint.path}", view, endpoint.method)


def _bind(blueprint: Blueprint, path: str, view: View, method: str) -> None:
    # A Blueprint's endpoint name may hold no dot, and paths do.
    name = path.replace(".", "_")
    blueprint.add_url_rule(
        path,
        endpoint=name,
        view_func=view,
        methods=[method],
        provide_automatic_options=False,
        strict_slashes=False,
    )


def _asking(candidates: Sequence[Candidate], services: Services) -> View:
    def serve(environ: dict[str, Any]) -> Response:
        with _incoming(environ, candidates[0].dialect, services) as http_request:
            chosen = choose(candidates, http_request)
            return answer(chosen.dialect, chosen.endpoint, http_request)

    return View(serve)


def _fixed(candidate: Candidate, variant: str, services: Services) -> View:
    dialect, endpoint = candidate

    def serve(environ: dict[str, Any]) -> Response:
        with _incoming(environ, dialect, services) as http_request:
            return answer(dialect, endpoint, http_request, variant)

    return View(serve)


def _incoming(
    environ: dict[str, Any], dialect: Dialect, services: Services
) -> AbstractContextManager[Request]:
    # Werkzeug takes a leading double slash for a single one; gin does not.
    if not dialect.takes_double_slash and environ["PATH_INFO"].startswith("//"):
        raise NotFound
    return closing(Request(environ, services))
