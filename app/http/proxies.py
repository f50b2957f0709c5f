"""Rollcall behind proxies: the client's address, and a path prefix that they pass on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Application = Callable[["WSGIEnvironment", "StartResponse"], Iterable[bytes]]


class ForwardedFor:
    """WSGI middleware that takes the client's address from `X-Forwarded-For`, if a trusted proxy sent it.

    A client that reaches the server directly could otherwise invent an address for each wrong secret.
    """

    def __init__(
        self, application: Application, proxies: int, networks: Sequence[IPv4Network | IPv6Network]
    ) -> None:
        """Take the number of proxies that append to the header, and the networks of the last one."""
        self._application = application
        self._proxies = proxies
        self._networks = networks
        self._is_proxy = lru_cache(256)(self._is_in_networks)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Replace the address of a proxy by the client's; empty if the header has too few addresses."""
        forwarded = environ.get("HTTP_X_FORWARDED_FOR")
        if forwarded is not None and self._is_proxy(environ.get("REMOTE_ADDR", "")):
            addresses = forwarded.split(",")[-self._proxies :]
            environ["REMOTE_ADDR"] = addresses[0].strip() if len(addresses) == self._proxies else ""
        return self._application(environ, start_response)

    def _is_in_networks(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            # A Unix socket: its file's permissions say who may connect.
            return True
        parsed = getattr(parsed, "ipv4_mapped", None) or parsed
        return any(parsed in network for network in self._networks)


class PathPrefix:
    """WSGI middleware that serves only the paths below a prefix."""

    def __init__(self, application: Application, prefix: str) -> None:
        self._application = application
        self._prefix = prefix

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Strip the prefix; answer 404 to paths without it."""
        path = environ.get("PATH_INFO", "")
        if not path.startswith(self._prefix + "/"):
            headers = [("Content-Type", "text/plain"), ("Content-Length", "18")]
            start_response("404 Not Found", headers)
            return [b"404 page not found"]
        environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + self._prefix
        environ["PATH_INFO"] = path.removeprefix(self._prefix)
        return self._application(environ, start_response)
