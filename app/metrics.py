"""What Prometheus may scrape at `/metrics`, where the library for it is installed (extra `metrics`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from app.errors import ServiceUnavailable
from app.wire import loopback, secrets

if TYPE_CHECKING:
    from app.services import Services

#: Upper ends of the histogram's buckets, in seconds.
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_BEARER = "Bearer "


class Metrics:
    """The counters of requests, and what is read off the services when somebody scrapes."""

    def __init__(self) -> None:
        """Raises ImportError where the library is missing."""
        import prometheus_client
        import prometheus_client.core

        self._library = prometheus_client
        self._registry = prometheus_client.CollectorRegistry()
        self._requests = prometheus_client.Counter(
            "rollcall_requests",
            "Requests by dialect, call and outcome: ok, or the kind of refusal.",
            ("dialect", "call", "outcome"),
            registry=self._registry,
        )
        self._seconds = prometheus_client.Histogram(
            "rollcall_request_seconds",
            "How long requests took.",
            ("dialect", "call"),
            registry=self._registry,
            buckets=BUCKETS,
        )
        # What labels() would look up under a lock each time.
        self._counters: dict[tuple[str, str, str], Any] = {}
        self._timers: dict[tuple[str, str], Any] = {}

    def observe(self, dialect: str, call: str, outcome: str, seconds: float) -> None:
        """Count a request that was answered."""
        counter = self._counters.get((dialect, call, outcome))
        if counter is None:
            counter = self._requests.labels(dialect, call, outcome)
            self._counters[(dialect, call, outcome)] = counter
        timer = self._timers.get((dialect, call))
        if timer is None:
            timer = self._timers[(dialect, call)] = self._seconds.labels(dialect, call)
        counter.inc()
        timer.observe(seconds)

    def register(self, services: Services) -> None:
        """Read these services when somebody scrapes."""
        self._registry.register(Collector(services, self._library))

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        scraped: bytes = self._library.generate_latest(self._registry)
        return scraped

    @property
    def content_type(self) -> str:
        """What the text is."""
        kind: str = self._library.CONTENT_TYPE_LATEST
        return kind


class Collector:
    """A collector that keeps nothing."""

    def __init__(self, services: Services, library: Any) -> None:
        self._services = services
        self._core = library.core

    def collect(self) -> Iterable[Any]:
        services, core = self._services, self._core
        yield core.CounterMetricFamily(
            "rollcall_registrations", "Users registered.", services.users.registrations_made.count
        )
        tokens = services.tokens
        yield core.CounterMetricFamily("rollcall_tokens_issued", "Tokens issued.", tokens.issued.count)
        yield core.CounterMetricFamily("rollcall_tokens_kicked", "Tokens cancelled.", tokens.revoked.count)
        yield from self._presence()
        database = services.database
        yield core.GaugeMetricFamily(
            "rollcall_writer_waiting", "Pieces of writing under way.", database.waiting
        )
        commits, operations = database.commits
        yield core.CounterMetricFamily("rollcall_writer_commits", "Commits.", commits)
        yield core.CounterMetricFamily("rollcall_writer_pieces", "Pieces that shared them.", operations)
        try:
            pending = services.events.count()
        except ServiceUnavailable:
            return
        yield core.GaugeMetricFamily("rollcall_outbox", "Events that have yet to be delivered.", pending)

    def _presence(self) -> Iterable[Any]:
        counts = self._services.presence.counts()
        online = self._core.GaugeMetricFamily(
            "rollcall_users_online", "Users online on a platform.", labels=["platform"]
        )
        for platform_id, users in counts.by_platform.items():
            online.add_metric([str(platform_id)], users)
        yield online
        yield self._core.GaugeMetricFamily(
            "rollcall_connections", "Connections that are online.", counts.connections
        )


def blueprint(services: Services) -> Blueprint:
    """Return the path, which is for this machine, and for who knows ROLLCALL_METRICS_KEY."""
    made = Blueprint("metrics", __name__)

    @made.get("/metrics")
    def metrics() -> Response:
        """Answer with all figures."""
        if services.metrics is None:
            return _plain("the extra `metrics` is not installed, or ROLLCALL_METRICS is 0\n", 404)
        if not _may_scrape(services):
            return _plain("from elsewhere, Authorization has to be Bearer ROLLCALL_METRICS_KEY\n", 403)
        return Response(services.metrics.text(), content_type=services.metrics.content_type)

    return made


def _may_scrape(services: Services) -> bool:
    if loopback.why_not_local(request.environ) is None:
        return True
    key, given = services.settings.metrics_key, request.headers.get("Authorization", "")
    address = request.remote_addr or ""
    if not key or services.auth_throttle.is_limited(address):
        return False
    is_right = secrets.is_one_of(given.removeprefix(_BEARER), [key])
    if given and not is_right:
        services.auth_throttle.record_failure(address)
    return is_right


def _plain(text: str, status: int) -> Response:
    return Response(text, status, content_type="text/plain; charset=utf-8")
