"""Whether this Rollcall lives, and whether it can do its work: `/healthz` and `/readyz`.

They tell nothing that would need a secret, and they are answered while nothing can be written.
"""

from __future__ import annotations

import contextlib
import json
import shutil

from flask import Blueprint, Response

from app.errors import ServiceUnavailable
from app.services import Services

#: Seconds of one commit after which writing counts as held up.
MAX_COMMIT_SECONDS = 1.0
#: Bytes on the disk below which no more is to be expected of it.
MIN_FREE_BYTES = 16 * 1024 * 1024


def blueprint(services: Services) -> Blueprint:
    """Return the two paths."""
    made = Blueprint("health", __name__)

    @made.get("/healthz")
    def healthz() -> Response:
        """Answer as long as the process does; 503 if the thread that writes has ended."""
        return _answer(_alive(services), services)

    @made.get("/readyz")
    def readyz() -> Response:
        """Answer 200 if everything can be done now, 503 with the reasons if not."""
        return _answer(_alive(services) + _unready(services), services)

    return made


def _alive(services: Services) -> list[str]:
    if services.started and not services.database.is_writing:
        return ["the thread that writes has ended"]
    return []


def _unready(services: Services) -> list[str]:
    if not services.started:
        return ["the database is not open"]
    reasons = []
    if services.database.stalled_for >= MAX_COMMIT_SECONDS:
        reasons.append("writing is held up")
    if services.database.last_failure:
        # It may be over, and nobody have tried since.
        with contextlib.suppress(ServiceUnavailable):
            services.events.record_uptime()
    if services.database.last_failure:
        reasons.append(f"the last write failed: {services.database.last_failure}")
    if _free(services) < MIN_FREE_BYTES:
        reasons.append("the disk is full")
    return reasons


def _free(services: Services) -> int:
    try:
        return shutil.disk_usage(services.settings.instance).free
    except OSError:
        return 0


def _answer(reasons: list[str], services: Services) -> Response:
    body = {
        "status": "failing" if reasons else "ok",
        "reasons": reasons,
        "writer": {
            "heldUpFor": round(services.database.stalled_for, 3),
            "lastFailure": services.database.last_failure,
        },
        "disk": {"free": _free(services)},
    }
    return Response(json.dumps(body) + "\n", 503 if reasons else 200, content_type="application/json")
