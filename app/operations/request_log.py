"""The request log: a line for each request."""

from __future__ import annotations

import logging

from ..http.dispatch import Exchange
from ..http.request import Request

_log = logging.getLogger(__name__)
#: Characters of a client's operationID that are logged.
_MAX_OPERATION_ID_CHARS = 128


def enable() -> None:
    """Enable the request log; by default only warnings are logged."""
    _log.setLevel(logging.INFO)


def log_request(exchange: Exchange) -> None:
    """Log a request and its outcome; client-supplied values are ASCII-escaped."""
    http_request = exchange.http_request
    fields = {
        "address": http_request.address,
        "path": http_request.loggable_path,
        "dialect": exchange.dialect_name,
        "outcome": exchange.outcome,
        "ms": round(exchange.seconds * 1000, 3),
        "operationID": _operation_id(http_request)[:_MAX_OPERATION_ID_CHARS],
    }
    line = " ".join(f"{key}={value!a}" for key, value in fields.items())
    _log.info("%s", line, extra={"fields": fields})


def _operation_id(http_request: Request) -> str:
    """Return the client's id of the request, from a header, or from a body that was decoded anyway."""
    name = http_request.header("OPERATIONID") or http_request.header("X_REQUEST_ID")
    if name or "json" not in http_request.__dict__:
        return name
    found = http_request.lower_keys.get("operationid")
    return found if isinstance(found, str) else ""
