"""How gunicorn serves Rollcall: one worker with threads, because presence lives in one process.

`configuration` returns gunicorn's settings; gunicorn.conf.py and `rollcall serve` use it. Options on
gunicorn's command line override it, except those that would start a second worker. HUP reloads the settings;
new code takes a restart.
"""

from __future__ import annotations

import functools
import gc
import logging
import os
import resource
import select
import socket
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]
from gunicorn.http.parser import RequestParser  # type: ignore[import-untyped]

from .. import create_app
from ..dialects import load_settings
from ..errors import SettingInvalid, StartupError
from ..http.loopback import is_loopback
from ..logs import JsonLines
from ..services import Services
from ..settings import Settings
from .request_head import BoundedRequest

Address = tuple[Any, ...] | str | bytes

#: The limit of open files to request, and how many to keep free of connections: a worker that runs out of
#: file descriptors dies.
_OPEN_FILES, _RESERVED_FILES = 20_000, 256
_MIN_CONNECTIONS, _MAX_CONNECTIONS = 64, 10_000
#: Seconds to finish requests when the worker stops, and then to close the database.
_GRACE, _CLOSING = 10, 4
#: Environment variables by which systemd, or an older gunicorn, passes open sockets on.
_INHERITED = {"LISTEN_FDS", "GUNICORN_FD"}
_OWN_WORKER = "rollcall_server.serving.worker.Worker"
#: gunicorn's exit status for "do not try again" (gunicorn/arbiter.py).
_WORKER_BOOT_ERROR = 3


class JsonLogger(Logger):  # type: ignore[misc]
    """A gunicorn logger that writes lines of JSON."""

    def setup(self, cfg: Any) -> None:
        """Set up the log. Raises RuntimeError for --statsd-host."""
        if cfg.statsd_host:
            raise RuntimeError(
                "--statsd-host does not go with ROLLCALL_LOG_FORMAT=json; there is GET /metrics."
            )
        super().setup(cfg)
        for handler in self.error_log.handlers + self.access_log.handlers:
            # Leave the handlers of a logging configuration file and of syslog alone.
            if getattr(handler, "_gunicorn", False) and isinstance(handler, logging.StreamHandler):
                handler.setFormatter(JsonLines())


def configuration(settings: Settings) -> Mapping[str, object]:
    """Return gunicorn's settings."""
    found: dict[str, object] = {
        "bind": settings.bind,
        "worker_class": _worker_class(),
        "threads": settings.threads,
        "worker_connections": _worker_connections(),
        # Longer than clients and proxies keep an idle connection, so that they close it and not the server.
        "keepalive": 65,
        "graceful_timeout": _GRACE + _CLOSING,
        # A worker that waits for clients to close their connections (two seconds each) is not hung, and
        # killing it would lose presence.
        "timeout": 300,
        # ROLLCALL_TRUSTED_PROXIES decides which proxies are trusted, and no header may set the mount point.
        "forwarded_allow_ips": "",
        "forwarder_headers": "",
        "secure_scheme_headers": {},
        "control_socket_disable": True,
        "proc_name": "rollcall",
        "nworkers_changed": nworkers_changed,
        "on_starting": on_starting,
        "post_fork": post_fork,
        "post_worker_init": post_worker_init,
        "worker_exit": worker_exit,
    }
    if settings.log_format == "json":
        found["logger_class"] = JsonLogger
    return found


def _worker_class() -> str:
    """Return Rollcall's worker; where the system lacks epoll, gunicorn's, with a warning."""
    if hasattr(select, "epoll"):
        return _OWN_WORKER
    print(
        "Warning: this system has no epoll, so slow clients occupy the threads of Rollcall", file=sys.stderr
    )
    return "gthread"


def load_configuration() -> Mapping[str, object]:
    """Return gunicorn's settings; exit with a one-line message if Rollcall's are invalid."""
    try:
        return configuration(load_settings())
    except StartupError as error:
        sys.exit(f"rollcall: {error}")


def _worker_connections() -> int:
    """Raise the limit of open files; return how many connections fit. Idle ones take no thread."""
    files, max_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files < _OPEN_FILES:
        files = _OPEN_FILES if max_files == resource.RLIM_INFINITY else min(_OPEN_FILES, max_files)
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, max_files))
    return min(max(files - _RESERVED_FILES, _MIN_CONNECTIONS), _MAX_CONNECTIONS)


class Server(BaseApplication):  # type: ignore[misc]
    """The gunicorn server of `rollcall serve`, which needs no configuration file."""

    def __init__(self, when_ready: Callable[[Any], None]) -> None:
        """Call `when_ready` with the arbiter as soon as the sockets are open."""
        self._when_ready = when_ready
        super().__init__()

    def load_config(self) -> None:
        """Read Rollcall's settings, at the start and on HUP."""
        for name, value in load_configuration().items():
            self.cfg.set(name, value)
        self.cfg.set("when_ready", self._when_ready)

    def load(self) -> Any:
        """Build the application; gunicorn calls this in the worker."""
        return create_app()


def nworkers_changed(server: Any, new_value: int, old_value: int | None) -> None:
    """Refuse a second worker (-w, WEB_CONCURRENCY, SIGTTIN). Raises RuntimeError at the start."""
    if new_value <= 1:
        return
    sentence = (
        f"Rollcall has one worker, not {new_value}: who is online is kept in one process. "
        "Give it threads instead (ROLLCALL_THREADS)."
    )
    if old_value is None:
        raise RuntimeError(sentence)
    server.log.error(sentence)
    server.num_workers = 1


