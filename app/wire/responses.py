"""Answers that belong to no call: CORS, OPTIONS, the 404 page and the last resort, as gin gives them.

Source: open-im-server v2.3.3 pkg/utils/cors_middleware.go; openimsdk/tools v0.0.50-alpha.113 mw/gin.go.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from flask import Response
from werkzeug.datastructures import Headers
from werkzeug.http import parse_accept_header

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_CORS = (
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
# Made once: checking and copying eight headers takes as long as wording a short answer. So nobody may change
# the headers of an answer that has these.
_JSON = Headers([*_CORS, ("Content-Type", "application/json")])
_GZIPPED = Headers([*_JSON, ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")])
_TEXT = [*_CORS, ("Content-Type", "text/plain")]


class _Json(Response):
    """A response whose headers need neither correcting nor copying: only the length is missing."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        (body,) = self.iter_encoded()
        start_response(self.status, [*self.headers, ("Content-Length", str(len(body)))])
        return (body,)


def json_answer(body: bytes, status: int = 200) -> Response:
    """Return an answer of the OpenIM dialects: JSON without a charset, and CORS for everybody."""
    return _Json([body], status, headers=_JSON)


def gzipped_answer(body: bytes, status: int = 200) -> Response:
    """Return what `json_answer` does, compressed."""
    return _Json([gzip.compress(body, mtime=0)], status, headers=_GZIPPED)


@lru_cache(256)
def takes_gzip(accepted: str) -> bool:
    """Tell whether a header `Accept-Encoding` asks for gzip."""
    return parse_accept_header(accepted)["gzip"] > 0


def options() -> Response:
    """Return what OPTIONS gets on any path."""
    return json_answer(b'"Options Request!"')


def not_found() -> Response:
    """Return gin's 404, which is no JSON."""
    return Response(b"404 page not found", 404, headers=_TEXT)


def fault() -> Response:
    """Return what is left to say when the fault lies before any dialect is known."""
    return Response(b"internal server error", 500, headers=_TEXT)
