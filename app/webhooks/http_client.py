"""POST one request to a permitted address, within a time limit.

The limit covers everything from name resolution to the last byte of the response, so a slow receiver times
out like a silent one. Redirects are not followed, and connections are not reused.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, NamedTuple
from urllib.parse import urlsplit

#: Maximum bytes of a response.
MAX_RESPONSE_BYTES = 1024 * 1024
# IPv6 prefixes that embed IPv4 addresses (RFC 6052).
_TRANSLATED = ip_network("64:ff9b::/96")
_LOCAL_TRANSLATED = ip_network("64:ff9b:1::/48")
_COMPATIBLE = ip_network("::/96")
_PROTOCOLS = ip_network("192.0.0.0/24")


class DeliveryFailed(Exception):
    """There was no usable response; the text says why, without the address."""


class HttpResponse(NamedTuple):
    """The response of a receiver."""

    status: int
    body: bytes


class HttpClient:
    """A thread-safe client whose requests can be aborted."""

    def __init__(self, allow_private: bool) -> None:
        #: Whether to send to addresses that are not public.
        self.allow_private = allow_private
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._stopped = False

    def start(self) -> None:
        """Allow requests again after a stop."""
        self._stopped = False

    def stop(self) -> None:
        """Abort the requests in progress, and refuse new ones."""
        with self._lock:
            self._stopped = True
            for each in self._sockets:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def post(self, url: str, headers: Mapping[str, str], body: bytes, seconds: float) -> HttpResponse:
        """Send a request and return the response. Raises DeliveryFailed."""
        deadline = time.monotonic() + seconds
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            with self._connected(url, deadline) as connected:
                connection = http.client.HTTPConnection(parts.netloc)
                connection.sock = connected
                connection.request("POST", target, body, {**headers, "Connection": "close"})
                response = connection.getresponse()
                data = response.read(MAX_RESPONSE_BYTES + 1)
        except TimeoutError as error:
            raise DeliveryFailed(f"no answer within {seconds:g} s") from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            # http.client raises ValueError for some bad responses, the resolver for some names.
            raise DeliveryFailed(f"{type(error).__name__}: {error}") from error
        if len(data) > MAX_RESPONSE_BYTES:
            raise DeliveryFailed("the answer is too large")
        return HttpResponse(response.status, data)

    @contextlib.contextmanager
    def _connected(self, url: str, deadline: float) -> Iterator[Any]:
        parts = urlsplit(url)
        host = parts.hostname or ""
        is_secured = parts.scheme == "https"
        with contextlib.ExitStack() as stack:
            connected = self._open(host, parts.port or (443 if is_secured else 80), deadline, stack)
            if is_secured:
                connected.settimeout(_left(deadline))
                connected = ssl.create_default_context().wrap_socket(
                    connected, server_hostname=host, do_handshake_on_connect=False
                )
                stack.enter_context(connected)
                stack.enter_context(self._abortable(connected))
                connected.do_handshake()
            yield _Bounded(connected, deadline)

    def _open(self, host: str, port: int, deadline: float, stack: contextlib.ExitStack) -> socket.socket:
        """Connect to the first permitted address of a host that accepts the connection."""
        failure: OSError | DeliveryFailed = DeliveryFailed("the name has no address")
        for family, kind, protocol, _, address in _resolved(host, port, deadline):
            if not (self.allow_private or is_public(str(address[0]))):
                failure = DeliveryFailed(
                    "the address is private, and ROLLCALL_WEBHOOK_ALLOW_PRIVATE is not set"
                )
                continue
            connection = stack.enter_context(socket.socket(family, kind, protocol))
            stack.enter_context(self._abortable(connection))
            try:
                connection.settimeout(_left(deadline))
                connection.connect(address)
                return connection
            except OSError as error:
                failure = error
        raise failure

    @contextlib.contextmanager
    def _abortable(self, one: socket.socket) -> Iterator[None]:
        with self._lock:
            if self._stopped:
                raise DeliveryFailed("Rollcall is stopping")
            self._sockets.add(one)
        try:
            yield
        finally:
            with self._lock:
                self._sockets.discard(one)


def is_public(text: str) -> bool:
    """Return whether an address is a unicast address of the public internet."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        if address in _TRANSLATED:
            return is_public(str(ip_address(int(address) & 0xFFFF_FFFF)))
        if address.ipv4_mapped or address.sixtofour:
            return is_public(str(address.ipv4_mapped or address.sixtofour))
        if address.is_site_local or address in _LOCAL_TRANSLATED or address in _COMPATIBLE:
            return False
    return address.is_global and not address.is_multicast and address not in _PROTOCOLS


def _resolved(host: str, port: int, deadline: float) -> Sequence[Any]:
    """Resolve a name in a thread of its own, because the resolver has no time limit."""
    found: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def read_one() -> None:
        try:
            found.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, ValueError) as error:
            found.put(error)

    threading.Thread(target=read_one, name="resolver", daemon=True).start()
    try:
        answer = found.get(timeout=_left(deadline))
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(answer, Exception):
        raise answer
    addresses: Sequence[Any] = answer
    return addresses


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _Bounded:
    """A connected socket for http.client that limits each operation to the time left."""

    def __init__(self, connected: socket.socket, deadline: float) -> None:
        self._connected = connected
        self._deadline = deadline

    def sendall(self, data: Any) -> None:
        """Send everything."""
        self._connected.settimeout(_left(self._deadline))
        self._connected.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return a file of the received bytes."""
        return io.BufferedReader(_Received(self._connected, self._deadline))

    def close(self) -> None:
        """Do nothing: the ExitStack that opened the socket closes it."""


class _Received(io.RawIOBase):
    def __init__(self, connected: socket.socket, deadline: float) -> None:
        self._connected = connected
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connected.settimeout(_left(self._deadline))
        return self._connected.recv_into(buffer)
