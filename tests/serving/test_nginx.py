"""The example configuration of nginx, in front of a real server."""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rollcall_server.domain.auth_throttle import BURST

from tests.serving.conftest import MakeServer
from tests.support.server import PATIENCE, ROOT

pytestmark = [
    pytest.mark.serving,
    pytest.mark.skipif(shutil.which("nginx") is None, reason="needs nginx"),
]

#: Sends a POST from an address to a path, with a body and an X-Forwarded-For; returns status and body.
Post = Callable[[str, str, object, str], tuple[int, bytes]]

SECRET = "a-secret-of-our-own"
SETTINGS = {
    "ROLLCALL_DIALECTS": "openim_v3",
    "ROLLCALL_OPENIM_SECRET": SECRET,
    "ROLLCALL_TRUSTED_PROXIES": "1",
}
#: Requests that the example lets an address send at once, besides the first.
NGINX_BURST = 100


def write_main_file(folder: Path, port: int, upstream: int) -> Path:
    """Include the example with other ports, and with a limit that is not refilled during a test."""
    example = (ROOT / "deploy" / "nginx.conf").read_text()
    for old, new in (
        ("    server 127.0.0.1:10002;", f"    server 127.0.0.1:{upstream};"),
        ("listen 8080;", f"listen 127.0.0.1:{port};"),
        ("rate=50r/s", "rate=1r/m"),
    ):
        assert example.count(old) == 1
        example = example.replace(old, new)
    (folder / "rollcall.conf").write_text(example)
    names = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = " ".join(f"{name}_temp_path {folder / name};" for name in names)
    main = folder / "nginx.conf"
    main.write_text(
        f"daemon off; master_process off; pid {folder / 'pid'}; error_log {folder / 'error.log'};\n"
        f"events {{}}\nhttp {{ access_log off; {paths} include {folder / 'rollcall.conf'}; }}\n"
    )
    return main


@pytest.fixture(name="post")
def _post(make_server: MakeServer, tmp_path: Path) -> Iterator[Post]:
    """Run Rollcall with nginx in front of it."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    main = write_main_file(tmp_path, port, make_server(**SETTINGS).start().port)
    command = ["nginx", "-p", str(tmp_path), "-e", str(tmp_path / "error.log"), "-c", str(main)]
    subprocess.run([*command, "-t"], check=True, capture_output=True, timeout=PATIENCE)

    def post(source: str, path: str, body: object, forwarded: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port, PATIENCE, source_address=(source, 0))
        with contextlib.closing(connection):
            headers = {"operationID": "1", "X-Forwarded-For": forwarded}
            connection.request("POST", path, json.dumps(body), headers)
            response = connection.getresponse()
            return response.status, response.read()

    process = subprocess.Popen(command)
    try:
        wait_for(port)
        yield post
    finally:
        process.terminate()
        process.wait(PATIENCE)


def wait_for(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), PATIENCE).close()
            return
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_the_example_limits_the_requests_of_each_address(post: Post) -> None:
    statuses = [post("127.0.0.2", "/nothing", {}, f"192.0.2.{i}")[0] for i in range(NGINX_BURST + 2)]
    assert statuses == [404] * (NGINX_BURST + 1) + [429]
    assert post("127.0.0.3", "/nothing", {}, "192.0.2.1")[0] == 404


def test_wrong_secrets_are_throttled_by_the_address_that_the_example_passes_on(post: Post) -> None:
    def refusal(source: str, secret: str, forwarded: str) -> str:
        body = {"secret": secret, "platformID": 1, "userID": "imAdmin"}
        answer = json.loads(post(source, "/v3.8/auth/get_admin_token", body, forwarded)[1])
        return str(answer["errDlt"])

    refusals = {refusal("127.0.0.2", "a-wrong-secret", f"192.0.2.{i}") for i in range(2 * BURST)}
    too_many = "too many wrong secrets from this address, wait before the next one"
    assert refusals == {"secret invalid", too_many}
    assert refusal("127.0.0.3", SECRET, "192.0.2.1") == ""


@pytest.mark.parametrize(
    "path", ["/_rollcall/reset", "//_rollcall/reset", "/%5Frollcall/reset", "/x/../_rollcall/reset", "/"]
)
def test_the_example_keeps_the_control_api_from_others(post: Post, path: str) -> None:
    status, answer = post("127.0.0.2", path, {}, "192.0.2.1")
    assert (status, b"nginx" in answer) == (404, True)
    # nginx passes these on, and Rollcall has nothing there.
    for base in ("/v3", "/api"):
        status, answer = post("127.0.0.2", base + "/_rollcall/reset", {}, "192.0.2.1")
        assert (status, json.loads(answer)["type"]) == (404, "urn:rollcall:path-not-found")
