"""What is logged, and how: lines for people, or for machines. What came from outside is in them as ASCII."""

from __future__ import annotations

import json
import logging
import sys
import time

from app.wire.request import Request

_log = logging.getLogger("app.requests")
#: Characters of what a client calls its request that are logged.
_MAX_OPERATION_ID_CHARS = 128


def set_up(logger: logging.Logger, form: str, requests: bool) -> None:
    """Have everything at and below `logger` written in a form, and requests if they are to be."""
    if form == "json":
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines())
        logger.handlers[:] = [handler]
    if requests:
        _log.setLevel(logging.INFO)


def request(http_request: Request, dialect: str, outcome: str, seconds: float) -> None:
    """Log one request and what became of it."""
    name = http_request.header("OPERATIONID") or http_request.header("X_REQUEST_ID")
    fields = {
        "address": http_request.environ.get("REMOTE_ADDR", ""),
        "path": http_request.loggable_path,
        "dialect": dialect,
        "outcome": outcome,
        "ms": round(seconds * 1000, 3),
        "operationID": (name or _operation_id_in_body(http_request))[:_MAX_OPERATION_ID_CHARS],
    }
    words = " ".join(f"{key}={value!a}" for key, value in fields.items())
    _log.info("%s", words, extra={"fields": fields})


def _operation_id_in_body(http_request: Request) -> str:
    found = http_request.lower_keys.get("operationid") if "json" in http_request.__dict__ else None
    return found if isinstance(found, str) else ""


class JsonLines(logging.Formatter):
    """One line of JSON, in ASCII, for each message."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{record.msecs:03.0f}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        fields = getattr(record, "fields", None)
        entry |= fields if fields is not None else {"message": record.getMessage()}
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry)
