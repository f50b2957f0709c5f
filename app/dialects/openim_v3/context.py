"""One v3 request under way, and how its answer leaves."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response

from app.dialects.openim_v3.generations import Generation, generation_of
from app.models import Token
from app.wire import responses
from app.wire.context import RequestContext
from app.wire.dialect import Endpoint
from app.wire.request import Request


@dataclass
class Context(RequestContext):
    """What came in, for which call, in which generation, and who makes it."""

    generation: Generation
    caller: Token | None = None


def make_context(http_request: Request, endpoint: Endpoint, variant: str) -> Context:
    """Settle the generation of a request."""
    return Context(http_request, endpoint, generation_of(http_request, endpoint.path, variant))


def answer(context: Context, body: bytes, status: int = 200) -> Response:
    """Return an answer; a newer client that asks for it gets it compressed."""
    accepted = context.http_request.header("ACCEPT_ENCODING")
    if accepted and context.generation.compresses and responses.takes_gzip(accepted):
        return responses.gzipped_answer(body, status)
    return responses.json_answer(body, status)
