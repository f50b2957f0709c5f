"""Which addresses HttpClient may send to, and how its requests time out and stop."""

from __future__ import annotations

import socket
import threading
import time

import pytest
from rollcall_server.webhooks.http_client import DeliveryFailed, HttpClient, is_public

from tests.support.sink import Sink, silent


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "fec0::1",
        "64:ff9b:1::7f00:1",
        "::127.0.0.1",
        "192.0.0.8",
    ],
)
def test_local_and_reserved_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_any_other_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0x7f.1", "2130706433"])
def test_a_private_address_is_refused_unless_allowed(sink: Sink, host: str) -> None:
    url = f"http://{host}:{sink.port}/"
    with pytest.raises(DeliveryFailed, match="private, and ROLLCALL_WEBHOOK_ALLOW_PRIVATE is not set"):
        HttpClient(allow_private=False).post(url, {}, b"{}", 5)
    assert sink.received == []
    if host == "127.0.0.1":
        assert HttpClient(allow_private=True).post(url, {}, b"{}", 5).status == 200


def test_an_unknown_host_name_fails() -> None:
    with pytest.raises(DeliveryFailed):
        HttpClient(allow_private=True).post("http://nobody.invalid/", {}, b"", 5)


def test_stop_aborts_the_current_request_and_refuses_new_ones(sink: Sink) -> None:
    sink.behave = silent
    http = HttpClient(allow_private=True)
    failures: list[str] = []

    def post() -> None:
        try:
            http.post(sink.url, {}, b"{}", 15)
        except DeliveryFailed as error:
            failures.append(str(error))

    thread = threading.Thread(target=post)
    begun = time.monotonic()
    thread.start()
    sink.wait_for(1)
    http.stop()
    thread.join(10)
    assert time.monotonic() - begun < 5
    assert len(failures) == 1
    with pytest.raises(DeliveryFailed, match="Rollcall is stopping"):
        http.post(sink.url, {}, b"{}", 5)


def test_connecting_to_a_full_backlog_times_out() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        others = [socket.socket() for _ in range(4)]
        for each in others:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        begun = time.monotonic()
        with pytest.raises(DeliveryFailed):
            HttpClient(allow_private=True).post(f"http://127.0.0.1:{full.getsockname()[1]}/", {}, b"", 0.5)
        assert time.monotonic() - begun < 3
        for each in others:
            each.close()


def test_https_to_a_server_without_tls_fails(sink: Sink) -> None:
    with pytest.raises(DeliveryFailed, match="SSLError"):
        HttpClient(allow_private=True).post(sink.url.replace("http:", "https:"), {}, b"{}", 2)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_stop_aborts_a_request_or_a_handshake_without_an_answer(scheme: str) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen(1)
        http = HttpClient(allow_private=True)
        failures: list[str] = []

        def post() -> None:
            try:
                http.post(f"{scheme}://127.0.0.1:{mute.getsockname()[1]}/", {}, b"{}", 15)
            except DeliveryFailed as error:
                failures.append(str(error))

        thread = threading.Thread(target=post)
        thread.start()
        accepted, _ = mute.accept()
        with accepted:
            accepted.recv(1)
            http.stop()
            thread.join(5)
        assert not thread.is_alive()
        assert len(failures) == 1


def test_a_slow_name_lookup_counts_against_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **more: time.sleep(3) or [])
    begun = time.monotonic()
    with pytest.raises(DeliveryFailed, match="no answer within 0.2 s"):
        HttpClient(allow_private=True).post("http://example.com/", {}, b"", 0.2)
    assert time.monotonic() - begun < 2
