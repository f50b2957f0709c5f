"""Prometheus metrics at `/metrics`, if the extra `metrics` is installed."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any

from flask import Blueprint, Response, request

from ..domain.auth_throttle import is_one_of
from ..errors import ServiceUnavailable
from ..http import loopback, responses
from ..http.dispatch import Exchange
from ..services import Services

#: Upper bounds of the histogram's buckets, in seconds.
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_BEARER = "Bearer "


def recorder(services: Services) -> MetricsRecorder | None:
    """Return the recorder; None if metrics are switched off or the library is missing."""
    if not services.settings.metrics or find_spec("prometheus_client") is None:
        return None
    return MetricsRecorder(services)


class MetricsRecorder:
    """The counters of requests, and the metrics that are read from the services on demand."""

    def __init__(self, services: Services) -> None:
        """Raise ImportError if the library is missing."""
        import prometheus_client
        import prometheus_client.core

        self._library = prometheus_client
        self._registry = prometheus_client.CollectorRegistry()
        self._requests = prometheus_client.Counter(
            "rollcall_requests",
            "Requests by dialect, call and outcome: ok, or the name of the error.",
            ("dialect", "call", "outcome"),
            registry=self._registry,
        )
        self._seconds = prometheus_client.Histogram(
            "rollcall_request_seconds",
            "Duration of requests.",
            ("dialect", "call"),
            registry=self._registry,
            buckets=BUCKETS,
        )
        # A cache, because labels() takes a lock for each lookup.
        self._counters: dict[tuple[str, str, str], Any] = {}
        self._timers: dict[tuple[str, str], Any] = {}
        self._registry.register(_Collector(services, prometheus_client.core))

    def observe(self, exchange: Exchange) -> None:
        """Count a request."""
        dialect, call, outcome = exchange.dialect_name, exchange.endpoint.path, exchange.outcome
        counter = self._counters.get((dialect, call, outcome))
        if counter is None:
            counter = self._requests.labels(dialect, call, outcome)
            self._counters[(dialect, call, outcome)] = counter
        timer = self._timers.get((dialect, call))
        if timer is None:
            timer = self._timers[(dialect, call)] = self._seconds.labels(dialect, call)
        counter.inc()
        timer.observe(exchange.seconds)

    def scrape(self) -> Response:
        """Answer with all metrics in Prometheus' text format."""
        text: bytes = self._library.generate_latest(self._registry)
        return Response(text, content_type=self._library.CONTENT_TYPE_LATEST)


class _Collector:
    """A collector that reads the services' own counters."""

    def __init__(self, services: Services, core: Any) -> None:
        self._services = services
        self._core = core

    def collect(self) -> Iterable[Any]:
        services, core = self._services, self._core
        yield core.CounterMetricFamily(
            "rollcall_registrations", "Users registered.", services.storage.users.added
        )
        tokens = services.storage.tokens
        yield core.CounterMetricFamily("rollcall_tokens_issued", "Tokens issued.", tokens.issued)
        yield core.CounterMetricFamily("rollcall_tokens_kicked", "Tokens revoked.", tokens.revoked)
        yield from self._presence()
        writer = services.storage.database.writer
        yield core.GaugeMetricFamily("rollcall_writer_waiting", "Write operations under way.", writer.waiting)
        yield core.CounterMetricFamily("rollcall_writer_commits", "Commits.", writer.commits)
        yield core.CounterMetricFamily(
            "rollcall_writer_operations", "Write operations that shared them.", writer.operations
        )
        try:
            totals = services.events.totals()
        except ServiceUnavailable:
            return
        yield core.GaugeMetricFamily(
            "rollcall_outbox", "Events that have yet to be delivered.", totals.entries
        )
        yield core.GaugeMetricFamily("rollcall_outbox_bytes", "Their bytes.", totals.bytes)
        yield core.GaugeMetricFamily(
            "rollcall_outbox_used_ratio",
            "Share of the limit of events or bytes that is used, if larger; at 1 the oldest are dropped.",
            services.events.limits.share(totals),
        )
        yield core.CounterMetricFamily(
            "rollcall_outbox_dropped", "Events dropped because the outbox was full.", totals.dropped
        )

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


def blueprint(services: Services, recorder: MetricsRecorder | None) -> Blueprint:
    """Return the blueprint of the path, for this machine, and for others with ROLLCALL_METRICS_KEY."""
    made = Blueprint("metrics", __name__)

    @made.get("/metrics")
    def metrics() -> Response:
        """Answer with all metrics."""
        if recorder is None:
            return _plain("the extra `metrics` is not installed, or ROLLCALL_METRICS is 0\n", 404)
        if not _may_scrape(services):
            return _plain("from elsewhere, Authorization has to be Bearer ROLLCALL_METRICS_KEY\n", 403)
        return recorder.scrape()

    return made


def _may_scrape(services: Services) -> bool:
    address = loopback.throttled_address(request.environ)
    if address is None:
        return True
    key, given = services.settings.metrics_key, request.headers.get("Authorization", "")
    if not key or services.auth_throttle.is_limited(address):
        return False
    is_right = is_one_of(given.removeprefix(_BEARER), [key])
    if given and not is_right:
        services.auth_throttle.record_failure(address)
    return is_right


def _plain(text: str, status: int) -> Response:
    return responses.plain(text, status).to_response()
