"""What the server accepts and refuses at the start, and what it logs."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.serving.conftest import MakeServer
from tests.support.server import PATIENCE, ROOT, Server

pytestmark = pytest.mark.serving


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        (("-w", "2"), {}, "Rollcall has one worker, not 2"),
        (
            ("--statsd-host", "127.0.0.1:9"),
            {"ROLLCALL_LOG_FORMAT": "json"},
            "--statsd-host does not go with ROLLCALL_LOG_FORMAT=json",
        ),
        ((), {"WEB_CONCURRENCY": "2"}, "Rollcall has one worker, not 2"),
        (
            ("--certfile", "missing.pem"),
            {},
            "Rollcall's worker reads plain HTTP/1.1, so it does not go with --certfile and --keyfile: put",
        ),
        (("--protocol", "uwsgi"), {}, "it does not go with --protocol: put a proxy in front of it"),
        (("--proxy-protocol", "v2"), {}, "it does not go with --proxy-protocol: put a proxy in front of it"),
        (("--http2-cleartext", "upgrade"), {}, "it does not go with --http2-cleartext: put a proxy in front"),
        (
            ("-b", "0.0.0.0:0"),
            {},
            "Rollcall does not listen on 0.0.0.0:0 with the documented or short secret in",
        ),
        (("-b", "[::]:0"), {}, "Rollcall does not listen on :::0 with the documented or short secret in"),
        (("-b", "unix:/tmp/never"), {}, "Rollcall does not listen on /tmp/never with the documented"),
        (
            (),
            {"ROLLCALL_THREDS": "2"},
            "ROLLCALL_THREDS is not a Rollcall setting; did you mean ROLLCALL_THREADS",
        ),
        ((), {"ROLLCALL_THREADS": "two"}, "ROLLCALL_THREADS must be a whole number"),
        ((), {"ROLLCALL_INSTANCE": "/dev/null/x"}, "the instance folder /dev/null/x cannot be used"),
    ],
)
def test_an_invalid_configuration_is_refused_with_a_message(
    make_server: MakeServer, arguments: tuple[str, ...], settings: dict[str, str], message: str
) -> None:
    server = make_server(*arguments, **settings)
    server.launch()
    assert server.exit_status() != 0
    assert message in server.log
    assert "Traceback" not in server.log


def refusal_of(server: Server) -> str:
    """Return the line that a server logged besides gunicorn's first one."""
    (line,) = (line for line in server.log.splitlines() if line and "Starting gunicorn" not in line)
    return line


@pytest.mark.parametrize("is_option", [False, True], ids=["ROLLCALL_BIND", "-b"])
def test_a_port_in_use_is_reported_in_one_line(make_server: MakeServer, is_option: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        server = make_server("-b", address) if is_option else make_server(ROLLCALL_BIND=address)
        server.launch()
        assert server.exit_status() == 1
    assert refusal_of(server) == (
        f"Error: Rollcall cannot listen on {address} (ROLLCALL_BIND or -b): Address already in use"
    )


def test_a_port_that_does_not_exist_is_reported_in_one_line(make_server: MakeServer) -> None:
    server = make_server("-b", "127.0.0.1:99999")
    server.launch()
    assert server.exit_status() == 1
    assert refusal_of(server) == (
        "Error: Rollcall cannot listen on 127.0.0.1:99999 (ROLLCALL_BIND or -b): "
        "bind(): port must be 0-65535."
    )


def test_a_unix_socket_is_served(make_server: MakeServer, tmp_path: Path) -> None:
    address = tmp_path / "rollcall.sock"
    server = make_server(ROLLCALL_BIND=f"unix:{address}", ROLLCALL_ALLOW_DOCUMENTED_SECRETS="1")
    server.launch()
    server.wait_for(f"Rollcall speaks .* at unix:{address}")
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        client.connect(str(address))
        client.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert client.makefile("rb").readline() == b"HTTP/1.0 200 OK\r\n"


def test_documented_secrets_can_be_allowed_on_a_public_address(
    make_server: MakeServer,
) -> None:
    server = make_server("-b", "0.0.0.0:0", ROLLCALL_ALLOW_DOCUMENTED_SECRETS="1").start()
    assert "serving all machines" in server.log
    assert server.request("POST", "/auth/user_token", b"{}", {"Host": "im.example"})[0] == 400
    assert server.stop() == 0


def test_the_banner_names_the_dialects_the_address_and_the_folder(make_server: MakeServer) -> None:
    server = make_server(ROLLCALL_DIALECTS="openim_v3", ROLLCALL_OPENIM_SECRET="a-secret-of-our-own").start()
    server.wait_for("Rollcall keeps its data")
    lines = [line.split("] ")[-1] for line in server.log.splitlines() if "Rollcall" in line]
    assert lines == [
        f"Rollcall speaks openim_v3 at http://127.0.0.1:{server.port}",
        f"Rollcall keeps its data in {server.instance}",
    ]
    assert "ecret" not in server.log


def test_the_json_log_format_applies_to_gunicorns_lines_too(make_server: MakeServer) -> None:
    server = make_server(
        "--access-logfile", "-", ROLLCALL_LOG_FORMAT="json", ROLLCALL_LOG_REQUESTS="1"
    ).start()
    server.request("POST", "/auth/user_token", b"{}", {"Host": "localhost", "operationID": 'a"b'})
    server.signal(signal.SIGHUP)
    server.wait_for("(?s)(Rollcall speaks.*){2}")
    assert server.stop() == 0
    lines = [json.loads(line) for line in server.log.splitlines()]
    loggers = [line["logger"] for line in lines]
    assert set(loggers) == {"gunicorn.error", "gunicorn.access", "rollcall_server.operations.request_log"}
    assert loggers.count("rollcall_server.operations.request_log") == loggers.count("gunicorn.access") == 1
    words = [line["message"].split()[0] for line in lines if line["logger"] == "gunicorn.error"]
    assert (words.count("Starting"), words.count("Shutting"), words.count("Booting")) == (1, 1, 2)


def test_a_second_server_on_the_folder_is_refused_and_the_first_keeps_serving(
    make_server: MakeServer,
) -> None:
    first = make_server().start()
    second = make_server()
    second.launch()
    assert second.exit_status() != 0
    assert re.search(
        rf"is served by process {first.worker} already, and presence lives in one process", second.log
    )
    assert "Traceback" not in second.log
    assert first.post("/auth/user_token", {})[0] == 400


def test_a_second_worker_by_signal_is_refused_and_the_first_keeps_serving(make_server: MakeServer) -> None:
    server = make_server().start()
    worker = server.worker
    server.signal(signal.SIGTTIN)
    server.wait_for("Rollcall has one worker, not 2")
    time.sleep(0.5)
    assert server.worker == worker
    assert server.post("/auth/user_token", {})[0] == 400


_CHECKED = ("bind", "workers", "worker_class", "threads", "graceful_timeout", "accesslog")


def test_gunicorn_loads_the_projects_settings_by_default() -> None:
    command = [sys.executable, "-m", "gunicorn", "--print-config", "wsgi:app"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE).stdout
    found = dict(re.findall(r"^(\w+)\s+= (.*)$", printed, re.M))
    assert {name: found[name] for name in _CHECKED} == {
        "bind": "['127.0.0.1:10002']",
        "workers": "1",
        "worker_class": "rollcall_server.serving.worker.Worker",
        "threads": "64",
        "graceful_timeout": "14",
        "accesslog": "None",
    }
    assert found.get("control_socket_disable") == "True"
