"""What is logged, and how: lines for people, or for machines. What came from outside is in them as ASCII."""

from __future__ import annotations

import json
import logging
import sys
import time

from app.wire.incoming import Incoming

_log = logging.getLogger("app.requests")
#: Characters of what a client calls its request that are logged.
_LONGEST_NAME = 128


def set_up(logger: logging.Logger, form: str, requests: bool) -> None:
    """Have everything at and below `logger` written in a form, and requests if they are to be."""
    if form == "json":
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines())
        logger.handlers[:] = [handler]
    if requests:
        _log.setLevel(logging.INFO)


def request(incoming: Incoming, dialect: str, outcome: str, seconds: float) -> None:
    """Log one request and what became of it."""
    name = incoming.header("OPERATIONID") or incoming.header("X_REQUEST_ID")
    fields = {
        "address": incoming.environ.get("REMOTE_ADDR", ""),
        "path": incoming.shown_path,
        "dialect": dialect,
        "outcome": outcome,
        "ms": round(seconds * 1000, 3),
        "operationID": (name or _operation_id_in_body(incoming))[:_LONGEST_NAME],
    }
    words = " ".join(f"{key}={value!a}" for key, value in fields.items())
    _log.info("%s", words, extra={"fields": fields})


def _operation_id_in_body(incoming: Incoming) -> str:
    found = incoming.keys.get("operationid") if "json" in incoming.__dict__ else None
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
