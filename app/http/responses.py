"""The immutable answer, and the answers outside of any dialect, which are gin's.

Source: open-im-server v2.3.3 pkg/utils/cors_middleware.go; openimsdk/tools v0.0.50-alpha.113 mw/gin.go.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from typing import NamedTuple

from flask import Response
from werkzeug.http import parse_accept_header

Headers = tuple[tuple[str, str], ...]
#: Returned by views whose answer has no `data`.
NO_DATA = object()


class Answer(NamedTuple):
    """A complete answer; Content-Length is added when it is sent."""

    body: bytes
    status: int
    headers: Headers

    def to_response(self) -> Response:
        """Return the answer as a Flask response."""
        return Response(self.body, self.status, headers=self.headers)


_CORS: Headers = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "*"),
    ("Access-Control-Allow-Headers", "*"),
    (
        "Access-Control-Expose-Headers",
        "Content-Length, Access-Control-Allow-Origin, Access-Control-Allow-Headers,Cache-Control,"
        "Content-Language,Content-Type,Expires,Last-Modified,Pragma,FooBar",
    ),
    ("Access-Control-Max-Age", "172800"),
    ("Access-Control-Allow-Credentials", "false"),
)
#: The headers of the OpenIM dialects: JSON without a charset, and CORS.
JSON: Headers = (*_CORS, ("Content-Type", "application/json"))
_GZIPPED: Headers = (*JSON, ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding"))
_TEXT: Headers = (*_CORS, ("Content-Type", "text/plain"))


def gzipped(body: bytes, status: int) -> Answer:
    """Return a compressed answer of the OpenIM dialects."""
    return Answer(gzip.compress(body, mtime=0), status, _GZIPPED)


@lru_cache(256)
def accepts_gzip(accept_encoding: str) -> bool:
    """Return whether an `Accept-Encoding` header accepts gzip."""
    return parse_accept_header(accept_encoding)["gzip"] > 0


def options() -> Answer:
    """Return gin's answer to OPTIONS on any path."""
    return Answer(b'"Options Request!"', 200, JSON)


def not_found() -> Answer:
    """Return gin's 404, which is plain text."""
    return Answer(b"404 page not found", 404, _TEXT)


def internal_error() -> Answer:
    """Return the answer to an exception outside of any dialect."""
    return Answer(b"internal server error", 500, _TEXT)


def plain(text: str, status: int) -> Answer:
    """Return an answer in plain text."""
    return Answer(text.encode(), status, (("Content-Type", "text/plain; charset=utf-8"),))
