"""One v3 request under way, and how its answer leaves."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response

from app.dialects.openim_v3.generations import Generation, generation_of
from app.models import Token
from app.wire import call, plain
from app.wire.dialect import Endpoint
from app.wire.incoming import Incoming


@dataclass
class Call(call.Call):
    """What came in, for which call, in which generation, and who makes it."""

    generation: Generation
    caller: Token | None = None


def open_call(incoming: Incoming, endpoint: Endpoint, variant: str) -> Call:
    """Settle the generation of a request."""
    return Call(incoming, endpoint, generation_of(incoming, endpoint.path, variant))


def answer(call: Call, body: bytes, status: int = 200) -> Response:
    """Return an answer; a newer client that asks for it gets it compressed."""
    accepted = call.incoming.header("ACCEPT_ENCODING")
    if accepted and call.generation.compresses and plain.takes_gzip(accepted):
        return plain.gzipped_answer(body, status)
    return plain.json_answer(body, status)
