"""How gunicorn serves Rollcall: one worker with threads, because presence lives in one process.

gunicorn loads this file by itself from the folder in which it is started. What the command line says wins
over it, except where the line would start a second worker.
"""

import functools
import gc
import logging
import os
import resource
import subprocess
import sys

from gunicorn.glogging import Logger

from app.errors import StartupError
from app.settings import load
from app.wire.logs import JsonLines
from app.wire.loopback import is_loopback

try:
    _settings = load()
except StartupError as error:
    sys.exit(f"rollcall: {error}")
_restricting = _settings.restricting_secrets()
# A worker imports the code that is on the disk when it starts, so that a reload (HUP) brings new code; what
# the master has imported would be inherited instead.
for _name in [name for name in sys.modules if name == "app" or name.startswith("app.")]:
    del sys.modules[_name]


class JsonLogger(Logger):
    """gunicorn's own messages as lines of JSON, like Rollcall's."""

    def setup(self, cfg):
        """Set the log up as the options say. Raises RuntimeError."""
        if cfg.statsd_host:
            raise RuntimeError(
                "--statsd-host does not go with ROLLCALL_LOG_FORMAT=json; there is GET /metrics."
            )
        super().setup(cfg)
        for handler in self.error_log.handlers + self.access_log.handlers:
            # Not one of a logging configuration that somebody brings, nor syslog's.
            if getattr(handler, "_gunicorn", False) and isinstance(handler, logging.StreamHandler):
                handler.setFormatter(JsonLines())


if _settings.log_format == "json":
    logger_class = JsonLogger
bind = _settings.bind
worker_class = "gthread"
threads = _settings.threads
# A client that keeps its connection takes a file descriptor and no thread. As many are kept as there may be
# open files, some of which the server needs for itself: running out of them would end the worker.
_files, _most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
if _files < 20_000:
    _files = 20_000 if _most_files == resource.RLIM_INFINITY else min(20_000, _most_files)
    resource.setrlimit(resource.RLIMIT_NOFILE, (_files, _most_files))
worker_connections = min(max(_files - 256, 64), 10_000)
# Longer than clients and proxies keep an idle connection, so that they close it and not we under them.
keepalive = 65
# Nothing takes long here, so who is still in the middle of a request after ten seconds is not going to end
# it. Nobody is served meanwhile when it is a reload. The rest of the time is for closing.
_CLOSING = 4
graceful_timeout = 10 + _CLOSING
# A worker that lingers over connections whose clients do not close them (two seconds each) is not hung, and
# killing it would lose who is online.
timeout = 300
# ROLLCALL_TRUSTED_PROXIES says whom to believe about the client, and nobody says where we are mounted.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers = {}
control_socket_disable = True
proc_name = "rollcall"

_WORKER_BOOT_ERROR = 3  # gunicorn's mark for "do not try again" (gunicorn/arbiter.py)


def nworkers_changed(server, new_value, old_value):
    """Refuse a second worker, whoever asks for it: -w, WEB_CONCURRENCY or SIGTTIN."""
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


def on_starting(server):
    """Refuse to be reachable from elsewhere with secrets that everybody knows; make reloading safe."""
    exposure = _exposure(server.cfg.address)
    if exposure:
        raise RuntimeError(exposure)
    server.handle_hup = functools.partial(_reload_if_sound, server, server.handle_hup)


def _exposure(addresses):
    """Say what is wrong with listening on the addresses; nothing if nothing is."""
    exposed = [address for address in addresses if not _is_own(address)]
    if not exposed or not _restricting:
        return ""
    return (
        f"Rollcall does not listen on {_worded(exposed[0])} with the documented or short secret in "
        f"{', '.join(_restricting)}: set secrets of your own (16 characters or more), or "
        "ROLLCALL_ALLOW_DOCUMENTED_SECRETS=1 if nobody else can reach that address."
    )


def _worded(address):
    return ":".join(map(str, address[:2])) if isinstance(address, tuple) else str(address)


def _is_own(address):
    return isinstance(address, tuple) and is_loopback(address[0])


def _reload_if_sound(server, reload):
    """Reload if what is on the disk loads; gunicorn would end over a slip of the pen in `config.py`."""
    command = [sys.executable, "-m", "gunicorn", "--check-config", *sys.argv[1:]]
    check = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if check.returncode:
        server.log.error("not reloaded, the old code and settings go on: %s", check.stderr.strip())
    else:
        reload()


def post_fork(server, worker):
    """Keep the worker on one core, where its threads do not fight over the interpreter lock."""
    if _settings.pin_to_one_core and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[os.getpid() % len(cores)]})


def post_worker_init(worker):
    """Open the instance before the first request; on a reload, wait for the old worker to let it go."""
    # The sockets may be others than the settings say: handed down by systemd, or kept over a reload.
    exposure = _exposure(listener.getsockname() for listener in worker.sockets)
    if exposure:
        _give_up(worker, exposure)
    services = _services(worker)
    if services is None:
        return
    services.webhooks.on_loopback = all(_is_own(listener.getsockname()) for listener in worker.sockets)
    # An old worker that hangs is killed after `timeout`.
    patience = max(worker.cfg.graceful_timeout, worker.cfg.timeout) + 5
    try:
        services.start(worker.ppid, patience, worker.notify)
    except services.Refused as error:
        _give_up(worker, error)
    # The master kills who is still there then. A worker looks at its clients once a second, lingers for up to
    # two over a connection that it closes, and has a database to close.
    grace = worker.cfg.graceful_timeout
    worker.cfg.settings["graceful_timeout"].value = grace - min(_CLOSING, grace / 2)
    # What is there now stays, so the garbage collector need not walk through it again and again.
    gc.collect()
    services.presence.show_to_collector()
    gc.freeze()
    _banner(worker, services.settings)


def _give_up(worker, reason):
    worker.log.critical("rollcall: %s", reason)
    sys.exit(_WORKER_BOOT_ERROR)


def _banner(worker, settings):
    addresses = ", ".join(map(str, worker.sockets))
    worker.log.info("Rollcall speaks %s at %s", ", ".join(settings.dialects), addresses)
    worker.log.info("Rollcall keeps its data in %s", settings.instance.absolute())
    weak = settings.weak_secrets()
    if weak:
        served = "everybody" if settings.allow_documented_secrets else "this machine only"
        worker.log.warning("Documented or short secrets in %s: serving %s", ", ".join(weak), served)


def worker_exit(server, worker):
    """Finish the waiting writes, close the database, let the instance folder go."""
    services = _services(worker)
    if services is not None:
        services.stop()


def _services(worker):
    """Return the services of the application that the worker has loaded, if it has and if it is Rollcall."""
    return getattr(getattr(worker, "wsgi", None), "extensions", {}).get("rollcall")
