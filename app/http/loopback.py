"""Check whether a request comes from this machine; no others are served with documented or short secrets.

A web page in a browser on this machine can send requests too, so the address alone does not suffice: Host and
Origin must name this machine as well. An absolute request target replaces the Host (RFC 9112, 3.2.2), so the
host in it counts too.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

#: Headers that proxies add to the requests that they forward.
_FORWARDING = frozenset(
    "HTTP_" + name
    for name in (
        "CF_CONNECTING_IP",
        "FASTLY_CLIENT_IP",
        "FORWARDED",
        "TRUE_CLIENT_IP",
        "VIA",
        "X_CLIENT_IP",
        "X_CLUSTER_CLIENT_IP",
        "X_FORWARDED",
        "X_FORWARDED_FOR",
        "X_FORWARDED_HOST",
        "X_FORWARDED_PORT",
        "X_FORWARDED_PREFIX",
        "X_FORWARDED_PROTO",
        "X_FORWARDED_PROTOCOL",
        "X_FORWARDED_SCHEME",
        "X_FORWARDED_SERVER",
        "X_FORWARDED_SSL",
        "X_ORIGINAL_FORWARDED_FOR",
        "X_REAL_IP",
    )
)


def why_not_local(environ: Mapping[str, Any]) -> str | None:
    """Return why a request may come from another machine; None if it does not."""
    if not is_loopback(environ.get("REMOTE_ADDR", "")):
        return "the request comes from another machine"
    if not _FORWARDING.isdisjoint(environ):
        return "the request was forwarded by a proxy"
    if not _is_own_host(environ.get("HTTP_HOST", "")):
        return "the request's Host is not this machine"
    if not _is_own_target(environ.get("RAW_URI", "/")):
        return "the request's target is not this machine"
    if not _is_own_origin(environ.get("HTTP_ORIGIN")):
        return "the request's Origin is not this machine"
    return None


def throttled_address(environ: Mapping[str, Any]) -> str | None:
    """Return the address to count wrong secrets under: the client's; None if the request is local."""
    return None if why_not_local(environ) is None else str(environ.get("REMOTE_ADDR") or "")


@lru_cache(256)
def is_loopback(host: str) -> bool:
    """Return whether an address or name, without a port, means this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


@lru_cache(256)
def _is_own_host(value: str) -> bool:
    return is_loopback(host_of("//" + value))


def _is_own_target(target: str) -> bool:
    """Return whether a request target is a path, the `*` of OPTIONS or a URL of this machine."""
    return target.startswith("/") or target == "*" or is_loopback(host_of(target))


@lru_cache(256)
def _is_own_origin(value: str | None) -> bool:
    return value is None or (value.startswith(("http://", "https://")) and is_loopback(host_of(value)))


def host_of(url: str) -> str:
    """Return the host of a URL in lower case, without a port; empty if it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
