"""Commands for the server: run it, ask whether it is ready, make a secret for it."""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from pathlib import Path
from typing import Any

import click

from ..dialects import load_settings

#: Random bytes of a secret. Encoded, it has 32 characters, the maximum that OpenIM v2 accepts.
SECRET_BYTES = 24


@click.command()
@click.option("--bind", metavar="HOST:PORT", help="address to listen on; default: ROLLCALL_BIND")
@click.option("--port", type=click.IntRange(0, 65535), help="port to listen on; 0 takes a free one")
@click.option("--instance", type=click.Path(file_okay=False, path_type=Path), help="folder of the data")
@click.option(
    "--seed",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="file with users for an empty database and after each reset",
)
def serve(bind: str | None, port: int | None, instance: Path | None, seed: Path | None) -> None:
    """Run the server. Prints its address on stdout when it listens; the log goes to stderr."""
    if bind is not None and port is not None:
        raise click.UsageError("give --bind or --port, not both")
    if instance is not None:
        os.environ["ROLLCALL_INSTANCE"] = str(instance)
    if seed is not None:
        os.environ["ROLLCALL_SEED"] = str(seed)
    if port is not None:
        host = load_settings().bind.rpartition(":")[0]
        bind = f"{host or '127.0.0.1'}:{port}"
    if bind is not None:
        os.environ["ROLLCALL_BIND"] = bind
    load_settings()
    # Imported here because no other command needs gunicorn.
    from ..serving import Server

    Server(_print_address).run()


def _print_address(arbiter: Any) -> None:
    for listener in arbiter.LISTENERS:
        click.echo(str(listener))


@click.command()
def secret() -> None:
    """Print a new random secret. It is valid for every setting that takes one."""
    click.echo(secrets.token_urlsafe(SECRET_BYTES))


@click.command()
@click.option("--url", help="base URL of the server; default: from ROLLCALL_BIND and ROLLCALL_PATH_PREFIX")
@click.option("--wait", default=0.0, metavar="SECONDS", help="retry for up to this long until it is ready")
def health(url: str | None, wait: float) -> None:
    """Print the server's readiness as JSON. Exit status 1 if it is not ready."""
    settings = load_settings()
    address = url or settings.address
    deadline = time.monotonic() + wait
    while True:
        ready, answer = _ready(f"{address.rstrip('/')}/readyz")
        if ready or time.monotonic() >= deadline:
            break
        time.sleep(0.1)
    click.echo(answer)
    if not ready:
        sys.exit(1)


def _ready(url: str) -> tuple[bool, str]:
    # Imported here because it is slow to import and the server never needs it.
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return True, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return False, error.read().decode("utf-8", "replace")
    except (OSError, ValueError) as error:
        return False, json.dumps({"status": "unreachable", "url": url, "reason": str(error)})
