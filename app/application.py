"""Build the services and compose them into a Flask application."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from flask import Flask

from . import cli, control, dialects, logs
from .capacity import MemoryBudget, ThreadAllowance
from .clock import AdjustableClock, Clock
from .devtools.devtools import DevTools
from .devtools.journal import Journal
from .devtools.masking import Masker, Unmasked
from .devtools.seed import Seeder
from .devtools.why import Explainer
from .dialects.openim.settings import OpenIMSettings
from .domain.answers import Answers
from .domain.auth_throttle import AuthThrottle
from .domain.blocks import Blocks
from .domain.commands import Commands
from .domain.deletion import Deletion
from .domain.events import Events
from .domain.gateways import Gateways
from .domain.heartbeats import Heartbeats
from .domain.outbox_limits import OutboxLimits
from .domain.presence import Presence
from .domain.rate_limits import NonceCache, RateLimiter
from .domain.registration import Registration
from .domain.subscriptions import Subscriptions
from .domain.tokens import Tokens
from .domain.user_attributes import UserAttributes
from .domain.users import Users
from .formats.codecs import Codecs
from .http import error_handlers
from .http.blueprints import dialect_blueprints, register_guarded
from .http.dispatch import AnyDialect, Dispatcher, Observer
from .http.loopback import is_loopback
from .http.proxies import ForwardedFor, PathPrefix
from .limits import MAX_ANSWERS_CHARS, MAX_BODIES_BYTES
from .operations import health, metrics, request_log
from .services import Services
from .settings import Settings
from .storage import Storage
from .storage.lock import InstanceLock
from .webhooks.http_client import HttpClient
from .webhooks.senders import SenderSetup
from .webhooks.webhooks import Webhooks

#: Threads that writes never occupy, so that requests that only read are served even while writes stall.
RESERVED_THREADS = 2


def build(overrides: Mapping[str, object] | None, clock: Clock | None) -> Flask:
    """Build the application; see `create_app`. Raises SettingInvalid."""
    settings = dialects.load_settings(overrides)
    served = dialects.served(settings)
    machine = clock or Clock()
    services = build_services(
        settings, served, AdjustableClock(machine) if settings.is_bench_on() else machine
    )
    devtools = build_devtools(services, served)
    app = Flask(__package__ or __name__, static_folder=None, instance_path=str(settings.instance.absolute()))
    # Some clients send double slashes; Flask would redirect them, and clients do not follow redirects.
    app.url_map.merge_slashes = False
    # Flask installs the handler for the whole package's log when `app.logger` is first read.
    app.logger  # noqa: B018
    app.extensions["rollcall"] = services
    recorder = metrics.recorder(services)
    observers: list[Observer] = [recorder.observe] if recorder else []
    if devtools.journal:
        observers.append(devtools.journal.observe)
    if settings.log_requests:
        request_log.enable()
        observers.append(request_log.log_request)
    dispatcher = Dispatcher(app, services, served, observers)
    for blueprint in dialect_blueprints(dispatcher):
        app.register_blueprint(blueprint)
    # Not guarded: health reveals nothing secret, and starts the services itself.
    app.register_blueprint(health.blueprint(services))
    register_guarded(app, metrics.blueprint(services, recorder), services)
    app.register_blueprint(control.blueprint(services, devtools))
    error_handlers.register(app, dispatcher, {control.PREFIX: partial(control.refuse, services)})
    for command in cli.main.commands.values():
        app.cli.add_command(command)
    logs.set_up(app.logger, settings.log_format)
    app.wsgi_app = dispatcher  # type: ignore[method-assign]
    _put_behind_proxies(app, settings)
    return app


def _put_behind_proxies(app: Flask, settings: Settings) -> None:
    proxies, networks = settings.trusted_proxies, settings.proxy_addresses
    if proxies:
        app.wsgi_app = ForwardedFor(app.wsgi_app, proxies, networks)  # type: ignore[method-assign]
    if settings.path_prefix:
        app.wsgi_app = PathPrefix(app.wsgi_app, settings.path_prefix)  # type: ignore[method-assign]


def build_services(settings: Settings, served: Sequence[AnyDialect], clock: Clock) -> Services:
    """Build the services for the served dialects."""
    storage = Storage(settings.database, max(settings.threads - RESERVED_THREADS, 1))
    presence = Presence(clock, settings.presence_history)
    allowance = ThreadAllowance(settings.threads)
    webhooks = _build_webhooks(settings, served, clock, allowance)
    events = _build_events(settings, storage, webhooks, presence, clock)
    answers = Answers(MemoryBudget("large answers", MAX_ANSWERS_CHARS, allowance))
    users = Users(storage, settings.admins, events, answers, clock)
    blocks = Blocks(storage, users, presence, clock)
    tokens = Tokens(storage, presence, blocks, clock, **_token_limits(settings))
    heartbeats = Heartbeats(users, tokens, blocks, presence)
    gateways = Gateways(heartbeats, presence)
    return Services(
        settings=settings,
        clock=clock,
        lock=InstanceLock(settings.lock),
        storage=storage,
        codecs=Codecs([codec for dialect in served for codec in dialect.token_formats(settings)]),
        users=users,
        tokens=tokens,
        registration=Registration(storage, users, tokens, events, clock),
        deletion=Deletion(storage, users, presence, gateways, clock),
        blocks=blocks,
        user_attributes=UserAttributes(storage, answers),
        commands=Commands(storage, answers, clock),
        subscriptions=Subscriptions(storage, clock),
        presence=presence,
        heartbeats=heartbeats,
        gateways=gateways,
        events=events,
        webhooks=webhooks,
        auth_throttle=AuthThrottle(clock),
        rate_limiter=RateLimiter(clock),
        nonces=NonceCache(),
        bodies=MemoryBudget("large bodies", MAX_BODIES_BYTES, allowance),
        answers=answers.memory,
        waiting=allowance,
        restricting_secrets=settings.restricting_secrets(),
    )


def build_devtools(services: Services, served: Sequence[AnyDialect]) -> DevTools:
    """Build the development tools, and connect them with the services. Raises SettingInvalid."""
    seeder = Seeder(services, {dialect.name: dialect.seed for dialect in served if dialect.seed})
    services.seeding = seeder
    journal = _build_journal(services, served)
    if journal:
        services.attached.append(journal)
    settings = services.settings
    masker = Unmasked() if settings.documented_secrets() else Masker(_credentials(settings))
    return DevTools(seeder, journal, masker)


def _build_journal(services: Services, served: Sequence[AnyDialect]) -> Journal | None:
    settings = services.settings
    size, max_bytes = settings.journal_size(), settings.journal_mib * 2**20
    if not size:
        return None
    return Journal(size, max_bytes, Explainer(served), services.revocations, services.clock)


def _credentials(settings: Settings) -> Sequence[str]:
    """Return what must not be shown: the dialects' secrets, and the keys."""
    keys = (settings.control_key, settings.metrics_key, settings.webhook_secret)
    own = settings.groups[OpenIMSettings].callback_key
    return [*(secret for _, secret in settings.secrets), *keys, own]


def _build_events(
    settings: Settings, storage: Storage, webhooks: Webhooks, presence: Presence, clock: Clock
) -> Events:
    limits = OutboxLimits(settings.webhook_max_events, settings.webhook_max_bytes)
    events = Events(storage, webhooks.hooks, webhooks.wanted_events, limits, clock)
    webhooks.connect(events, presence)
    return events


def _token_limits(settings: Settings) -> dict[str, int]:
    openim = settings.groups[OpenIMSettings]
    return {"policy": openim.openim_multi_login_policy, "max_per_platform": openim.openim_max_num_one_end}


def _build_webhooks(
    settings: Settings, served: Sequence[AnyDialect], clock: Clock, allowance: ThreadAllowance
) -> Webhooks:
    http = HttpClient(settings.webhook_allow_private)
    setup = SenderSetup(settings, http, clock, allowance)
    senders = [each for dialect in served for each in dialect.webhooks(setup)]
    webhooks = Webhooks(settings, http, senders, clock)
    # Only a default: the server sets it again once its sockets are open.
    webhooks.serve_others(not is_loopback(settings.bind.rpartition(":")[0].strip("[]")))
    return webhooks
