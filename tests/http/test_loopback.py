"""Which requests count as local while documented secrets are in use."""

from __future__ import annotations

import pytest
from rollcall_server.http.loopback import is_loopback, why_not_local

LOCAL = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1:10002"}
REMOTE = "the request comes from another machine"
PROXY = "the request was forwarded by a proxy"
HOST = "the request's Host is not this machine"
ORIGIN = "the request's Origin is not this machine"
TARGET = "the request's target is not this machine"


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({}, None),
        ({"REMOTE_ADDR": "127.8.9.10"}, None),
        ({"REMOTE_ADDR": "::1"}, None),
        ({"REMOTE_ADDR": "::ffff:127.0.0.1"}, None),
        ({"REMOTE_ADDR": "10.0.0.1"}, REMOTE),
        ({"REMOTE_ADDR": "::ffff:10.0.0.1"}, REMOTE),
        ({"REMOTE_ADDR": "0.0.0.0"}, REMOTE),
        ({"REMOTE_ADDR": ""}, REMOTE),
        ({"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, PROXY),
        ({"HTTP_X_FORWARDED_HOST": "localhost"}, PROXY),
        ({"HTTP_X_FORWARDED_PROTO": "http"}, PROXY),
        ({"HTTP_X_REAL_IP": "127.0.0.1"}, PROXY),
        ({"HTTP_FORWARDED": ""}, PROXY),
        ({"HTTP_VIA": "1.1 x"}, PROXY),
        ({"HTTP_X_FORWARDED": "x"}, PROXY),
        ({"HTTP_X_FORWARDED_PORT": "80"}, PROXY),
        ({"HTTP_X_FORWARDED_SERVER": "x"}, PROXY),
        ({"HTTP_X_CLIENT_IP": "127.0.0.1"}, PROXY),
        ({"HTTP_CF_CONNECTING_IP": "127.0.0.1"}, PROXY),
        ({"HTTP_TRUE_CLIENT_IP": "127.0.0.1"}, PROXY),
        ({"HTTP_HOST": "localhost:10002"}, None),
        ({"HTTP_HOST": "LOCALHOST"}, None),
        ({"HTTP_HOST": "im.localhost:1"}, None),
        ({"HTTP_HOST": "[::1]:10002"}, None),
        ({"HTTP_HOST": None}, HOST),
        ({"HTTP_HOST": ""}, HOST),
        ({"HTTP_HOST": "evil.example:10002"}, HOST),
        ({"HTTP_HOST": "127.0.0.1.evil.example"}, HOST),
        ({"HTTP_HOST": "localhost.evil.example"}, HOST),
        ({"HTTP_HOST": "evil.example@127.0.0.1"}, None),
        ({"HTTP_HOST": "127.0.0.1@evil.example"}, HOST),
        ({"HTTP_HOST": "[::1"}, HOST),
        ({"HTTP_ORIGIN": "http://localhost:3000"}, None),
        ({"HTTP_ORIGIN": "https://127.0.0.1"}, None),
        ({"HTTP_ORIGIN": "http://[::1]:3000"}, None),
        ({"HTTP_ORIGIN": "https://evil.example"}, ORIGIN),
        ({"HTTP_ORIGIN": "null"}, ORIGIN),
        ({"HTTP_ORIGIN": ""}, ORIGIN),
        ({"HTTP_ORIGIN": "file://"}, ORIGIN),
        ({"HTTP_ORIGIN": "chrome-extension://localhost"}, ORIGIN),
        ({"HTTP_ORIGIN": "http://[bad"}, ORIGIN),
        ({"RAW_URI": "/auth/user_token?x=http://evil.example/"}, None),
        ({"RAW_URI": "//evil.example/"}, None),
        ({"RAW_URI": "*"}, None),
        ({"RAW_URI": "http://127.0.0.1:10002/x"}, None),
        ({"RAW_URI": "HTTP://LocalHost/x"}, None),
        ({"RAW_URI": "http://evil.example/"}, TARGET),
        ({"RAW_URI": "http://127.0.0.1@evil.example/"}, TARGET),
        ({"RAW_URI": "evil.example:443"}, TARGET),
        ({"RAW_URI": "http://[bad/"}, TARGET),
        ({"RAW_URI": ""}, TARGET),
    ],
)
def test_a_request_is_local_only_if_address_proxy_headers_host_target_and_origin_say_so(
    environ: dict[str, str | None], reason: str | None
) -> None:
    given = {key: value for key, value in {**LOCAL, **environ}.items() if value is not None}
    assert why_not_local(given) == reason


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("", False)],
)
def test_is_loopback_accepts_loopback_hosts_only(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
