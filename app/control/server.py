"""The calls about the server as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version

from ..devtools.seed import SeedDocument, SeededToken
from ..http.times import timestamp
from ..limits import MAX_BATCH_BYTES
from ..services import Services
from .access import Group
from .call import Call, Context, Nothing


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
        "requests": _requests(context),
        "clock": _clock(services),
        "secrets": _secrets(services),
        "disposable": settings.is_bench_on() and (settings.bench == "1" or settings.seed is not None),
    }


@dataclass(frozen=True)
class Reset:
    """Whether to apply the seed in the settings, if there is one."""

    seed: bool = True


def reset(context: Context, request: Reset) -> object:
    """Return to the state after a first start; see Services.reset. Raises ServiceUnavailable."""
    services = context.services
    is_seeded = services.reset(with_seed=request.seed)
    return {"epoch": services.presence.epoch, "users": services.users.count(), "seeded": is_seeded}


def seed(context: Context, request: SeedDocument) -> object:
    """Make the users match a seed; return the number of users, and the tokens that it issues.

    Raises ArgumentInvalid, UserExists for a reserved id, or AdministratorProtected.
    """
    services, seeder = context.services, context.devtools.seeder
    tokens = seeder.apply(seeder.check(request))
    return {"users": services.users.count(), "tokens": [_token(services, each) for each in tokens]}


def _token(services: Services, seeded: SeededToken) -> object:
    token, wanted = seeded.token, seeded.wanted
    codec = services.codecs[token.format]
    return {
        "userID": token.user_id,
        "dialect": codec.format.dialect,
        "generation": codec.format.generation or None,
        "platformID": wanted.platform_id,
        "token": codec.encode(token),
        "expiresAt": timestamp(token.exp),
    }


def _requests(context: Context) -> object:
    """Return the numbers of the oldest and the newest request in the journal; None without a journal."""
    journal = context.devtools.journal
    return None if journal is None else {"first": journal.first, "last": journal.last}


def _clock(services: Services) -> object:
    """Return how the clock differs from the machine's."""
    state = services.clock.state
    return {"offset": round(state.offset, 3), "frozen": state.frozen is not None}


def _secrets(services: Services) -> str:
    settings = services.settings
    if settings.documented_secrets():
        return "documented"
    return "short" if settings.weak_secrets() else "own"


CALLS = (
    Call("GET", "/status", Group.OPERATE, Nothing, status),
    Call("POST", "/reset", Group.BENCH, Reset, reset, waits=True),
    Call("POST", "/seed", Group.BENCH, SeedDocument, seed, max_body_bytes=MAX_BATCH_BYTES),
)
