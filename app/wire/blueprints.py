"""Bind the dialects' calls to URLs: the blueprints `auth`, `user` and whatever other groups there are.

Flask gives a URL one endpoint, so a bare path is bound once, to a view that asks whose the request is. Under
a dialect's prefix there is nothing to ask.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from app.services import Services
from app.wire.dialect import Dialect
from app.wire.endpoint import answer
from app.wire.incoming import Incoming
from app.wire.select import Candidate, choose

BareView = Callable[[], Response]


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
        _bind(blueprint, path, _asking(candidates, services))
        for candidate in candidates:
            for prefix, variant in candidate.dialect.prefixes.items():
                _bind(blueprint, prefix + path, _fixed(candidate, variant, services))
    return made.values()


def _bind(blueprint: Blueprint, path: str, view: BareView) -> None:
    # A Blueprint's endpoint name may hold no dot, and paths do.
    name = path.strip("/").replace("/", "-").replace(".", "_")
    blueprint.add_url_rule(
        path,
        endpoint=name,
        view_func=view,
        methods=["POST"],
        provide_automatic_options=False,
        strict_slashes=False,
    )


def _asking(candidates: Sequence[Candidate], services: Services) -> BareView:
    def view() -> Response:
        incoming = _incoming(candidates[0].dialect, services)
        chosen = choose(candidates, incoming)
        return answer(chosen.dialect, chosen.endpoint, incoming)

    return view


def _fixed(candidate: Candidate, variant: str, services: Services) -> BareView:
    dialect, endpoint = candidate

    def view() -> Response:
        return answer(dialect, endpoint, _incoming(dialect, services), variant)

    return view


def _incoming(dialect: Dialect, services: Services) -> Incoming:
    # Werkzeug takes a leading double slash for a single one, as RongCloud's clients need it; gin does not.
    if not dialect.suffixes and request.environ["PATH_INFO"].startswith("//"):
        raise NotFound
    return Incoming(request.environ, services)
