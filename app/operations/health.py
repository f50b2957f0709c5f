"""Liveness and readiness: `/healthz` and `/readyz`.

They reveal nothing that needs a secret, and answer even while nothing can be written.
"""

from __future__ import annotations

import contextlib
import json
import shutil

from flask import Blueprint, Response, request

from ..errors import ServiceUnavailable, StartupError
from ..http.dispatch import ensure_started
from ..services import Services

#: Seconds of one commit after which writes count as stalled.
MAX_COMMIT_SECONDS = 1.0
#: Free bytes on the disk below which there is a warning.
MIN_FREE_BYTES = 16 * 1024 * 1024


def blueprint(services: Services) -> Blueprint:
    """Return the blueprint of the two paths."""
    made = Blueprint("health", __name__)

    @made.get("/healthz")
    def healthz() -> Response:
        """Answer 200 as long as the process works; 503 if the writer thread has ended."""
        return _answer(_alive(services), [], services)

    @made.get("/readyz")
    def readyz() -> Response:
        """Answer 200 if every request can be served now, 503 with the reasons if not.

        Warnings, about the space on the disk and in the outbox, do not make it fail.
        """
        try:
            ensure_started(request.environ, services)
        except (StartupError, ServiceUnavailable) as error:
            return _answer([str(error)], [], services)
        return _answer(_alive(services) + _unready(services), _warnings(services), services)

    return made


def _alive(services: Services) -> list[str]:
    if services.started and not services.storage.database.writer.is_alive:
        return ["the thread that writes has ended"]
    return []


def _unready(services: Services) -> list[str]:
    writer = services.storage.database.writer
    if writer.stalled_for >= MAX_COMMIT_SECONDS:
        return ["writing is held up"]
    if writer.last_failure or _is_space_low(services):
        # The cause may be gone, or there, without any write since, so try one.
        with contextlib.suppress(ServiceUnavailable):
            services.events.record_uptime()
    return [f"the last write failed: {writer.last_failure}"] if writer.last_failure else []


def _warnings(services: Services) -> list[str]:
    warnings = []
    if _is_space_low(services):
        warnings.append(f"less than {MIN_FREE_BYTES // 1024**2} MiB of the disk are free")
    with contextlib.suppress(ServiceUnavailable):
        warnings.append(services.events.limits.warning(services.events.totals()))
    return [warning for warning in warnings if warning]


def _is_space_low(services: Services) -> bool:
    return _free(services) < MIN_FREE_BYTES


def _free(services: Services) -> int:
    try:
        return shutil.disk_usage(services.settings.instance).free
    except OSError:
        return 0


def _answer(reasons: list[str], warnings: list[str], services: Services) -> Response:
    writer = services.storage.database.writer
    body = {
        "status": "failing" if reasons else "ok",
        "reasons": reasons,
        "warnings": warnings,
        "writer": {"heldUpFor": round(writer.stalled_for, 3), "lastFailure": writer.last_failure},
        "disk": {"free": _free(services)},
    }
    return Response(json.dumps(body) + "\n", 503 if reasons else 200, content_type="application/json")