def on_starting(server: Any) -> None:
    """Check the settings now and before each reload.

    Raises RuntimeError for options that the worker lacks, if weak secrets are exposed, and if the server
    cannot listen.
    """
    cfg = server.cfg
    reason = _unsupported(cfg) or _exposure(load_settings(), cfg.address) or _why_not_free(cfg)
    if reason:
        raise RuntimeError(reason)
    server.handle_hup = functools.partial(_reload_if_valid, server, server.handle_hup)


def _unsupported(cfg: Any) -> str:
    """Return why the worker cannot serve as gunicorn's options ask; empty if it can."""
    asked = {
        "--certfile and --keyfile": cfg.is_ssl,
        "--protocol": cfg.protocol != "http",
        "--proxy-protocol": cfg.proxy_protocol != "off",
        "--http2-cleartext": cfg.http2_cleartext != "off",
    }
    options = [option for option, is_asked in asked.items() if is_asked]
    if not options or cfg.worker_class_str != _OWN_WORKER:
        return ""
    return (
        f"Rollcall's worker reads plain HTTP/1.1, so it does not go with {options[0]}: put a proxy in "
        "front of it (deploy/nginx.conf), or start gunicorn with -k gthread, which slow clients can stop."
    )


def _exposure(settings: Settings, addresses: Iterable[Address]) -> str:
    """Return why the settings forbid listening on these addresses; empty if they do not."""
    exposed = [address for address in addresses if not _is_local(address)]
    restricting = settings.restricting_secrets()
    if not exposed or not restricting:
        return ""
    return (
        f"Rollcall does not listen on {_format(exposed[0])} with the documented or short secret in "
        f"{', '.join(restricting)}: set secrets of your own (16 characters or more), or "
        "ROLLCALL_ALLOW_DOCUMENTED_SECRETS=1 if that address cannot be reached from elsewhere."
    )


def _format(address: Address) -> str:
    return ":".join(map(str, address[:2])) if isinstance(address, tuple) else str(address)


def _is_local(address: Address) -> bool:
    return isinstance(address, tuple) and is_loopback(str(address[0]))


def _why_not_free(cfg: Any) -> str:
    """Return why the server cannot listen; empty if it can. gunicorn would try for five seconds."""
    if cfg.reuse_port or not _INHERITED.isdisjoint(os.environ):
        return ""
    for address in cfg.address:
        try:
            _try_to_bind(address)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            return f"Rollcall cannot listen on {_format(address)} (ROLLCALL_BIND or -b): {reason}"
    return ""


def _try_to_bind(address: Address) -> None:
    """Bind an address and free it again. Raises OSError or OverflowError."""
    if isinstance(address, tuple):
        with socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)


def _reload_if_valid(server: Any, reload: Callable[[], None]) -> None:
    """Reload if the settings are valid; gunicorn would exit on an error in `config.py`."""
    try:
        load_settings()
    except SettingInvalid as error:
        server.log.error("not reloaded, the old settings stay in force: %s", error)
    else:
        reload()


def post_fork(server: Any, worker: Any) -> None:
    """Pin the worker to one core, where its threads do not contend for the interpreter lock."""
    if load_settings().pin_to_one_core and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[os.getpid() % len(cores)]})


def post_worker_init(worker: Any) -> None:
    """Start the services before the first request; a reload first waits for the old worker to stop."""
    RequestParser.mesg_class = BoundedRequest
    services = _services(worker)
    if services is None:
        return
    addresses = [listener.getsockname() for listener in worker.sockets]
    # The sockets may differ from the settings: inherited from systemd, or kept across a reload.
    exposure = _exposure(services.settings, addresses)
    if exposure:
        _end(worker, exposure)
    services.webhooks.serve_others(not all(map(_is_local, addresses)))
    # An old worker that hangs is killed after `timeout`.
    timeout = max(worker.cfg.graceful_timeout, worker.cfg.timeout) + 5
    try:
        services.start(worker.ppid, timeout, worker.notify)
    except StartupError as error:
        _end(worker, str(error))
    # The master kills the worker after graceful_timeout, so keep some of it back: the worker looks for idle
    # clients once a second, waits up to two for a connection to close, and then closes the database.
    grace = worker.cfg.graceful_timeout
    worker.cfg.settings["graceful_timeout"].value = grace - min(_CLOSING, grace / 2)
    # Everything built so far lives as long as the worker; exempt it from garbage collection.
    gc.collect()
    services.presence.show_to_collector()
    gc.freeze()
    _log_start(worker, services.settings)


def _end(worker: Any, reason: str) -> None:
    worker.log.critical("rollcall: %s", reason)
    sys.exit(_WORKER_BOOT_ERROR)


def _log_start(worker: Any, settings: Settings) -> None:
    addresses = ", ".join(map(str, worker.sockets))
    worker.log.info("Rollcall speaks %s at %s", ", ".join(settings.dialects), addresses)
    worker.log.info("Rollcall keeps its data in %s", settings.instance.absolute())
    weak = settings.weak_secrets()
    if weak:
        served = "all machines" if settings.allow_documented_secrets else "this machine only"
        worker.log.warning("Documented or short secrets in %s: serving %s", ", ".join(weak), served)


def worker_exit(server: Any, worker: Any) -> None:
    """Stop the services."""
    services = _services(worker)
    if services is not None:
        services.stop()


def _services(worker: Any) -> Services | None:
    """Return the services of the worker's application; None if it is not loaded or is not Rollcall."""
    extensions = getattr(getattr(worker, "wsgi", None), "extensions", {})
    found = extensions.get("rollcall")
    return found if isinstance(found, Services) else None
