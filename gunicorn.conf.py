"""How gunicorn serves Rollcall: one worker with threads, because presence lives in one process.

gunicorn loads this file by itself from the folder in which it is started. What the command line says wins
over it, except where the line would start a second worker.
"""

import os
import sys

from app.errors import StartRefused
from app.settings import load
from app.wire.loopback import is_loopback

try:
    _settings = load()
except StartRefused as error:
    sys.exit(f"rollcall: {error}")
_restricting = _settings.restricting_secrets()
# A worker imports the code that is on the disk when it starts, so that a reload (HUP) brings new code; what
# the master has imported would be inherited instead.
for _name in [name for name in sys.modules if name == "app" or name.startswith("app.")]:
    del sys.modules[_name]

bind = _settings.bind
worker_class = "gthread"
threads = _settings.threads
# Longer than clients and proxies keep an idle connection, so that they close it and not we under them.
keepalive = 65
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
    """Refuse to be reachable from elsewhere with secrets that everybody knows."""
    exposed = [address for address in server.cfg.address if not _is_own(address)]
    if exposed and _restricting:
        raise RuntimeError(
            f"Rollcall does not listen on {_worded(exposed[0])} with the documented or short secret in "
            f"{', '.join(_restricting)}: set secrets of your own (16 characters or more), or "
            "ROLLCALL_ALLOW_DOCUMENTED_SECRETS=1 if nobody else can reach that address."
        )


def _worded(address):
    return ":".join(map(str, address)) if isinstance(address, tuple) else str(address)


def _is_own(address):
    return isinstance(address, tuple) and is_loopback(address[0])


def post_fork(server, worker):
    """Keep the worker on one core, where its threads do not fight over the interpreter lock."""
    if _settings.one_core and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[os.getpid() % len(cores)]})


def post_worker_init(worker):
    """Open the instance before the first request; on a reload, wait for the old worker to let it go."""
    services = _services(worker)
    if services is None:
        return
    from app.errors import StartRefused  # the worker's own class, not the one that was dropped above

    try:
        services.start(worker.ppid, worker.cfg.graceful_timeout + 5, worker.notify)
    except StartRefused as error:
        worker.log.critical("rollcall: %s", error)
        sys.exit(_WORKER_BOOT_ERROR)
    _banner(worker, services.settings)


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
