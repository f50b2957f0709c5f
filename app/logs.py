"""The format of the log: plain text, or a JSON object per line."""

from __future__ import annotations

import json
import logging
import sys
import time


def set_up(logger: logging.Logger, log_format: str) -> None:
    """Set the log format of `logger` and its children: `console` or `json`."""
    if log_format == "json":
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines())
        logger.handlers[:] = [handler]


class JsonLines(logging.Formatter):
    """A formatter that writes each message as one line of ASCII JSON."""

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
