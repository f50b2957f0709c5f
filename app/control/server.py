"""The calls about the server as a whole."""

from __future__ import annotations

from importlib.metadata import version

from ..services import Services
from .access import Group
from .call import Call, Context, Nothing
from .times import timestamp


def status(context: Context, request: Nothing) -> object:
    """Return what the server is and what it holds.

    `secrets` is `documented`, `short` or `own`; `disposable` says whether a test suite may reset a server
    that it has not started.
    """
    services = context.services
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


def reset(context: Context, request: Nothing) -> object:
    """Return to the state after a first start; see Services.reset. Raises ServiceUnavailable."""
    epoch, users = context.services.reset()
    return {"epoch": epoch, "users": users}


def _secrets(services: Services) -> str:
    settings = services.settings
    if settings.documented_secrets():
        return "documented"
    return "short" if settings.weak_secrets() else "own"


CALLS = (
    Call("GET", "/status", Group.OPERATE, Nothing, status),
    Call("POST", "/reset", Group.BENCH, Nothing, reset, waits=True),
)
