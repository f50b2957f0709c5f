"""Rollcall: users, tokens and presence for instant messaging, in several vendors' wire protocols."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app import cli, health, metrics
from app import settings as settings_table
from app.clock import Clock
from app.dialects import BUILT_IN, VENDORS
from app.domain.auth_throttle import AuthThrottle
from app.domain.blocks import Blocks
from app.domain.commands import Commands
from app.domain.deletion import Deletion
from app.domain.events import Events
from app.domain.gateways import Gateways
from app.domain.heartbeats import Heartbeats
from app.domain.presence import Presence
from app.domain.rate_limits import NonceCache, RateLimiter
from app.domain.registration import Registration
from app.domain.search import PatternSearch
from app.domain.subscriptions import Subscriptions
from app.domain.tokens import Tokens
from app.domain.user_attributes import UserAttributes
from app.domain.users import Users
from app.services import Services
from app.settings import Settings
from app.storage.blocks import BlockStore
from app.storage.commands import CommandStore
from app.storage.database import Database
from app.storage.lock import InstanceLock
from app.storage.outbox import OutboxStore
from app.storage.subscriptions import SubscriptionStore
from app.storage.tokens import TokenStore
from app.storage.user_attributes import UserAttributeStore
from app.storage.users import UserStore
from app.webhooks.webhooks import Webhooks
from app.wire import error_handlers, logs
from app.wire.blueprints import blueprints
from app.wire.codecs import Codecs
from app.wire.dialect import Dialect
from app.wire.fast_path import FastPath, MatchOnlyRule
from app.wire.proxies import PathPrefix

#: Threads that are left to those who read while the database cannot be written.
RESERVED_THREADS = 2


def create_app(overrides: Mapping[str, object] | None = None, clock: Clock | None = None) -> Flask:
    """Build the application: settings, services, the blueprints of the dialects, the answers to failures.

    Starts no thread, opens no file of the instance folder but `config.py`, takes no lock: the first request
    does, or whoever calls `app.extensions["rollcall"].start()` before it. Raises SettingInvalid.
    """
    settings = settings_table.load(overrides)
    dialects = (*(dialect for dialect in VENDORS if dialect.name in settings.dialects), *BUILT_IN)
    services = _services(settings, dialects, clock or Clock())
    app = Flask(__name__, static_folder=None, instance_path=str(settings.instance.absolute()))
    # A double slash is another path, not one to be redirected: clients do not follow.
    app.url_map.merge_slashes = False
    app.url_rule_class = MatchOnlyRule
    # Flask makes the handler of everything that "app" and its modules log when its logger is first asked for.
    app.logger  # noqa: B018
    app.extensions["rollcall"] = services
    for blueprint in blueprints(dialects, services):
        app.register_blueprint(blueprint)
    app.register_blueprint(health.blueprint(services))
    app.register_blueprint(metrics.blueprint(services))
    for command in cli.main.commands.values():
        app.cli.add_command(command)
    error_handlers.register(app, dialects, services)
    logs.set_up(app.logger, settings.log_format, settings.log_requests)
    app.wsgi_app = FastPath(app)  # type: ignore[method-assign]
    _put_behind_proxies(app, settings)
    return app


def _put_behind_proxies(app: Flask, settings: Settings) -> None:
    proxies = settings.trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=0, x_host=0)  # type: ignore[method-assign]
    if settings.path_prefix:
        app.wsgi_app = PathPrefix(app.wsgi_app, settings.path_prefix)  # type: ignore[method-assign]


def _services(settings: Settings, dialects: tuple[Dialect, ...], clock: Clock) -> Services:
    # Who writes may never take all threads, whatever holds the writing up.
    database = Database(settings.database, max(settings.threads - RESERVED_THREADS, 1))
    user_store, token_store = UserStore(), TokenStore()
    command_store, subscription_store, attribute_store = (
        CommandStore(),
        SubscriptionStore(),
        UserAttributeStore(),
    )
    presence = Presence(clock, settings.presence_history)
    webhooks = Webhooks(settings, clock)
    openim = webhooks.openim
    events = Events(database, OutboxStore(), openim, openim.wanted_events(), clock)
    webhooks.connect(events, presence)
    users = Users(database, user_store, PatternSearch(), settings.admins, events, clock)
    policy, max_per_platform = settings.openim_multi_login_policy, settings.openim_max_num_one_end
    blocks = Blocks(database, BlockStore(), users, presence, clock)
    tokens = Tokens(
        database, token_store, presence, blocks, clock, policy=policy, max_per_platform=max_per_platform
    )
    heartbeats = Heartbeats(users, tokens, blocks, presence)
    gateways = Gateways(heartbeats, presence)
    services = Services(
        settings=settings,
        lock=InstanceLock(settings.lock),
        database=database,
        users=users,
        tokens=tokens,
        registration=Registration(database, user_store, token_store, users, tokens, events, clock),
        webhooks=webhooks,
        events=events,
        presence=presence,
        rate_limiter=RateLimiter(clock),
        nonces=NonceCache(),
        auth_throttle=AuthThrottle(clock),
        clock=clock,
        blocks=blocks,
        heartbeats=heartbeats,
        gateways=gateways,
        deletion=Deletion(
            database,
            user_store,
            (command_store, subscription_store, attribute_store),
            users,
            tokens,
            presence,
            gateways,
            clock,
        ),
        user_attributes=UserAttributes(database, attribute_store),
        commands=Commands(database, command_store, clock),
        subscriptions=Subscriptions(database, subscription_store, clock),
        metrics=metrics.Metrics() if settings.metrics and find_spec("prometheus_client") else None,
        codecs=Codecs([dialect.token_formats(settings) for dialect in dialects]),
        restricting_secrets=settings.restricting_secrets(),
    )
    if isinstance(services.metrics, metrics.Metrics):
        services.metrics.register(services)
    return services
