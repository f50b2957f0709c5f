"""A curl command that sends a request again, quoted for a POSIX shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

#: Headers that curl or the connection sets anew.
_LEFT_OUT = {"host", "content-length", "connection", "accept-encoding", "transfer-encoding", "expect"}
#: What printf would not print as it is: control characters, bytes beyond ASCII, % and the backslash.
_NOT_PRINTED = re.compile(rb"^-|[^\x20-\x24\x26-\x5b\x5d-\x7e]")


def command(method: str, url: str, headers: Sequence[tuple[str, str]], body: bytes) -> str:
    """Return a command; a body that is not plain text is piped into it."""
    if method == "HEAD":
        body = b""
    parts = ["curl", "-sS", "--globoff", "--path-as-is"]
    if method == "HEAD":
        parts.append("--head")
    elif method != ("POST" if body else "GET"):
        parts += ["-X", method]
    parts.append(url)
    for name, value in headers:
        if name.lower() not in _LEFT_OUT:
            # With a colon, curl would not send a header without a value.
            parts += ["-H", f"{name}: {value}" if value.strip() else f"{name};"]
    if body and not any(name.lower() == "content-type" for name, _ in headers):
        # curl would add one.
        parts += ["-H", "Content-Type:"]
    line = " ".join(map(shlex.quote, parts))
    if not body:
        return line
    if _is_text(body):
        return f"{line} --data-raw {shlex.quote(body.decode())}"
    return f"printf {shlex.quote(_escaped(body))} | {line} --data-binary @-"


def _is_text(body: bytes) -> bool:
    """Return whether a body is UTF-8 without control characters."""
    try:
        return body.decode().isprintable()
    except UnicodeDecodeError:
        return False


def _escaped(body: bytes) -> str:
    """Return a format for printf that prints a body."""
    return _NOT_PRINTED.sub(lambda found: b"\\%03o" % found[0][0], body).decode()
