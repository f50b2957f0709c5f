"""The context of a v3 request, and how its answer is sent."""

from __future__ import annotations

from dataclasses import dataclass

from ...http.dialect import EndpointInfo, RequestContext
from ...http.request import Request
from ...http.responses import JSON, Answer, accepts_gzip, gzipped
from .generations import Generation, generation_of


@dataclass
class Context(RequestContext):
    """The context of a request, with its generation."""

    generation: Generation
    because: str
    """Why it is that generation."""

    @property
    def generation_name(self) -> str:
        """The generation's name."""
        return self.generation.name

    @property
    def generation_because(self) -> str:
        """Why it is that generation."""
        return self.because


def make_context(http_request: Request, endpoint: EndpointInfo, variant: str) -> Context:
    """Make the context and determine the generation."""
    return Context(http_request, endpoint, variant, *generation_of(http_request, endpoint.path, variant))


def send(context: Context, body: bytes, status: int = 200) -> Answer:
    """Return an answer, compressed if the client accepts it and the generation supports it."""
    accept_encoding = context.http_request.header("ACCEPT_ENCODING")
    if accept_encoding and context.generation.compresses and accepts_gzip(accept_encoding):
        return gzipped(body, status)
    return Answer(body, status, JSON)
