"""The calls of the control API, each with its group and its parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

from ..http.request import Request
from ..services import Services
from .access import Group


@dataclass(frozen=True)
class Call:
    """A call of the control API."""

    method: str
    path: str
    """Below `/_rollcall`."""
    group: Group
    view: Callable[[Request], object]
    """Returns the answer as JSON values. Raises DomainError or Problem."""
    query: Sequence[str] = ()
    """The parameters in the query; others are refused."""
    fields: Sequence[str] = ()
    """The fields of the body; others are refused."""
    is_exclusive: bool = False
    """Whether it waits itself until no other request is under way."""


def status(http_request: Request) -> object:
    """Return what the server is and what it holds.

    `secrets` is `documented`, `short` or `own`; `disposable` says whether a test suite may reset a server
    that it has not started.
    """
    services = http_request.services
    settings, presence = services.settings, services.presence.counts()
    return {
        "name": "rollcall",
        "version": version("rollcall-server"),
        "epoch": presence.epoch,
        "startedAt": timestamp(services.started_at),
        "now": timestamp(services.clock.now()),
        "dialects": settings.dialects,
        "bench": settings.is_bench_on(),
        "users": services.users.count(),
        "online": presence.users,
        "secrets": _secrets(services),
        "disposable": settings.bench == "1",
    }


def reset(http_request: Request) -> object:
    """Return to the state after a first start; see Services.reset. Raises ServiceUnavailable."""
    epoch, users = http_request.services.reset()
    return {"epoch": epoch, "users": users}


def _secrets(services: Services) -> str:
    settings = services.settings
    if settings.documented_secrets():
        return "documented"
    return "short" if settings.weak_secrets() else "own"


def timestamp(seconds: float) -> str:
    """Return Unix seconds as RFC 3339 in UTC with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


CALLS = (
    Call("GET", "/status", Group.OPERATE, status),
    Call("POST", "/reset", Group.BENCH, reset, is_exclusive=True),
)
